// case: importScripts of nothing
(() => {
  try {
    importScripts("http://[");
  } catch (e) {
    return e.name + e.message;
  }
})();

// case: order of tasks
new Promise((r) => {
  const l = [];
  setTimeout(() => {
    l.push(1);
    Promise.resolve().then(() => l.push(2));
  });
  setTimeout(() => l.push(3));
  queueMicrotask(() => l.push(4));
  setTimeout(() => r(l.join()), 20);
});

// case: a canvas
(() => {
  const x = new OffscreenCanvas(20, 20).getContext("2d");
  x.fillStyle = "#12f";
  x.fillRect(1, 1, 9, 9);
  return [...x.getImageData(5, 5, 1, 1).data].join() + x.fillStyle;
})();

// case: fetch and XMLHttpRequest
fetch(location.origin + "/echo.js")
  .then((r) => r.text())
  .then((t) => {
    const x = new XMLHttpRequest();
    x.open("GET", location.origin + "/echo.js", false);
    x.send();
    return t.length === x.responseText.length;
  });

// case: indexedDB
new Promise((r) => {
  const q = indexedDB.open("w" + Math.random());
  q.onupgradeneeded = () => q.result.createObjectStore("s");
  q.onsuccess = () =>
    (q.result.transaction("s", "readwrite").objectStore("s").put(5, 1).onsuccess = (e) => r(e.target.result));
});

// case: WebAssembly
WebAssembly.instantiate(
  new Uint8Array([
    0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0, 10, 6, 1, 4, 0,
    65, 42, 11,
  ]),
).then((m) => m.instance.exports.f());

// case: direct eval sees its scope
(() => {
  let a = 4;
  eval("a=5;var b=6");
  return a + b;
})();

// case: a class of one's own
(() => {
  class C extends OffscreenCanvas {
    get q() {
      return 1;
    }
  }
  const c = new C(2, 3);
  return [c.q, c.width, c instanceof OffscreenCanvas].join();
})();

// case: too much recursion
(() => {
  let n = 0;
  const f = () => {
    n++;
    f();
  };
  try {
    f();
  } catch (e) {
    return e.name + (n > 500);
  }
})();
