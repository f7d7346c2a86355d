const g = {GETTER};
delete WorkerNavigator.prototype.platform;
navigator.platform;
Object.defineProperty(self, "zz", {
  get() {
    return g.call(navigator);
  },
});
zz;
Object.freeze(self);
zz;
