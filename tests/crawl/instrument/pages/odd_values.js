document.cookie = "x=" + "y".repeat(3e5);
navigator.sendBeacon("/b", "\ud800 \0 '\"");
const c = {};
c.c = c;
navigator.sendBeacon("/b", c);
const p = new MessageChannel().port1;
p.postMessage({
  a: 1n,
  b: null,
  c: [undefined],
  get d() {
    window.RAN = 1;
  },
});
try {
  p.postMessage(document.body);
} catch {}
