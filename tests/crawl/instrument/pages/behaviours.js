// case: canvas pixels
(() => {
  const c = document.createElement("canvas");
  c.width = c.height = 50;
  const x = c.getContext("2d");
  x.fillStyle = "#f60";
  x.fillRect(5, 5, 30, 30);
  x.save();
  x.rotate(0.3);
  x.strokeStyle = "blue";
  x.strokeRect(9, 9, 9, 9);
  x.restore();
  const d = x.getImageData(0, 0, 50, 50).data;
  return d.reduce((a, b) => (a * 31 + b) % 1e9, 7) + x.fillStyle + x.font;
})();

// case: a canvas tainted by another origin stays unreadable
new Promise((r) => {
  const i = new Image();
  i.onload = () => {
    const c = document.createElement("canvas");
    c.getContext("2d").drawImage(i, 0, 0);
    try {
      c.toDataURL();
      r("read");
    } catch (e) {
      r(e.name + e.message + (e instanceof DOMException));
    }
  };
  i.src = "{OTHER}/pixel.gif";
});

// case: wrong receivers
tried(() => HTMLCanvasElement.prototype.toDataURL.call(document.body));

// case: missing arguments
tried(() => document.body.appendChild());

// case: wrong arguments
tried(() => document.body.appendChild(5));

// case: hierarchy errors
tried(() => document.body.appendChild(document));

// case: invalid enum
tried(() => new OffscreenCanvas(1, 1).getContext("nope"));

// case: null receiver
tried(() => EventTarget.prototype.addEventListener.call(null, "zz", () => 1) === undefined);

// case: cookies
(() => {
  document.cookie = "q=1;path=/";
  const a = document.cookie;
  document.cookie = "q=;expires=Thu, 01 Jan 1970 00:00:00 GMT;path=/";
  return a + "|" + document.cookie;
})();

// case: storage
(() => {
  localStorage.clear();
  localStorage.setItem("a", 1);
  localStorage.b = "2";
  const k = Object.keys(localStorage).sort().join();
  delete localStorage.b;
  return k + localStorage.length + localStorage.getItem("zz") + ("a" in localStorage) + localStorage.key(0);
})();

// case: quota
tried(() => localStorage.setItem("q", "x".repeat(2e7)));

// case: listeners: once, capture, signal, object, remove
(() => {
  const t = new EventTarget();
  const log = [];
  const f = () => log.push("f");
  t.addEventListener("x", f, { once: true });
  t.addEventListener("x", f, true);
  t.addEventListener("x", {
    handleEvent(e) {
      log.push(this.q + e.type);
    },
    q: 3,
  });
  const a = new AbortController();
  t.addEventListener("x", () => log.push("s"), { signal: a.signal });
  t.dispatchEvent(new Event("x"));
  a.abort();
  t.removeEventListener("x", f, true);
  t.dispatchEvent(new Event("x"));
  return log.join();
})();

// case: a listener's this and arguments
(() => {
  let r;
  document.body.addEventListener(
    "click",
    function (e) {
      r = [this === document.body, arguments.length, e.currentTarget === this, e.isTrusted].join();
    },
    { once: true },
  );
  document.body.click();
  return r;
})();

// case: window events by bare name
(() => {
  let n = 0;
  addEventListener("zz", () => n++);
  dispatchEvent(new Event("zz"));
  return n;
})();

// case: return values
(() => {
  const a = document.createElement("p");
  const b = document.createElement("b");
  return [
    document.body.appendChild(a) === a,
    a.insertBefore(b, null) === b,
    a.replaceChild(document.createElement("i"), b) === b,
    a.append("x"),
    a.remove(),
  ].join();
})();

// case: custom elements react in order
(() => {
  const log = [];
  class A extends HTMLElement {
    connectedCallback() {
      log.push("in");
    }
    disconnectedCallback() {
      log.push("out");
    }
  }
  const n = "x-" + Math.random().toString(36).slice(2);
  customElements.define(n, A);
  const e = document.createElement(n);
  document.body.appendChild(e);
  log.push("+");
  document.body.replaceChildren();
  log.push("-");
  return log.join();
})();

// case: mutation records
new Promise((r) => {
  const d = document.createElement("div");
  new MutationObserver((l) => r(l.map((m) => m.type + m.addedNodes.length + m.attributeName).join())).observe(
    d,
    { childList: true, attributes: true },
  );
  d.innerHTML = "<b>1</b>2";
  d.setAttribute("a", "b");
  d.append("x", document.createElement("i"));
});

// case: scripts run when inserted
(() => {
  window.LOG = [];
  for (const how of ["appendChild", "append", "prepend"]) {
    const s = document.createElement("script");
    s.textContent = `LOG.push('${how}'+(document.currentScript!==null))`;
    document.body[how](s);
  }
  return LOG.join();
})();

// case: messages: source, origin, ports, transfer
new Promise((r) => {
  const c = new MessageChannel();
  addEventListener(
    "message",
    (e) => r([e.source === window, e.origin === location.origin, e.ports.length, e.data.b.byteLength].join()),
    { once: true },
  );
  const b = new ArrayBuffer(8);
  postMessage({ b }, location.origin, [b, c.port2]);
});

// case: messages between frames
new Promise((r) => {
  const f = document.createElement("iframe");
  f.srcdoc = '<script>parent.postMessage(1,"*")<\/script>';
  addEventListener("message", (e) => r([e.source === f.contentWindow, e.origin].join()), { once: true });
  document.body.append(f);
});

// case: a window opened is ours
(() => {
  const w = open("about:blank", "_blank", "popup");
  const r = [w.opener === window, w.location.href, w.closed].join();
  w.close();
  return r;
})();

