for (const k of [
  "get",
  "set",
  "value",
  "n",
  "t",
  "s",
  "o",
  "a",
  "v",
  "f",
  "k",
  "0",
  "1",
  "time",
  "symbol",
  "operation",
  "arguments",
  "caller",
  "labels",
  "stack",
  "length2",
  "then",
  "calls",
  "frame",
  "enumerable",
  "configurable",
  "writable",
  "defineAs",
  "toJSON",
  "construct",
])
  Object.defineProperty(Object.prototype, k, {
    __proto__: null,
    set() {
      window.TOUCHED = k;
    },
    get() {
      window.TOUCHED = k;
      return undefined;
    },
    configurable: true,
  });
navigator.oscpu;
for (const k of ["get", "set", "value", "writable", "enumerable", "configurable"]) delete Object.prototype[k];
document.cookie = "spy" + (window.TOUCHED ? TOUCHED : 0);
