Object.defineProperty(window, "zz", {GETTER});
Object.defineProperty(Navigator.prototype, "yy", {GETTER});
navigator.yy;
