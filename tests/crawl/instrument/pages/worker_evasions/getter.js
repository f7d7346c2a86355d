const g = {GETTER};
g.call(navigator);
Reflect.apply(g, navigator, []);
Function.prototype.call.call(g, navigator);
g.bind(navigator)();
