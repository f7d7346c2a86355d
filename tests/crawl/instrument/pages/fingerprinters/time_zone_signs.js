(() => {
  const found = [Object.getOwnPropertyNames(self).join(), Reflect.ownKeys(Date.prototype).map(String).join()];
  const natives = [Date.prototype.getTimezoneOffset, Intl.DateTimeFormat.prototype.resolvedOptions];
  for (const native of natives) {
    found.push(String(native), Reflect.ownKeys(native).join(), String(Object.getPrototypeOf(native) === Function.prototype));
    for (const receiver of [null, undefined, 1, "x", Symbol("s"), 1n, {}, self, new Proxy(new Date(0), {})]) {
      try {
        native.call(receiver);
      } catch (error) {
        found.push(`${error} ${error.stack.split("\n").length}`);
      }
    }
  }
  return found.join("\n");
})();
