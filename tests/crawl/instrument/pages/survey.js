(() => {
  const out = {};
  const text = (code) => {
    try {
      return String(code());
    } catch (e) {
      return `${e.name}: ${e.message} ${e.stack.split("\n").length} ${e.fileName === location.href}`;
    }
  };
  // Firefox words these as it comes: "f", or the function's text.
  const plainly = (code) => text(code).replace(/: function [^]*\} is not|: f is not/, ": it is not");
  const flags = (d) =>
    d &&
    Object.keys(d)
      .map((k) => k + (typeof d[k] === "boolean" ? d[k] : typeof d[k]))
      .join();
  const of = (f) => [
    f.name,
    f.length,
    Reflect.ownKeys(f).map(String).sort().join(),
    String(f),
    "prototype" in f,
    flags(Object.getOwnPropertyDescriptor(f, "name")),
    flags(Object.getOwnPropertyDescriptor(f, "length")),
    Object.getPrototypeOf(f) === Function.prototype,
    plainly(() => Reflect.construct(Object, [], f)),
    plainly(() => {
      class A extends f {}
    }),
    text(() => f.caller),
    text(() => f.arguments),
    Object.isExtensible(f),
  ];
  const calls = (f) => [
    text(() => f.call({})),
    text(() => f.call(null)),
    text(() => f.call(1)),
    text(() => f.apply(Object.create(null), [{}])),
  ];
  const quiet =
    /^(alert|confirm|prompt|print|open|close|stop|find|dump|location|reload|postMessage|fetch|setTimeout|setInterval|focus|blur|moveTo|moveBy|resizeTo|resizeBy|write|writeln|open|requestAnimationFrame|requestIdleCallback|queueMicrotask|reportError)$/;
  const owners = {OWNERS};
  for (const name of Object.getOwnPropertyNames(window).sort()) {
    const it = window[name];
    if (typeof it === "function" && it.prototype && /\[native code\]/.test(String(it))) {
      owners.push([name + ".prototype", it.prototype], [name, it]);
    }
  }
  for (const name of ["WebAssembly", "Reflect", "JSON"]) owners.push([name, window[name]]);
  for (const [name, owner] of owners) {
    // The order of a window's interfaces tells which of them have been named, see docs/explanation/not-covered.md.
    const keys = Reflect.ownKeys(owner).map(String);
    out[name] = ({OF_WINDOW} ? keys.sort() : keys).join();
    const same = new Map(); // which names are one function
    for (const key of Reflect.ownKeys(owner)) {
      const d = Object.getOwnPropertyDescriptor(owner, key);
      for (const f of [d.get, d.set, d.value]) {
        if (typeof f === "function") same.set(f, (same.get(f) ?? "") + " " + String(key));
      }
    }
    out[`${name} same`] = [...same.values()]
      .filter((names) => names.includes(" ", 1))
      .sort()
      .join();
    for (const key of Reflect.ownKeys(owner)) {
      const d = Object.getOwnPropertyDescriptor(owner, key);
      const id = `${name}.${String(key)}`;
      out[id] = flags(d);
      for (const part of ["get", "set", "value"]) {
        if (typeof d[part] !== "function" || (part === "value" && /^[A-Z]/.test(String(key)))) continue;
        out[`${id} ${part}`] = of(d[part]);
        if (
          name.endsWith(".prototype") &&
          !quiet.test(String(key)) &&
          !/^(Promise|Function|Object|Symbol|Iterator|Async|Generator|String|Date)/.test(name)
        )
          out[`${id} ${part}()`] = calls(d[part]);
      }
    }
  }
  return JSON.stringify(out);
})()
