// case: called
f();

// case: called by Reflect
Reflect.apply(f, null, []);

// case: an event that is dispatched
{
  const t = new EventTarget();
  t.addEventListener("k", f);
  t.dispatchEvent(event("k"));
}

// case: an event of the window
addEventListener(k, f, { once: true });
dispatchEvent(event(k));

// case: an object that hears an event
{
  const t = new EventTarget();
  t.addEventListener("k", { handleEvent: f });
  t.dispatchEvent(event("k"));
}

// case: a click
{
  const b = make("b");
  b.onclick = f;
  b.click();
}

// case: a custom element
{
  const n = "x-" + Math.random().toString(36).slice(2);
  class C extends HTMLElement {}
  C.prototype.connectedCallback = f;
  customElements.define(n, C);
  document.body.append(make(n));
}

// case: a frame's load
{
  const i = make("iframe");
  i.onload = f;
  document.body.append(i);
}

// case: a signal
{
  const a = new AbortController();
  a.signal.onabort = f;
  a.abort();
}

// case: a promise's own
new Promise(f);

// case: a stream's own
try {
  new ReadableStream({ start: f });
} catch {}

// case: map
[1].map(f);

// case: sort
[1, 2].sort(f);

// case: Array.from
Array.from([1], f);

// case: forEach of nodes
document.querySelectorAll("body").forEach(f);

// case: replace
"x".replace("x", f);

// case: a trap
new Proxy({}, { get: f }).x;

// case: a getter
Object.defineProperty({}, "x", { get: f }).x;

// case: a getter by Reflect
Reflect.get(Object.defineProperty({}, "x", { get: f }), "x");

// case: a setter
Object.defineProperty({}, "x", { set: f }).x = 1;

// case: toJSON
JSON.stringify({ toJSON: f });

// case: toString
try {
  String({ toString: f });
} catch {}

// case: toString for the page
try {
  document.title = { toString: f };
} catch {}

// case: Symbol.toPrimitive
try {
  `${{ [Symbol.toPrimitive]: f }}`;
} catch {}

// case: Symbol.hasInstance
1 instanceof { [Symbol.hasInstance]: f };

// case: an iterator
try {
  [...{ [Symbol.iterator]: f }];
} catch {}

// case: a getter of a clone
structuredClone(Object.defineProperty({}, "x", { get: f, enumerable: true }));

// case: a filter of nodes
document.createTreeWalker(document.head, 1, f).nextNode();

// case: a generator
[
  ...(function* () {
    yield f();
  })(),
];

// case: an async function that waited
(async () => {
  await 1;
  f();
})();

// case: 300 natives
{
  let c = [f, null, []];
  for (let i = 0; i < 300; i++) c = [Reflect.apply, null, c];
  Reflect.apply(...c);
}

// case: 100 events
{
  let g = f;
  for (let i = 0; i < 100; i++) {
    const t = new EventTarget();
    t.addEventListener("k", g);
    g = t.dispatchEvent.bind(t, event("k"));
  }
  g();
}
