// Run by Node: a server of HTTP/2 with WebSockets (RFC 8441). It prints its port, and answers each frame with "two".
const { createSecureServer } = require("node:http2");
const tls = require("node:fs").readFileSync("{CERTIFICATE}");
const server = createSecureServer({ key: tls, cert: tls, settings: { enableConnectProtocol: true } });

const PAGE = `<!doctype html><script>
  const S = new WebSocket("wss://" + location.host + "/socket");
  S.onopen = () => S.send("one");
  S.onmessage = ({ data }) => (window.D = data);
</script>`;

server.on("stream", (stream, headers) => {
  stream.respond({ ":status": 200, "content-type": "text/html" });
  if (headers[":method"] !== "CONNECT") stream.end(PAGE);
  else stream.on("data", () => stream.write(Buffer.from("\x81\x03two", "latin1")));
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
