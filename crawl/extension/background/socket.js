// The websocket to the collector: what is said before it is open waits, within bounds.
// World: background page. Trusts: the collector, after it has answered `hello`.
"use strict";

const Socket = (() => {
  const MAX_WAITING = 64 * 2 ** 20; // characters that wait for a collector that does not come
  const RETRY_MS = 250; // the worker starts the browser when it listens; this is for a hiccup
  const listeners = new Map();
  let socket = null;
  let open = false;
  let waiting = [];
  let waitingSize = 0;

  function connect() {
    socket = new WebSocket(`ws://127.0.0.1:${OVERSCRIPTED.port}/`);
    socket.onopen = () =>
      socket.send(
        JSON.stringify({
          type: "hello",
          token: OVERSCRIPTED.token,
          version: browser.runtime.getManifest().version,
        }),
      );
    socket.onmessage = (event) => take(JSON.parse(event.data));
    socket.onclose = () => {
      open = false;
      setTimeout(connect, RETRY_MS);
    };
  }

  function take(message) {
    if (message.type === "welcome") {
      open = true;
      const texts = waiting;
      waiting = [];
      waitingSize = 0;
      for (const text of texts) socket.send(text);
      return;
    }
    const listener = listeners.get(message.type);
    if (listener) listener(message);
  }

  /** Send a message that is JSON text already. */
  function sendText(text) {
    if (open) {
      socket.send(text);
    } else if (waitingSize + text.length <= MAX_WAITING) {
      waiting.push(text);
      waitingSize += text.length;
    }
  }

  return {
    connect,
    sendText,
    send: (message) => sendText(JSON.stringify(message)),
    on: (type, listener) => listeners.set(type, listener),
  };
})();
