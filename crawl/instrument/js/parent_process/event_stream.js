// Copies a stream of events on its way to a worker, and reads the events in the copy.
// World: Firefox's parent process, privileged. The bytes come from a server or service worker.
"use strict";

const EventStream = (() => {
  const COPY = 2 ** 20; // bytes copied of a stream
  const MOST = 1000; // events read of a stream
  const TEXT = 100_000; // characters kept of one event
  const NAME = 1000; // characters kept of an event's name, and of its id

  /** Name and value of a line; the name is "" in a comment. */
  function fieldOf(line) {
    const colon = line.indexOf(":");
    if (colon < 0) return [line, ""];
    return [line.slice(0, colon), line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1)];
  }

  /** The events in a text, as Firefox reads them: an id counts from the next event with data. */
  function* eventsIn(text) {
    let id = "";
    let fields = { __proto__: null };
    for (const line of text.split(/\r\n|\r|\n/).slice(0, -1)) {
      if (line !== "") {
        const [name, value] = fieldOf(line);
        fields[name] = name === "data" && "data" in fields ? `${fields.data}\n${value}` : value;
        continue;
      }
      const { data, event } = fields;
      if (data !== undefined) {
        id = fields.id ?? id;
        yield { event: event || "message", event_id: id, data };
      }
      fields = { __proto__: null };
    }
  }

  return {
    /** Copy the body of a response from now on; null if it cannot be read here, as it is compressed. */
    copy(channel) {
      const compressed = !byWorker(channel) && headerOf(channel, "Content-Encoding") !== "";
      return compressed ? null : BodyCopies.begin(channel, COPY);
    },
    /** The rows of the events in a copy, and how many more there are. */
    read(storage) {
      const events = [...eventsIn(new TextDecoder().decode(BodyCopies.read(storage)))].map(
        ({ event, event_id, data }, ordinal) => ({
          ordinal,
          event: event.slice(0, NAME),
          event_id: event_id.slice(0, NAME),
          data: data.slice(0, TEXT),
          data_len: data.length,
        }),
      );
      return { events: events.slice(0, MOST), cut: Math.max(events.length - MOST, 0) };
    },
    /** Whether a copy has all of the stream so far. */
    isWhole: (storage) => storage.length < COPY,
  };
})();
