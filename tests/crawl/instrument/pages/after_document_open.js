eval("2");
setTimeout(() => {
  throw Error("three");
});
Promise.reject(Error("four"));
new WebSocket("ws://127.0.0.1:{WEB_PORT}/five");
setTimeout(() => (window.D = 1), 100);
