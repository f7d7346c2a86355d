// Reads the events of EventSources of windows and of their workers, which Firefox gives to its own tools.
// World: process script, privileged. Events are text from servers.
"use strict";

function EventSources(link) {
  const MOST = 1000; // events kept per window; all are counted
  const SIZE = 4 * 2 ** 20; // characters kept per window; after that, events are cut to `SHORT`
  const TEXT = 100_000; // characters kept of one event
  const SHORT = 1000;
  const NAME = 1000; // characters kept of an event's name, and of its id
  const BATCH = 2 ** 18; // characters that may wait; more are sent at once
  const WAIT_MS = 100; // from the first waiting event to the sending of all
  const TABLE = "server_sent_events";

  const service = Cc["@mozilla.org/eventsourceevent/service;1"].getService(Ci.nsIEventSourceEventService);
  const windows = new Set(); // numbers of those that are watched
  const waiting = new Set(); // connections with something to send
  let timer = null;
  let size = 0; // characters that wait

  function send(user) {
    for (const connection of waiting) {
      if (user !== undefined && connection.user !== user) continue;
      waiting.delete(connection);
      link.emit("", "record", { table: TABLE, user: connection.user, ...connection.take() });
    }
    if (waiting.size === 0) size = 0;
  }

  function tick() {
    timer = null;
    send();
  }

  function wake(connection, characters) {
    waiting.add(connection);
    size += characters;
    if (size > BATCH) return send();
    if (timer) return;
    timer = link.timer();
    timer.initWithCallback(tick, WAIT_MS, Ci.nsITimer.TYPE_ONE_SHOT);
  }

  /** One connection of an EventSource, by the number of its channel. */
  class Connection {
    constructor(number, window, user) {
      this.number = number;
      this.window = window;
      this.user = user;
      this.sent = 0; // events
      this.events = [];
      this.cut = 0;
    }

    /** What waits to be sent. */
    take() {
      const { number, window, events, cut } = this;
      for (const event of events) event.ordinal = this.sent++;
      this.events = [];
      this.cut = 0;
      /** @type {Pick<Protocol.ServerSentEvents, "events" | "cut">} */
      const message = { events, cut };
      return { connection: number, window, text: events.length + cut > 0 ? JSON.stringify(message) : "" };
    }
  }

  function listenerOf(window, user) {
    const connections = new Map();
    let kept = 0; // events
    let room = SIZE;

    function of(number) {
      if (!connections.has(number)) connections.set(number, new Connection(number, window, user));
      return connections.get(number);
    }

    return {
      QueryInterface: ChromeUtils.generateQI(["nsIEventSourceEventListener"]),
      eventReceived(number, event, id, data, retry, time) {
        const connection = of(number);
        if (kept === MOST) {
          connection.cut++;
          return wake(connection, 0);
        }
        kept++;
        const text = data.slice(0, room > 0 ? TEXT : SHORT);
        room -= text.length;
        connection.events.push({
          event: event.slice(0, NAME),
          event_id: id.slice(0, NAME),
          data: text,
          data_len: data.length,
          time_stamp: time / 1000,
        });
        wake(connection, text.length);
      },
      /** The parent process counts the connections that nobody reports. */
      eventSourceConnectionOpened: (number) => wake(of(number), 0),
      eventSourceConnectionClosed: (number) => connections.delete(number),
    };
  }

  return {
    /** Read the events of a window and of its workers from now on. */
    watch(window, user) {
      if (windows.has(window)) return;
      windows.add(window);
      service.addListener(window, listenerOf(window, user));
    },
    /** A window was destroyed. Firefox itself removes its listeners. */
    ended: (window) => windows.delete(window),
    flush: send,
  };
}
