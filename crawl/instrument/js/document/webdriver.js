// `navigator.webdriver` is false, as in a browser that a person uses.
// World: sandbox of a document. The native is asked first, so that a wrong receiver gets its error.
"use strict";

const Webdriver = (() => {
  Install.after("get Navigator.webdriver", () => false);
  return { hooked: { "Navigator.prototype": ["webdriver"] } };
})();
