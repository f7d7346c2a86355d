window.SPY = [];
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
  WeakMap: WeakMap.prototype,
  Promise: Promise.prototype,
  EventTarget: EventTarget.prototype,
}))
  for (const k of getOwnPropertyNames(o)) {
    if (k === "constructor") continue;
    const d = getOwnPropertyDescriptor(o, k);
    if (typeof d.value === "function" && d.configurable) {
      const old = d.value;
      defineProperty(o, k, {
        ...d,
        value() {
          SPY[SPY.length] = n + k;
          return old;
        },
      });
    }
  }
window.Error = class {
  constructor() {
    SPY[SPY.length] = "Error";
  }
};
window.Date = function () {
  SPY[SPY.length] = "Date";
};
navigator.oscpu;
document.cookie = "spy" + SPY.length;
