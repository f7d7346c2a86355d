// case: many
new Promise((r) => {
  let n = 0;
  window.sockets = Array.from({ length: 220 }, (_, i) => {
    const it = new WebSocket(`wss://s${i}.else.example/`);
    it.onopen = () => ++n === 200 && r(n);
    return it;
  });
});

// case: one
new Promise((r) => {
  const it = new WebSocket("wss://else.example/");
  it.onopen = () => r("open");
  setTimeout(r, 9000, "waits");
});
