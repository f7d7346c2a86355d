// Makes `navigator.webdriver` false, as in a browser that a person uses.
// World: sandbox of a document. The native runs first, so that it throws its error for a wrong receiver.
"use strict";

const Webdriver = (() => {
  Install.after("get Navigator.webdriver", () => false);
  return { hooked: { "Navigator.prototype": ["webdriver"] } };
})();
