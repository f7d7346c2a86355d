// case: an error
new Promise((r) => {
  const w = new Worker("data:text/javascript,%0Athrow new RangeError(7)");
  w.onerror = (e) => r([e.message, e.lineno, e.colno].join());
});

// case: an error of a native
new Promise((r) => {
  const w = new Worker("data:text/javascript,new OffscreenCanvas(1)");
  w.onerror = (e) => r([e.message, e.lineno, e.colno].join());
});

// case: no such script
new Promise((r) => {
  const w = new Worker("/none.js");
  w.onerror = (e) => r(e.type + e.message);
});

// case: wrong syntax
new Promise((r) => {
  const w = new Worker("data:text/javascript,(");
  w.onerror = (e) => r(e.type + e.message);
});

// case: messages with ports
new Promise((r) => {
  const w = new Worker("data:text/javascript,onmessage=e=>e.ports[0].postMessage(e.data.byteLength)");
  const c = new MessageChannel();
  c.port1.onmessage = (e) => r(e.data);
  const b = new ArrayBuffer(8);
  w.postMessage(b, [b, c.port2]);
});

// case: a shared worker is one
new Promise((r) => {
  const u = "data:text/javascript,let n=0;onconnect=e=>e.ports[0].postMessage(++n)";
  const l = [];
  const go = () => {
    const w = new SharedWorker(u);
    w.port.onmessage = (e) => {
      l.push(e.data);
      if (l.length < 3) go();
      else r(l.join());
    };
  };
  go();
});
