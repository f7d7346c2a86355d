const { getOwnPropertyNames, getOwnPropertyDescriptor, defineProperty, entries } = Object;
for (const [n, o] of entries({
  JSON,
  Array: Array.prototype,
  Map: Map.prototype,
  Function: Function.prototype,
  String: String.prototype,
  Date,
  Reflect,
  Object,
  RegExp: RegExp.prototype,
  Set: Set.prototype,
  Math,
}))
  for (const k of getOwnPropertyNames(o)) {
    if (k === "constructor") continue;
    const d = getOwnPropertyDescriptor(o, k);
    if (typeof d.value === "function" && d.configurable)
      defineProperty(o, k, {
        ...d,
        value() {
          self.SPIED = 1;
          return d.value;
        },
      });
  }
for (const k of ["get", "set", "return", "value", "0", "then", "n", "time", "symbol", "caller"])
  defineProperty(Object.prototype, k, {
    __proto__: null,
    set() {
      self.SPIED = 1;
    },
    get() {
      self.SPIED = 1;
    },
    configurable: true,
  });
self.Error = self.Date = class {
  constructor() {
    self.SPIED = 1;
  }
};
navigator.platform;
if (self.SPIED) navigator.platform;
