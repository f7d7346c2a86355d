const P = Promise.resolve(),
  C = Reflect.construct;

P.then(eval.bind(null, "1"));
eval("2");
["3"].map(eval);

setTimeout(setTimeout.bind(null, "4"));
setTimeout("5");

setTimeout(C.bind(null, Function, ["6"]));
new Function("7");

setTimeout(C.bind(null, WebSocket, ["{SOCKET}/8"]));
new WebSocket("{SOCKET}/9");

setTimeout(C.bind(null, Worker, ["data:text/javascript,10"]));
new Worker("data:text/javascript,11");

setTimeout(C.bind(null, EventSource, ["/marked-stream"]));
new EventSource("/marked-moved");
new EventSource("/marked-moved");

{
  let c = [C, null, [Worker, ["data:text/javascript,12"]]];
  for (let i = 0; i < 200; i++) c = [Reflect.apply, null, c];
  Reflect.apply(...c);
}

setTimeout(Reflect.set.bind(null, location, "href", "javascript:void 13"));
setTimeout(() => {
  location = "javascript:void 14;void(window.D=1)";
}, 200);
