// Records the messages that a window receives by `postMessage`, from other windows or itself. A wrapper could not
// record them where they are sent: Firefox takes the sender from the caller, and `event.source` would be wrong.
// World: sandbox of a document. It reads events and changes nothing.
"use strict";

{
  const wanted = Target.asked("messages");
  const MOST = 1000; // messages kept of one window; all are counted
  const SIZE = 4 * 2 ** 20; // characters kept of one window; then messages are cut short
  const { text: TEXT, short: SHORT } = Recorder.CAPS; // characters of one message
  const { stringify } = JSON;

  class Messages {
    constructor({ recorder }) {
      this.recorder = recorder;
      this.kept = 0;
      this.size = 0;
      this.cut = 0; // since the last batch
      this.batch = [];
      recorder.channel.add(this, PROTOCOL.message.MESSAGES);
    }

    /** `sender` is the frame of this tab that sent it, -1 for none of it. */
    handle(event, sender) {
      if (!wanted || event.type !== "message") return;
      const now = Date.now();
      if (this.kept === MOST) {
        this.cut++;
        return this.recorder.channel.wake(1, now);
      }
      this.kept++;
      const most = this.size < SIZE ? TEXT : SHORT;
      const data = Text.value(event.data, false, most).slice(0, most);
      this.size += data.length;
      const location = this.recorder.where();
      /** @type {Protocol.MessagesRow} */
      const message = { location, origin: event.origin, sender, data, time_stamp: now };
      this.batch.push(message);
      this.recorder.channel.wake(data.length + location.length + 200, now);
    }

    /** What is to be sent, as a JSON object in text; "" for nothing. */
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
