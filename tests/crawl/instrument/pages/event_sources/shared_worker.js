onconnect = ({ ports: [port] }) => {
  const source = new EventSource("{PATH}");
  source.addEventListener("message", ({ data }) => data === "{LAST}" && port.postMessage(source.close()));
};
