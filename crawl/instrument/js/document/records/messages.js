// Records the messages that a window receives by `postMessage`, from other windows or itself. `postMessage` cannot be
// wrapped: Firefox takes the sender from the caller, so `event.source` would be wrong.
// World: sandbox of a document. It reads events and changes nothing.
"use strict";

{
  const enabled = Target.enabled("messages");
  const MOST = 1000; // messages kept per window; all are counted
  const SIZE = 4 * 2 ** 20; // characters kept per window; after that, messages are cut to `SHORT`
  const { text: TEXT, short: SHORT } = Recorder.CAPS; // characters of one message
  const { stringify } = JSON;

  class Messages {
    constructor({ recorder }) {
      this.recorder = recorder;
      this.kept = 0;
      this.size = 0;
      this.cut = 0; // messages not kept since the last batch
      this.batch = [];
      recorder.channel.add(this, PROTOCOL.message.MESSAGES);
    }

    /** Record a message event. `sender` is the number of the frame of this tab that sent it; -1 if none did. */
    handle(event, sender) {
      if (!enabled || event.type !== "message") return;
      const now = Date.now();
      if (this.kept === MOST) {
        this.cut++;
        return this.recorder.channel.wake(1, now);
      }
      this.kept++;
      const most = this.size < SIZE ? TEXT : SHORT;
      const data = Text.value(event.data, false, most).slice(0, most);
      this.size += data.length;
      const location = this.recorder.address();
      /** @type {Protocol.MessagesRow} */
      const message = { location, origin: event.origin, sender, data, time_stamp: now };
      this.batch.push(message);
      this.recorder.channel.wake(data.length + location.length + 200, now);
    }

    /** The next message, as a JSON object in text; "" if there is none. */
    drain() {
      if (this.batch.length === 0 && this.cut === 0) return "";
      /** @type {Protocol.FromRealm<Protocol.Messages>} */
      const message = { messages: this.batch, cut: this.cut };
      this.batch = [];
      this.cut = 0;
      return stringify(message);
    }
  }

  Records.add(Messages);
}
