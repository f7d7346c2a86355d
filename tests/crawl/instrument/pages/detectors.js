// case: navigator.webdriver is true
navigator.webdriver !== false;

// case: webdriver is missing
!("webdriver" in navigator);

// case: webdriver is of the instance
navigator.hasOwnProperty("webdriver");

// case: webdriver in an iframe
(() => {
  const f = document.createElement("iframe");
  document.body.append(f);
  const v = f.contentWindow.navigator.webdriver;
  f.remove();
  return v !== false;
})();

// case: webdriver's getter on another object answers
thrown(() => {
  Object.getOwnPropertyDescriptor(Navigator.prototype, "webdriver").get.call({});
}) !== "TypeError: 'get webdriver' called on an object that does not implement interface Navigator.";

// case: names that OpenWPM leaves
"getPropertyDescriptor" in Object ||
  "getPropertyNames" in Object ||
  "rsplit" in String.prototype ||
  "getInstrumentJS" in window ||
  "jsInstruments" in window ||
  "instrumentFingerprintingApis" in window;

// case: toString shows code
!/^function userAgent\(\) \{\s+\[native code\]\s+\}$/.test(
  Object.getOwnPropertyDescriptor(Navigator.prototype, "userAgent").get,
);

// case: toString of another realm shows code
(() => {
  const f = document.createElement("iframe");
  document.body.append(f);
  const t = f.contentWindow.Function.prototype.toString.call(HTMLCanvasElement.prototype.toDataURL);
  f.remove();
  return !t.startsWith("function toDataURL() {") || !t.includes("[native code]");
})();

// case: toString's own toString
!("" + Function.prototype.toString.toString).includes("[native code]");

// case: name
Object.getOwnPropertyDescriptor(Navigator.prototype, "userAgent").get.name !== "get userAgent" ||
  HTMLCanvasElement.prototype.toDataURL.name !== "toDataURL";

// case: length
Object.getOwnPropertyDescriptor(Navigator.prototype, "userAgent").get.length !== 0 ||
  HTMLCanvasElement.prototype.toDataURL.length !== 0 ||
  document.appendChild.length !== 1 ||
  CanvasRenderingContext2D.prototype.fillText.length !== 3;

// case: own properties
Reflect.ownKeys(HTMLCanvasElement.prototype.toDataURL).sort().join() !== "length,name";

// case: a prototype
"prototype" in HTMLCanvasElement.prototype.toDataURL ||
  HTMLCanvasElement.prototype.toDataURL.hasOwnProperty("arguments") ||
  HTMLCanvasElement.prototype.toDataURL.hasOwnProperty("caller");

// case: constructible
thrown(() => {
  new HTMLCanvasElement.prototype.toDataURL();
}) !== "TypeError: HTMLCanvasElement.prototype.toDataURL is not a constructor";

// case: constructible as new.target
thrown(() => {
  Reflect.construct(Object, [], HTMLCanvasElement.prototype.toDataURL);
}) === "";

// case: extends
!thrown(() => {
  class A extends HTMLCanvasElement.prototype.toDataURL {}
}).includes("not a constructor");

// case: instanceof
!(HTMLCanvasElement.prototype.toDataURL instanceof Function) ||
  Object.getPrototypeOf(HTMLCanvasElement.prototype.toDataURL) !== Function.prototype;

// case: instanceof with itself
thrown(() => {
  ({}) instanceof HTMLCanvasElement.prototype.toDataURL;
}) !== "TypeError: 'prototype' property of HTMLCanvasElement.prototype.toDataURL is not an object";

// case: prototype chain cycle
!thrown(() => {
  Object.setPrototypeOf(
    HTMLCanvasElement.prototype.toDataURL,
    Object.create(HTMLCanvasElement.prototype.toDataURL),
  );
}).includes("cycle");

// case: Object.create of it
!thrown(() => {
  Object.create(HTMLCanvasElement.prototype.toDataURL).toString();
}).startsWith("TypeError");

// case: getters on the instance
Object.getOwnPropertyNames(navigator).length > 0 ||
  Object.getOwnPropertyNames(screen).length > 0 ||
  document.hasOwnProperty("cookie");

// case: descriptor of a getter
(() => {
  const d = Object.getOwnPropertyDescriptor(Navigator.prototype, "userAgent");
  return (
    !d.configurable ||
    !d.enumerable ||
    d.set !== undefined ||
    Object.keys(d).join() !== "get,set,enumerable,configurable"
  );
})();

// case: descriptor of a method
(() => {
  const d = Object.getOwnPropertyDescriptor(HTMLCanvasElement.prototype, "toDataURL");
  return !d.configurable || !d.enumerable || !d.writable;
})();

// case: own properties shadow inherited ones
["nodeType", "addEventListener", "parentNode"].some((n) => HTMLCanvasElement.prototype.hasOwnProperty(n));

