// Gives the reference instrument's background page a function that sends its records.
// World: process script, privileged; does something only in the process of extensions. Trusts: our extension.
"use strict";

function Reference(link, extension) {
  function created(window) {
    if (window.document.nodePrincipal.addonPolicy?.id !== extension) return;
    const emit = (text) => link.emit("", "instrument", text);
    Cu.exportFunction(emit, window, { defineAs: "overscripted" });
    emit("");
  }

  Services.obs.addObserver({ observe: created }, "content-document-global-created");
}
