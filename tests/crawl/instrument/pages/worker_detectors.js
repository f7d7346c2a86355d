// case: a report-only policy that blob: workers inherit
new Promise((r) => {
  addEventListener("securitypolicyviolation", () => r(true));
  eval("1");
  new Function("1");
  setTimeout("1");
  setTimeout(() => r(false), 300);
});

// case: a frame more in a stack
new Error().stack.split("\n").filter((x) => x).length !== 1;

// case: a frame in the stack of a native's error
(() => {
  try {
    new OffscreenCanvas(1, 1).getContext("2d").drawImage({}, 0, 0);
  } catch (e) {
    return /resource:|moz-ext/.test(e.stack) || e.stack.split("\n").filter((x) => x).length !== 2;
  }
})();

// case: a frame in the stack of a getter's error
(() => {
  try {
    Object.getOwnPropertyDescriptor(WorkerNavigator.prototype, "platform").get.call({});
  } catch (e) {
    return (
      e.stack.split("\n").filter((x) => x).length !== 2 ||
      e.message !== "'get platform' called on an object that does not implement interface WorkerNavigator."
    );
  }
  return true;
})();

// case: a frame in the stack inside a callback
(() => {
  let s = "";
  const o = {
    toString() {
      s = new Error().stack;
      return "2d";
    },
  };
  new OffscreenCanvas(1, 1).getContext(o);
  return s.split("\n").filter((x) => x).length !== 3;
})();

// case: a frame in the stack inside a setter's conversion
(() => {
  let s = "";
  const x = new OffscreenCanvas(1, 1).getContext("2d");
  x.font = {
    toString() {
      s = new Error().stack;
      return "1px serif";
    },
  };
  return s.split("\n").filter((x) => x).length !== 3;
})();

// case: what began a callback in its stack
Promise.all([
  new Promise((r) => setTimeout(() => r(new Error().stack))),
  Promise.resolve().then(() => new Error().stack),
  new Promise((r) => {
    const c = new MessageChannel();
    c.port1.onmessage = () => r(new Error().stack);
    c.port2.postMessage(1);
  }),
  (async () => {
    await 1;
    return new Error().stack;
  })(),
]).then((a) => a.some((s) => s.includes("*") || s.split("\n").filter((x) => x).length !== 1));

// case: toString
String(Object.getOwnPropertyDescriptor(WorkerNavigator.prototype, "platform").get) !==
  "function platform() {\n    [native code]\n}";

// case: name, length and keys
Object.getOwnPropertyDescriptor(WorkerNavigator.prototype, "platform").get.name !== "get platform" ||
  Object.getOwnPropertyDescriptor(WorkerNavigator.prototype, "platform").get.length !== 0 ||
  Reflect.ownKeys(Object.getOwnPropertyDescriptor(WorkerNavigator.prototype, "platform").get)
    .sort()
    .join() !== "length,name";

// case: prototype chain cycle
(() => {
  try {
    const g = Object.getOwnPropertyDescriptor(WorkerNavigator.prototype, "platform").get;
    Object.setPrototypeOf(g, Object.create(g));
  } catch (e) {
    return !/cycle/.test(e.message);
  }
  return true;
})();

// case: a function that cannot be cloned
(() => {
  try {
    structuredClone(Object.getOwnPropertyDescriptor(WorkerNavigator.prototype, "platform").get);
  } catch (e) {
    return !/^Function|could not be cloned/.test(e.message) || /Proxy/.test(e.message);
  }
  return true;
})();

// case: caller
(() => {
  try {
    return Object.getOwnPropertyDescriptor(WorkerNavigator.prototype, "platform").get.caller !== undefined;
  } catch (e) {
    return !(e instanceof TypeError);
  }
})();

// case: a setter's side effect twice
(() => {
  let n = 0;
  new OffscreenCanvas(1, 1).getContext("2d").font = {
    toString() {
      n++;
      return "x";
    },
  };
  return n !== 1;
})();

// case: a method's side effect twice
(() => {
  let n = 0;
  new OffscreenCanvas(1, 1).getContext({
    toString() {
      n++;
      return "2d";
    },
  });
  return n !== 1;
})();

// case: a new object at each read
navigator !== navigator || performance !== performance || caches !== caches || indexedDB !== indexedDB;

// case: a global
Object.getOwnPropertyNames(self).some((n) => /debug|overscripted|instrument|setImmediate|dump/i.test(n));

// case: a resource of the browser
performance.getEntries().some((e) => /resource:|moz-ext/.test(e.name));

// case: an event
(() => {
  let n = 0;
  const d = EventTarget.prototype.dispatchEvent;
  EventTarget.prototype.dispatchEvent = function () {
    n++;
  };
  navigator.platform;
  EventTarget.prototype.dispatchEvent = d;
  return n > 0;
})();
