const send = (path) => fetch(`/sent/${path}`, { method: "POST", body: `of ${path}` }).then((answer) => answer.text());
if (self.onconnect === null) {
  self.onconnect = ({ ports: [port] }) => send("shared-worker").then(() => port.postMessage(1));
} else if (location.hash === "#nest") {
  const inner = new Worker("worker.js");
  inner.onmessage = () => send("worker").then(() => postMessage(1));
} else {
  send("nested-worker").then(() => postMessage(1));
}
