const g = {GETTER};
[1, 2].map(g, navigator);
new Proxy(g, {}).call(navigator);
Promise.resolve().then(g.bind(navigator));
