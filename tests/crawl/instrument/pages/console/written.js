const o = {
  a: [1, { b: 2 }],
  get g() {
    window.RAN = 1;
  },
};

console.error("one", o, null, undefined, 1.5, document.body, Error("two"));

console.warn("three");
console.assert(true, "no");
console.assert(1 > 2, "four");

console.log("no");
console.info("no");
console.debug("no");
console.table([1]);
console.trace("no");
console.dir({});

(0, console.error)();
console.error.call(null, "five");
new Worker("/writes.js");

setTimeout(() => console.error(window.RAN), 50);
