// `navigator.webdriver` is false, as in a browser that a person uses.
// World: content script. The native is asked first, so that a wrong receiver gets its error.
"use strict";

const Webdriver = (() => {
  Install.after("get Navigator.webdriver", () => false);
  return { hooked: { "Navigator.prototype": ["webdriver"] } };
})();
