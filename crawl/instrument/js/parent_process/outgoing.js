// Sends the messages of the parent process in batches. Each message of remote control costs a fraction of a
// millisecond.
// World: Firefox's parent process, privileged.
"use strict";

function Outgoing(channel) {
  const MOST = 2 ** 18; // characters in a batch
  const WAIT_MS = 200;
  const timer = Cc["@mozilla.org/timer;1"].createInstance(Ci.nsITimer);
  let texts = [];
  let size = 0;

  function send() {
    timer.cancel();
    if (texts.length > 0) channel(texts.join("\n"));
    texts = [];
    size = 0;
  }

  return {
    send,
    /** Send a message: an object, or its JSON text on one line. */
    emit(message) {
      const text = typeof message === "string" ? message : JSON.stringify(message);
      if (texts.length === 0) timer.initWithCallback(send, WAIT_MS, Ci.nsITimer.TYPE_ONE_SHOT);
      else if (size + text.length > MOST) send();
      texts.push(text);
      size += text.length;
    },
  };
}
