const at = "127.0.0.1:{PORT}";
const got = [];
Promise.allSettled(
  ["/", "/session", "/json/version"]
    .map(async (path) => {
      got.push(
        "read " + (await (await fetch("http://" + at + path, { signal: AbortSignal.timeout(5000) })).text()),
      );
    })
    .concat(
      ["", "/session"].map(
        (path) =>
          new Promise((end) => {
            const it = new WebSocket("ws://" + at + path);
            it.onopen = () => {
              got.push("open" + path);
              it.send(JSON.stringify({ id: 1, method: "session.status", params: {} }));
            };
            it.onmessage = (e) => got.push(e.data);
            it.onclose = end;
            setTimeout(end, 5000);
          }),
      ),
    ),
).then(() => (window.D = 1));
