const spy = {
  get() {
    throw (window.RAN = 1);
  },
  configurable: true,
};
const e = Error("five");
for (const k of ["message", "name", "toString"]) Object.defineProperty(e, k, spy);
const p = new Proxy(
  {},
  {
    get() {
      window.RAN = 1;
    },
    ownKeys() {
      window.RAN = 1;
      return [];
    },
    getPrototypeOf() {
      window.RAN = 1;
      return null;
    },
  },
);
for (const r of [
  Error("one"),
  new TypeError("two"),
  new DOMException("three", "AbortError"),
  new (class Mine extends Error {})("four"),
  e,
  { a: 1 },
  p,
  null,
  "text",
  Symbol("s"),
])
  Promise.reject(r);
setTimeout(() => console.error("ran", window.RAN), 50);
