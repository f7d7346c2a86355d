const T = Symbol.toStringTag,
  get = () => {
    RAN = 1;
    return 1;
  },
  has = (o, n) => Object.defineProperty(o, n, { enumerable: true, get });
navigator.sendBeacon("/b", has({ [T]: "Array", a: 1 }, "length"));
navigator.sendBeacon("/b", { [T]: "Window", a: 2 });
navigator.sendBeacon("/b", has({ [T]: "Date" }, "toJSON"));
navigator.sendBeacon("/b", Object.assign([3], { [T]: "Object" }));
try {
  WebAssembly.validate(has({ [T]: "Uint8Array" }, "length"));
} catch {}
navigator.sendBeacon("/b", document.all);
navigator.sendBeacon("/b", globalThis.RAN);
