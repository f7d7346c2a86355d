// case: then
P.then(f);

// case: catch
Promise.reject(1).catch(f);

// case: finally
P.finally(f);

// case: a function of a bound one
P.then(Function.prototype.call.bind(f));

// case: bound twice
P.then(f.bind(1).bind(2));

// case: a thenable
Promise.resolve({ then: f });

// case: await of a thenable
(async () => {
  await { then: f };
})();

// case: queueMicrotask
queueMicrotask(f);

// case: setTimeout
setTimeout(f);

// case: setTimeout in setTimeout
setTimeout(setTimeout.bind(window, f));

// case: setInterval
{
  const i = setInterval(f, 20);
  setTimeout(() => clearInterval(i), 30);
}

// case: requestAnimationFrame
requestAnimationFrame(f);

// case: requestIdleCallback
requestIdleCallback(f);

// case: a task of a priority
scheduler.postTask(f);

// case: a message of a port
{
  const c = new MessageChannel();
  c.port1.onmessage = f;
  c.port2.postMessage(1);
}

// case: a listener of a port
{
  const c = new MessageChannel();
  c.port1.addEventListener("message", f);
  c.port1.start();
  c.port2.postMessage(1);
}

// case: a channel
{
  const c = new BroadcastChannel(k + typeof f.prototype);
  c.onmessage = f;
  new BroadcastChannel(c.name).postMessage(1);
}

// case: a listener
{
  const i = new Image();
  i.addEventListener("error", f);
  i.src = "/none.png";
}

// case: an object that listens
{
  const i = new Image();
  i.addEventListener("error", { handleEvent: f });
  i.src = "/none.png";
}

// case: a handler
{
  const i = new Image();
  i.onerror = f;
  i.src = "/none.png";
}

// case: a script's handler
{
  const s = make("script");
  s.onload = f;
  s.src = "/attribution-empty.js";
  document.head.append(s);
}

// case: a listener of the window
addEventListener("message", f, { once: true });
if (f.prototype) postMessage(1, "*");

// case: a request
{
  const x = new XMLHttpRequest();
  x.onload = f;
  x.open("GET", "/attribution-empty.js");
  x.send();
}

// case: an answer
fetch("/attribution-empty.js").then(f);

// case: a database
indexedDB.open("db").onsuccess = f;

// case: a signal that times out
AbortSignal.timeout(5).onabort = f;

// case: MutationObserver
{
  const e = make("p");
  new MutationObserver(f).observe(e, { attributes: true });
  e.id = "x";
}

// case: IntersectionObserver
{
  const e = make("p");
  document.body.append(e);
  new IntersectionObserver(f).observe(e);
}

// case: ResizeObserver
{
  const e = make("p");
  document.body.append(e);
  new ResizeObserver(f).observe(e);
}

// case: PerformanceObserver
{
  new PerformanceObserver(f).observe({ type: "mark" });
  performance.mark("x");
}

// case: an animation
document.body.animate([], 1).onfinish = f;

// case: a canvas
make("canvas").toBlob(f);

// case: a lock
navigator.locks.request(k + typeof f.prototype, f);

// case: a stream that is read
new ReadableStream({ pull: f }).getReader();

// case: FinalizationRegistry
{
  const r = new FinalizationRegistry(f);
  (window.R ??= []).push(r);
  r.register({}, k);
}
