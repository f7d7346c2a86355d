// Records the messages of WebSockets, both ways, also of those that a worker of any kind has opened.
// World: Firefox's parent process, privileged. It reads messages between the network and the page's process, when they
// are put together from their fragments and decompressed. No page sees it. Payloads are bytes from pages and servers.
"use strict";

ParentRecords.add("websocket_messages", ({ emit, gap, hopOf, membersOf, windowsOf }) => {
  const MOST = 1000; // messages kept per socket; all are counted
  const VISIT_MOST = 20_000; // messages kept per visit; all are counted
  // What is heard of a visit: messages and bytes. Hearing a message takes the browser's own process some microseconds
  // and, until its next garbage collection, the memory of the payload. So a page could slow down the others.
  const HEARD = 100_000;
  const HEARD_SIZE = 2 ** 28;
  const GARBAGE = 2 ** 27; // bytes of payloads until we have Firefox collect them
  const SIZE = 4 * 2 ** 20; // bytes kept per visit; after that, messages are cut to `SHORT`
  const TEXT = 100_000; // bytes kept of one message
  const SHORT = 1000;
  const URL = 10_000; // characters kept of a socket's address; each of our messages repeats the address
  const BATCH = 2 ** 18; // bytes that may wait; more are sent at once
  const WAIT_MS = 100; // from the first waiting message to the sending of all
  const OPCODES = { __proto__: null, 1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong" };
  const OPENED = new Set([101, 200]); // status of a response that opens a WebSocket: by HTTP/1.1, by HTTP/2

  const service = Cc["@mozilla.org/websocketevent/service;1"].getService(Ci.nsIWebSocketEventService);
  const timer = Cc["@mozilla.org/timer;1"].createInstance(Ci.nsITimer);
  const sockets = new Map(); // number -> {user, visit, head, kept, sent, cut, batch}
  // user -> {heard: messages, heardSize, kept: messages, size: bytes kept, windows: those with listeners, stopped}
  const visits = new Map();
  const listeners = new Map(); // number of an inner window, 0: none -> {listener, users: with sockets there}
  const waiting = new Set(); // sockets with something to send
  let size = 0; // bytes that wait
  let garbage = 0; // bytes of payloads since the last garbage collection
  // Processes number their sockets each from 1. So sockets of visits get numbers here that are unlike all others.
  let next = 0xc0000000;

  // -- what is kept of a message ---------------------------------------------------------------------

  /** The text of UTF-8 bytes, which come as one character each. A character that the end cuts is left out. */
  function textOfBytes(bytes) {
    if (!/[\x80-\xff]/.test(bytes)) return bytes;
    const array = Uint8Array.from(bytes, (character) => character.charCodeAt(0));
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(array, { stream: true });
  }

  /** The columns with the content of a message, of which at most `most` bytes are kept. */
  function contentOf(opcode, payload, most) {
    if (opcode === "text") return { data: textOfBytes(payload.slice(0, most)) };
    if (opcode !== "close") return { bytes: btoa(payload.slice(0, most)) };
    const code = payload.length < 2 ? null : 256 * payload.charCodeAt(0) + payload.charCodeAt(1);
    return { close_code: code, data: textOfBytes(payload.slice(2)) };
  }

  /** Whether one more message of a visit may be heard. */
  function mayHear(visit, bytes) {
    visit.heardSize += bytes;
    garbage += bytes;
    if (garbage > GARBAGE) {
      garbage = 0;
      Services.wm.getMostRecentWindow("navigator:browser").windowUtils.pokeGC(); // in slices
    }
    return ++visit.heard <= HEARD && visit.heardSize <= HEARD_SIZE;
  }

  function heard(window, number, frame, direction) {
    const socket = sockets.get(number);
    if (!socket) return; // a socket of Firefox itself, or of a visit that is over
    // Only the messages name the window of a worker.
    if (window && socket.head.tab < 0) Object.assign(socket.head, membersOf(socket.user, window));
    const { visit } = socket;
    const { payload } = frame; // a copy each time that it is read
    if (!mayHear(visit, payload.length)) return stop(socket.user, visit);
    if (socket.kept === MOST || visit.kept === VISIT_MOST) {
      socket.cut++;
      return wake(socket, 0);
    }
    const opcode = OPCODES[frame.opCode] ?? String(frame.opCode);
    const most = visit.size < SIZE ? TEXT : SHORT;
    const kept = Math.min(payload.length, most);
    socket.kept++;
    visit.kept++;
    visit.size += kept;
    const content = contentOf(opcode, payload, most);
    socket.batch.push({ direction, opcode, size: payload.length, time_stamp: frame.timeStamp / 1000, ...content });
    wake(socket, kept);
  }

  // -- sending ---------------------------------------------------------------------------------------

  function wake(socket, bytes) {
    if (waiting.size === 0) timer.initWithCallback(send, WAIT_MS, Ci.nsITimer.TYPE_ONE_SHOT);
    waiting.add(socket);
    size += bytes;
    if (size > BATCH) send();
  }

  function send() {
    timer.cancel();
    const all = [...waiting];
    waiting.clear();
    size = 0;
    for (const socket of all) sendBatch(socket);
  }

  function sendBatch(socket) {
    const { head, batch, cut } = socket;
    // Firefox tells of its pong before it tells of the ping.
    batch.sort((one, other) => one.time_stamp - other.time_stamp);
    for (const message of batch) message.ordinal = socket.sent++;
    socket.batch = [];
    socket.cut = 0;
    /** @type {Protocol.WebsocketMessages} */
    const message = { type: PROTOCOL.message.WEBSOCKET_MESSAGES, ...head, messages: batch, cut };
    emit(message);
  }

  // -- which sockets ---------------------------------------------------------------------------------

  const listenerOf = (window) => ({
    QueryInterface: ChromeUtils.generateQI(["nsIWebSocketEventListener"]),
    frameReceived: (number, frame) => heard(window, number, frame, "received"),
    frameSent: (number, frame) => heard(window, number, frame, "sent"),
    // Firefox calls these in the page's process, or for its own sockets.
    webSocketCreated() {},
    webSocketOpened() {},
    webSocketMessageAvailable() {},
    webSocketClosed() {},
  });

  function listen(window, user, visit) {
    if (!listeners.has(window)) {
      const listener = listenerOf(window);
      listeners.set(window, { listener, users: new Set() });
      service.addListener(window, listener);
    }
    listeners.get(window).users.add(user);
    visit.windows.add(window);
  }

  function leave(window, user) {
    const { listener, users } = listeners.get(window);
    users.delete(user);
    if (users.size > 0) return;
    listeners.delete(window);
    service.removeListener(window, listener);
  }

  /** Hear nothing more of a visit. Firefox then does not tell of its messages. */
  function stop(user, visit) {
    for (const window of visit.windows) leave(window, user);
    visit.windows.clear();
    visit.stopped = true;
    gap(user, PROTOCOL.gap.WEBSOCKETS_COUNT);
  }

  /** A server has agreed to a WebSocket. No message has passed yet. */
  function watch(channel, user) {
    const socket = channel.notificationCallbacks.QueryInterface(Ci.nsIWebSocketChannel);
    const window = channel.loadInfo.innerWindowID;
    const head = {
      ...membersOf(user, window),
      request_id: hopOf(channel).request_id,
      url: beginningOf(socket.URI.spec, URL),
    };
    const none = { heard: 0, heardSize: 0, kept: 0, size: 0, windows: new Set(), stopped: false };
    if (!visits.has(user)) visits.set(user, none);
    const visit = visits.get(user);
    if (visit.stopped) return;
    // Firefox tells of the messages of a dedicated worker as of those of its window, which it does not name here.
    for (const own of window ? [window] : [0, ...windowsOf(user)]) listen(own, user, visit);
    sockets.set(next, { user, visit, head, kept: 0, sent: 0, cut: 0, batch: [] });
    socket.serial = next++;
  }

  onResponses((channel, user, type) => {
    if (type !== Ci.nsIContentPolicy.TYPE_WEBSOCKET || !OPENED.has(channel.responseStatus)) return;
    try {
      watch(channel, user);
    } catch (error) {
      console.error(error);
      gap(user, PROTOCOL.gap.WEBSOCKET);
    }
  });

  return {
    ended: send,
    forget(user) {
      const visit = visits.get(user);
      if (!visit) return;
      visits.delete(user);
      for (const window of visit.windows) leave(window, user);
      for (const [number, socket] of sockets) {
        if (socket.user !== user) continue;
        sockets.delete(number);
        waiting.delete(socket);
      }
    },
  };
});
