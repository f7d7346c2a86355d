// case: then
P.then(B(k));

// case: bound twice
P.then(B(k).bind(1));

// case: a thenable
Promise.resolve({ then: B(k) });

// case: queueMicrotask
queueMicrotask(B(k));

// case: setTimeout
setTimeout(B(k));

// case: setInterval
{
  const i = setInterval(B(k), 20);
  setTimeout(() => clearInterval(i), 30);
}

// case: requestAnimationFrame
requestAnimationFrame(B(k));

// case: a message of a port
{
  const c = new MessageChannel();
  c.port1.onmessage = B(k);
  c.port2.postMessage(1);
}

// case: a listener
{
  const c = new MessageChannel();
  c.port1.addEventListener("message", B(k));
  c.port1.start();
  c.port2.postMessage(1);
}

// case: an object that listens
{
  const c = new MessageChannel();
  c.port1.addEventListener("message", { handleEvent: B(k) });
  c.port1.start();
  c.port2.postMessage(1);
}

// case: a channel
{
  const c = new BroadcastChannel("x");
  c.onmessage = B(k);
  new BroadcastChannel("x").postMessage(1);
}

// case: PerformanceObserver
{
  new PerformanceObserver(B(k)).observe({ type: "mark" });
  performance.mark("x");
}

// case: a lock
navigator.locks.request("x", B(k));

// case: a stream that is read
new ReadableStream({ pull: B(k) }).getReader();
