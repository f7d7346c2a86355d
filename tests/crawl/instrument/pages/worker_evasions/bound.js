const b = {GETTER}.bind(navigator);
[1, 2].forEach(b);
"k".replace("k", b.bind(1));
[1].map(Function.prototype.call.bind(b));
b();
Promise.resolve().then(b);
Promise.resolve().then(b.bind(1));
const m = Map.groupBy.bind(Map, [1], b);
m();
