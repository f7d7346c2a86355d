// Records the events that EventSources receive. Content processes report them: see content_process/event_sources.js.
// This script knows which request of which visit a connection is. Of shared and service workers nobody reports events:
// those are read from a copy of the stream when the visit ends.
// World: Firefox's parent process, privileged. A content process can speak for connections of its own visit only.
"use strict";

ParentRecords.add("server_sent_events", ({ emit, gap, hopOf, membersOf }) => {
  const { TYPE_INTERNAL_EVENTSOURCE } = Ci.nsIContentPolicy;
  const URL = 10_000; // characters of an address, which each message has
  const COPIES = 20; // streams of a visit that are copied; each copy may have a megabyte
  // number of a channel -> {user, head, copy: of the stream to a worker, reported: by a content process}
  const connections = new Map();
  const copies = new Map(); // user -> how many streams were copied

  /** A copy of a stream to a worker; null if it cannot be copied, or the visit has too many. */
  function copyOf(channel, user) {
    const n = copies.get(user) ?? 0;
    const copy = n < COPIES ? EventStream.copy(channel) : null;
    if (copy) copies.set(user, n + 1);
    return copy;
  }

  /** Whether a response begins a stream of events. Firefox ends the connection with any other. */
  function isStream(channel) {
    const { internalContentPolicyType: type } = channel.loadInfo;
    if (type !== TYPE_INTERNAL_EVENTSOURCE || channel.responseStatus !== 200) return false;
    return /^text\/event-stream\b/i.test(headerOf(channel, "Content-Type"));
  }

  onResponses((channel, user) => {
    if (!isStream(channel)) return;
    const members = membersOf(user, channel.loadInfo.innerWindowID);
    const { request_id } = hopOf(channel);
    /** @type {Partial<Protocol.ServerSentEvents>} */
    const head = {
      type: PROTOCOL.message.SERVER_SENT_EVENTS,
      ...members,
      request_id,
      url: beginningOf(channel.URI.spec, URL),
    };
    const { channelId } = channel.QueryInterface(Ci.nsIIdentChannel);
    const copy = head.tab < 0 ? copyOf(channel, user) : null;
    connections.set(channelId, { user, head, copy, reported: false });
  });

  return {
    /** A content process reports a connection of a window or of its workers, and events if there are any. */
    heard(user, { connection: number, window, text }) {
      const connection = connections.get(number);
      if (connection?.user !== user) return;
      // The channel of a worker does not name the worker's window.
      if (!connection.reported && connection.head.tab < 0) Object.assign(connection.head, membersOf(user, window));
      connection.reported = true;
      connection.copy = null;
      // If a name occurs twice in JSON, the last one counts.
      if (text) emit(`${text.slice(0, -1)},${JSON.stringify(connection.head).slice(1)}`);
    },
    /** Send the events of the connections of which no content process has reported anything. */
    ended(user) {
      for (const { user: owner, head, copy, reported } of connections.values()) {
        if (owner !== user || reported || head.tab >= 0) continue;
        if (!copy || !EventStream.isWhole(copy)) gap(user, PROTOCOL.gap.EVENT_SOURCE);
        if (copy) emit({ ...head, ...EventStream.read(copy) });
      }
    },
    forget(user) {
      copies.delete(user);
      for (const [number, connection] of connections) if (connection.user === user) connections.delete(number);
    },
  };
});