// case: relative URLs
(() => {
  const x = new XMLHttpRequest();
  x.open("GET", "rel?q");
  x.send();
  const i = new Image();
  i.src = "rel.png";
  return i.src.replace(location.origin, "");
})();

// case: fetch
fetch("frame.html")
  .then((r) => r.text())
  .then((t) => t.length > 0);

// case: fetch of nonsense
fetch("http://[").catch(error);

// case: XMLHttpRequest
new Promise((r) => {
  const x = new XMLHttpRequest();
  x.onload = () => r(x.status + x.responseText.length);
  x.open("GET", "/frame.html");
  x.send();
});

// case: synchronous XMLHttpRequest
(() => {
  const x = new XMLHttpRequest();
  x.open("GET", "/frame.html", false);
  x.send();
  return x.status;
})();

// case: indexedDB
new Promise((r, j) => {
  const q = indexedDB.open("d" + Math.random());
  q.onupgradeneeded = () => q.result.createObjectStore("s");
  q.onsuccess = () => {
    const s = q.result.transaction("s", "readwrite").objectStore("s");
    s.put({ a: [1] }, "k");
    s.get("k").onsuccess = (e) => r(JSON.stringify(e.target.result));
  };
  q.onerror = () => j(q.error);
});

// case: audio
(() => {
  const a = new OfflineAudioContext(1, 5000, 44100);
  const o = a.createOscillator();
  o.type = "triangle";
  const c = a.createDynamicsCompressor();
  o.connect(c);
  c.connect(a.destination);
  o.start();
  return a.startRendering().then((b) =>
    b
      .getChannelData(0)
      .slice(4500, 4600)
      .reduce((x, y) => x + Math.abs(y), 0)
      .toFixed(6),
  );
})();

// case: WebAssembly
WebAssembly.instantiate(
  new Uint8Array([
    0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0, 10, 6, 1, 4, 0,
    65, 42, 11,
  ]),
).then(({ instance, module }) => [instance.exports.f(), module instanceof WebAssembly.Module].join());

// case: WebAssembly's errors
WebAssembly.compile(new Uint8Array(3)).catch((e) => e.name + (e instanceof WebAssembly.CompileError));

// case: a worker's relative URL
new Promise((r) => {
  const w = new Worker("/echo.js");
  w.onmessage = (e) => r(e.data);
  w.postMessage([1, { a: 2 }]);
});

// case: subclasses of natives
(() => {
  class W extends Worker {
    constructor(u) {
      super(u);
      this.q = 1;
    }
    go() {
      return this.q;
    }
  }
  const w = new W("/echo.js");
  return [w.go(), w instanceof W, w instanceof Worker].join();
})();

// case: direct eval sees its scope
(() => {
  let a = 4;
  eval("a=5;var b=6");
  return a + b;
})();

// case: Function's place in a stack
Function("return new Error().stack")()
  .split("\n")[0]
  .replace(/:\d+/g, "")
  .replace(location.origin, "")
  .replace(/line \d+/, "line");

// case: a string timer's place in a stack
new Promise((r) => {
  window.RR = r;
  setTimeout('RR(new Error().stack.replace(location.origin,"").split("\\n").length)');
});

// case: document.write
(() => {
  const f = document.createElement("iframe");
  document.body.append(f);
  f.contentDocument.write("<p>a</p>", "<p>b</p>");
  f.contentDocument.close();
  return f.contentDocument.body.innerHTML;
})();

// case: frames of other origins stay closed
new Promise((r) => {
  const f = document.createElement("iframe");
  f.src = "{OTHER}/frame.html";
  f.onload = () => {
    try {
      r(f.contentDocument === null ? f.contentWindow.document.URL : "open");
    } catch (e) {
      r(e.name + e.message);
    }
  };
  document.body.append(f);
});

// case: exceptions of the page pass through
(() => {
  const x = {};
  try {
    document.createElement("canvas").getContext({
      toString() {
        throw x;
      },
    });
  } catch (e) {
    return e === x;
  }
})();

// case: callbacks keep their identity
(() => {
  const t = new EventTarget();
  let n = 0;
  const f = () => n++;
  t.addEventListener("a", f);
  t.addEventListener("a", f);
  t.dispatchEvent(new Event("a"));
  return n;
})();

// case: objects keep their identity
(() => {
  const c = document.createElement("canvas");
  return [
    c.getContext("2d") === c.getContext("2d"),
    navigator.plugins === navigator.plugins,
    localStorage === localStorage,
    c.getContext("2d").canvas === c,
  ].join();
})();

// case: promises keep their realm
(() => {
  const p = navigator.permissions.query({ name: "geolocation" });
  return [p instanceof Promise, p.constructor === Promise].join();
})();

// case: history
(() => {
  history.pushState({ a: 1 }, "", "#x");
  const r = JSON.stringify(history.state) + location.hash;
  history.replaceState(null, "", location.pathname);
  return r;
})();

// case: selection and range
(() => {
  const p = document.createElement("p");
  p.textContent = "abc";
  document.body.append(p);
  const r = document.createRange();
  r.selectNodeContents(p);
  r.insertNode(document.createElement("b"));
  return p.innerHTML;
})();

// case: sloppy and strict sets of read-only attributes
(() => {
  navigator.platform = "x";
  return navigator.platform;
})();

// case: window attributes that a page replaces
(() => {
  window.devicePixelRatio = 7;
  const r = devicePixelRatio;
  const d = Object.getOwnPropertyDescriptor(window, "devicePixelRatio");
  return [r, d.writable, d.enumerable].join();
})();
