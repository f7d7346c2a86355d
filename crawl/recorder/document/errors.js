// Errors that the page's scripts did not catch.
// World: sandbox of a document. Its listeners come before the page's; they read and change nothing.
"use strict";

(() => {
  const MAX = 200; // of one document
  const TEXT = 5000; // characters of one message
  let n = 0;

  function say(message, url, line) {
    if (n++ === MAX) Channel.post("gap", { name: "console messages over the limit of a document", n: 1 });
    if (n > MAX) return;
    const text = String(message).slice(0, TEXT);
    Channel.post("console", { level: "error", message: text, url, line, time_stamp: Date.now() });
  }

  window.addEventListener(
    "error",
    (event) => {
      if (event.isTrusted && event.target === window) say(event.message, event.filename, event.lineno);
    },
    true,
  );
  window.addEventListener(
    "unhandledrejection",
    (event) => {
      if (!event.isTrusted) return;
      const { reason } = event;
      let text = Text.value(reason, false, TEXT);
      try {
        if (reason instanceof Error) text = `${reason.name}: ${reason.message}`;
      } catch {
        // What it was remains as its text.
      }
      say(`unhandled rejection: ${text}`, "", null);
    },
    true,
  );
})();
