// Errors that the page's scripts did not catch.
// World: sandbox of a document. Its listeners come before the page's; they read and change nothing.
"use strict";

const Errors = (() => {
  const MAX = 200; // of one document
  const TEXT = 5000; // characters of one message

  function told(reason) {
    try {
      if (reason instanceof Error) return `${reason.name}: ${reason.message}`;
    } catch {
      // What it was remains as its text.
    }
    return Text.value(reason, false, TEXT);
  }

  /** Tell of the errors of a window. */
  function listen(window, channel) {
    let n = 0;

    function say(message, url, line) {
      if (n++ === MAX) channel.post("gap", { name: "console messages over the limit of a document", n: 1 });
      if (n > MAX) return;
      const text = String(message).slice(0, TEXT);
      channel.post("console", { level: "error", message: text, url, line, time_stamp: Date.now() });
    }

    const thrown = (event) => {
      if (event.isTrusted && event.target === window) say(event.message, event.filename, event.lineno);
    };
    const rejected = (event) => {
      if (event.isTrusted) say(`unhandled rejection: ${told(event.reason)}`, "", null);
    };
    window.addEventListener("error", thrown, true);
    window.addEventListener("unhandledrejection", rejected, true);
  }

  return { listen };
})();
