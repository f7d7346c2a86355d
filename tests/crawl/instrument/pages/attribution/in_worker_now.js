// case: called
B(k)();

// case: map
[1].map(B(k));

// case: an event
{
  const t = new EventTarget();
  t.addEventListener("k", B(k));
  t.dispatchEvent(new Event("k"));
}

// case: a getter
Object.defineProperty({}, "x", { get: B(k) }).x;

// case: 300 natives
{
  let c = [fetch, self, [k]];
  for (let i = 0; i < 300; i++) c = [Reflect.apply, null, c];
  Reflect.apply(...c);
}
