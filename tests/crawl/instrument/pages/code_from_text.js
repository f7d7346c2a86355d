eval("1");
Function("a", "return a");
(async () => {}).constructor("2");
(function* () {}).constructor("3");
setTimeout("4");
class Mine extends WebSocket {} // its constructor is where the class is
new Mine("ws://127.0.0.1:{PORT}/one?a=b");
new WebSocket("ws://localhost:{PORT}/two");
new WebSocket("wss://no-such-host.invalid/");
try { new WebSocket("gopher://x/") } catch {}
const make = () => new Worker("/made-worker.js");
make(); new Worker("gopher://x/"); try { new Worker("http://[") } catch {} // it comes to nothing
class Hers extends Worker {}
new Hers("data:text/javascript,1"); try { Worker() } catch { window.D = 1 }
class Ours extends EventSource {}
new Ours("/made-stream"); // which ends, and is asked for again
new EventSource("http://localhost:{PORT}/no-such-stream").close();
try { new EventSource("http://[") } catch {} fetch("/made-stream");
