// Records the insecure addresses that a secure document asked for and Firefox blocked or loaded.
// World: sandbox of a document. Firefox reports them; see content_process/mixed_content.js.
"use strict";

{
  const MOST = 200; // reports kept per document; all are counted
  const { stringify } = JSON;

  class MixedContent {
    constructor({ recorder }) {
      this.recorder = recorder;
      this.kept = 0;
      this.cut = 0; // reports not kept since the last batch
      this.batch = [];
      recorder.channel.add(this, PROTOCOL.message.MIXED_CONTENT);
    }

    mixed(url, action) {
      const now = Date.now();
      if (this.kept === MOST) {
        this.cut++;
        return this.recorder.channel.wake(1, now);
      }
      this.kept++;
      const location = this.recorder.address();
      /** @type {Protocol.MixedContentRow} */
      const report = { location, url: url.slice(0, Recorder.CAPS.url), action, time_stamp: now };
      this.batch.push(report);
      this.recorder.channel.wake(location.length + report.url.length + 200, now);
    }

    /** The next message, as a JSON object in text; "" if there is none. */
    drain() {
      if (this.batch.length === 0 && this.cut === 0) return "";
      /** @type {Protocol.FromRealm<Protocol.MixedContent>} */
      const message = { reports: this.batch, cut: this.cut };
      this.batch = [];
      this.cut = 0;
      return stringify(message);
    }
  }

  Records.add(MixedContent);
}
