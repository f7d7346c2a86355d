// Records errors that the page's scripts did not catch, and errors and warnings that they write on the console.
// World: sandbox of a document. It reads events and changes nothing.
"use strict";

{
  const MAX = 200; // messages per document and level
  const TEXT = 5000; // characters of one message
  const { classOf } = Text;

  /** A value as text. An Xray shows the members of an error as Firefox made them. */
  function textOf(value) {
    if (value === undefined) return "undefined";
    try {
      if (/^\[object (?:Error|DOMException)\]$/.test(classOf(value))) return `${value.name}: ${value.message}`;
    } catch {
      // The value is written as text below.
    }
    return Text.value(value, false, TEXT);
  }

  /** Values joined to one text, as many as it has room for. */
  function joined(values) {
    let text = "";
    for (let i = 0; i < values.length && text.length < TEXT; i++) text += (i > 0 ? " " : "") + textOf(values[i]);
    return text;
  }

  class Console {
    constructor({ window, channel }) {
      this.window = window;
      this.channel = channel;
      this.counts = { error: 0, warning: 0 };
    }

    handle(event) {
      if (event.type !== "error" || event.target !== this.window) return;
      this.emit("error", event.filename, event.lineno, () => event.message);
    }

    /** Record an error that Firefox wrote on the console: see content_process/console.js. */
    uncaught(url, line, message, rejected, reason) {
      this.emit("error", url, line, () => (rejected ? `unhandled rejection: ${textOf(reason)}` : message));
    }

    written(level, url, line, ...values) {
      this.emit(level, url, line, () => joined(values));
    }

    emit(level, url, line, text) {
      if (this.counts[level]++ === MAX) this.channel.gap(PROTOCOL.gap.CONSOLE);
      if (this.counts[level] > MAX) return;
      const message = String(text()).slice(0, TEXT);
      const address = url?.slice(0, Recorder.CAPS.url);
      /** @type {Protocol.FromRealm<Protocol.Console>} */
      const record = { level, message, url: address, line: line || null, time_stamp: Date.now() };
      this.channel.post(PROTOCOL.message.CONSOLE, record);
    }
  }

  Records.add(Console);
}
