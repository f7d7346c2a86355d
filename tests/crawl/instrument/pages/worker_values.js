const p = new MessageChannel().port1,
  c = {};
c.c = c;
const say = (x) => {
  try {
    p.postMessage(x);
  } catch {}
};
say({
  a: 1n,
  b: null,
  c: [undefined],
  get d() {
    navigator.platform;
  },
});
say(c);
say(
  new Proxy(
    { a: 1 },
    {
      ownKeys() {
        navigator.platform;
        return [];
      },
    },
  ),
);
say("\ud800 \0 '\"");
say("y".repeat(3e5));
say(Symbol("s"));
say([new Date(0), () => 1]);
say(new Uint8Array(2));
WebAssembly.validate(new Uint8Array([0, 97, 115, 109]).subarray(1));
