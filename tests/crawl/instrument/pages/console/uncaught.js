setTimeout(() => {
  throw new RangeError("one");
});

onerror = () => true;
setTimeout(() => {
  throw "two";
});
for (const name of ["script", "iframe"]) {
  const e = document.createElement(name);
  e.src = { script: "/broken.js", iframe: "/frame" }[name];
  document.head.append(e);
}
new Worker("/thrown.js");
try {
  throw 1;
} catch {}
Promise.reject(3).catch(() => 0);