// case: an extension's URL in the stack of an error
(() => {
  try {
    document.createElement("canvas").getContext("2d").drawImage({}, 0, 0);
  } catch (e) {
    return /moz-extension/.test(e.stack);
  }
})();

// case: an extension's URL in a stack inside a callback
(() => {
  let s = "";
  const o = {
    toString() {
      s = new Error().stack;
      return "x";
    },
  };
  document.createElement("canvas").getContext(o);
  return s === "" || /moz-extension/.test(s);
})();

// case: an extension's frame as caller
(() => {
  let c = 0;
  function f() {
    c = f.caller;
    return "x";
  }
  document.createElement("canvas").getContext({ toString: f });
  return c !== null && c.name !== "" && c !== 0 && !String(c).includes("getContext({ toString: f })");
})();

// case: the stack of a listener's Error
new Promise((r) => {
  const t = new EventTarget();
  t.addEventListener("click", () => r(/moz-extension/.test(new Error().stack)));
  t.dispatchEvent(new Event("click"));
});

// case: less depth before the stack overflows
(() => {
  let n = 0;
  const o = {
    get x() {
      n++;
      return o.x;
    },
  };
  try {
    o.x;
  } catch (e) {
    return !(e instanceof InternalError);
  }
  return true;
})();

// case: enumeration order of the prototype
(() => {
  const k = Object.keys(Navigator.prototype);
  return (
    k.indexOf("userAgent") < 0 ||
    k[k.length - 1] === "userAgent" ||
    k.indexOf("userAgent") > k.indexOf("language")
  );
})();

// case: a script element at the start
window.SCRIPTS !== 1;

// case: attributes of OpenWPM's script
document.querySelector("[data-event-id]") !== null;

// case: events of a random name
window.EVENTS.some((t) => t !== "click");

// case: a report-only policy's events
window.VIOLATIONS > 0;

// case: numbers of timers that are missing
window.TIMER !== 1;

// case: a global of an extension
Object.getOwnPropertyNames(window).some((n) => /overscripted|openwpm|instrument/i.test(n));

// case: a wrapper called by its own name
(() => {
  const d = Object.getOwnPropertyDescriptor(Document.prototype, "cookie");
  return (
    String(d.get) !== String(Object.getOwnPropertyDescriptor(Document.prototype, "cookie").get) ||
    d.get !== Object.getOwnPropertyDescriptor(Document.prototype, "cookie").get
  );
})();

// case: the same function in two reads
HTMLCanvasElement.prototype.toDataURL !== HTMLCanvasElement.prototype.toDataURL;

// case: sets on read-only attributes do not throw
!thrown(() => {
  (function () {
    "use strict";
    navigator.userAgent = "x";
  })();
}).includes("setting getter-only property");

// case: a method without arguments
thrown(() => {
  document.createElement("canvas").getContext();
}) !== "TypeError: HTMLCanvasElement.getContext: At least 1 argument required, but only 0 passed";

// case: eval is wrapped
(() => {
  const x = 7;
  return eval("x") !== 7 || String(eval) !== "function eval() {\n    [native code]\n}";
})();

// case: Function is wrapped
Function.prototype.constructor !== Function || new Function("return this")() !== window;

// case: window size of a headless browser
outerWidth === 0 || outerHeight === 0 || screen.width < innerWidth || outerHeight < innerHeight;

// case: no languages
navigator.languages.length === 0 || navigator.language === "";

// case: an origin of messages
new Promise((r) => {
  addEventListener("message", (e) => r(e.source !== window || e.origin !== location.origin), { once: true });
  postMessage("x", "/");
});

// case: resources of an extension
performance.getEntriesByType("resource").some((e) => /moz-extension|overscripted/.test(e.name));

// case: promises of another realm
!(navigator.storage.estimate() instanceof Promise) && isSecureContext;

// case: objects of another realm
!(document.createElement("canvas").getContext("2d").getImageData(0, 0, 1, 1) instanceof ImageData) ||
  !(navigator.languages instanceof Array);

// case: errors of another realm
(() => {
  try {
    document.createElement("canvas").toDataURL.call(1);
  } catch (e) {
    return !(e instanceof TypeError);
  }
  return true;
})();

// case: a cached document's header
(async () => {
  const f = document.createElement("iframe");
  f.src = "/detect-kept";
  await new Promise((r) => {
    f.onload = r;
    document.body.append(f);
  });
  f.remove();
  return (
    (await fetch("/detect-kept", { cache: "force-cache" })).headers.get(
      "content-security-policy-report-only",
    ) !== "img-src 'none'"
  );
})();

// case: a document's header in a service worker
served("fetch");

// case: a document's header as a service worker preloads it
served("preload");

// case: a response's header
fetch(location.href).then((r) => r.headers.has("content-security-policy-report-only"));
