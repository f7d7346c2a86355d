// Gives the reference instrument's background page a function by which it sends its records.
// World: process script, privileged; of use in the process of extensions. Trusts: that extension, which is ours.
"use strict";

function Reference(link, extension) {
  function created(window) {
    if (window.document.nodePrincipal.addonPolicy?.id !== extension) return;
    const say = (text) => link.emit("", "instrument", text);
    Cu.exportFunction(say, window, { defineAs: "overscripted" });
    say("");
  }

  Services.obs.addObserver({ observe: created }, "content-document-global-created");
}
