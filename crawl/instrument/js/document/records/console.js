// Errors that the page's scripts did not catch, and what they write on the console as errors and warnings.
// World: sandbox of a document. What it hears it reads and does not change.
"use strict";

{
  const MAX = 200; // of one document and level
  const TEXT = 5000; // characters of one message
  const { classOf } = Text;

  /** A value as text. An error is seen through its Xray: its members as the browser made them. */
  function told(value) {
    if (value === undefined) return "undefined";
    try {
      if (/^\[object (?:Error|DOMException)\]$/.test(classOf(value))) return `${value.name}: ${value.message}`;
    } catch {
      // What it was remains as its text.
    }
    return Text.value(value, false, TEXT);
  }

  /** Values as one text: no more of them than it has room for. */
  function joined(values) {
    let text = "";
    for (let i = 0; i < values.length && text.length < TEXT; i++) text += (i > 0 ? " " : "") + told(values[i]);
    return text;
  }

  class Console {
    constructor({ window, channel }) {
      this.window = window;
      this.channel = channel;
      this.said = { error: 0, warning: 0 };
    }

    heard(event) {
      if (event.type !== "error" || event.target !== this.window) return;
      this.say("error", event.filename, event.lineno, () => event.message);
    }

    /** What Firefox has put on the console: see content_process/console.js. */
    uncaught(url, line, message, rejected, reason) {
      this.say("error", url, line, () => (rejected ? `unhandled rejection: ${told(reason)}` : message));
    }

    written(level, url, line, ...values) {
      this.say(level, url, line, () => joined(values));
    }

    say(level, url, line, text) {
      if (this.said[level]++ === MAX) this.channel.gap(PROTOCOL.gap.CONSOLE);
      if (this.said[level] > MAX) return;
      const message = String(text()).slice(0, TEXT);
      const address = url?.slice(0, Recorder.CAPS.url);
      /** @type {Protocol.Said<Protocol.Console>} */
      const said = { level, message, url: address, line: line || null, time_stamp: Date.now() };
      this.channel.post(PROTOCOL.message.CONSOLE, said);
    }
  }

  Records.add(Console);
}
