// Makes the clock of a window or worker begin at another time, and its random numbers the same in each replay. Only with
// --replay-clock and --replay-random, since a page can notice both.
// World: of a window, a sandbox with the rights of its page; of a worker, its own global. It runs before any script of
// the page. Scripts of the page reach these functions only through what they replace. Scripts of a worker can change
// iterators, methods and inherited members of its global. So what runs after them uses none of these.
"use strict";

/**
 * `text` is JSON: {shift: ms that are added to the time, or null, seed: eight numbers of 32 bits, or null}.
 * `dress(run, name)` gives a function the look of a native. Without it a proxy of the native takes the native's place.
 */
(global, text, dress = null) => {
  const { shift, seed } = JSON.parse(text);
  const { apply, construct } = Reflect;
  const { defineProperty, getOwnPropertyDescriptor, getPrototypeOf } = Object;

  /** A function as long as the native, up to one argument, that gives its receiver and arguments to `run`. */
  // prettier-ignore
  const shaped = (length, run) => length === 0
    ? { wrapper() { return run(this, arguments); } }.wrapper
    : { wrapper(value) { return run(this, arguments); } }.wrapper; // eslint-disable-line no-unused-vars

  /**
   * Replace a method ("value"), getter ("get") or setter ("set") if there is one. `run(native, receiver, values)` is
   * called in its place.
   */
  function replace(owner, name, part, run) {
    const found = owner && getOwnPropertyDescriptor(owner, name);
    const native = found?.configurable ? found[part] : undefined;
    if (typeof native !== "function") return;
    const replaced = (receiver, values) => run(native, receiver, values);
    const handler = { __proto__: null, apply: (_, receiver, values) => replaced(receiver, values) };
    const shown = part === "value" ? name : `${part} ${name}`;
    const made = dress ? dress(shaped(native.length, replaced), shown) : new global.Proxy(native, handler);
    defineProperty(owner, name, { __proto__: null, [part]: made });
  }

  // -- the clock --------------------------------------------------------------------------------

  const NEVER = Date.UTC(1981); // a cookie that expires before is to be deleted, by whatever clock

  /** Everything that tells the time as a date. It goes on from the other time as fast as before. */
  function moveClock() {
    const { Date } = global;
    const { now, prototype } = Date;
    const { toString } = prototype;
    const present = () => apply(now, Date, []) + shift;
    const handler = {
      __proto__: null,
      apply: () => apply(toString, construct(Date, [present()]), []),
      construct: (native, values, target) => construct(native, values.length === 0 ? [present()] : values, target),
    };
    const moved = new global.Proxy(Date, handler);
    replace(Date, "now", "value", present);
    defineProperty(prototype, "constructor", { __proto__: null, value: moved });
    defineProperty(global, "Date", { __proto__: null, value: moved });
    movePerformance(global.Performance.prototype, global.PerformanceTiming?.prototype);
    if (global.document) moveCookies();
  }

  /** The times at which a document or worker began, and what a document did then. */
  function movePerformance(performance, timing) {
    const later = (time) => (typeof time === "number" && time > 0 ? time + shift : time); // 0: has not happened
    const moved = (times) => {
      for (const name in times) times[name] = later(times[name]);
      return times;
    };
    const get = (native, receiver) => later(apply(native, receiver, []));
    if (global.document) replace(performance, "timeOrigin", "get", get); // of a worker: see worker/repeatable.js
    for (const name in timing) replace(timing, name, "get", get);
    replace(timing, "toJSON", "value", (native, receiver) => moved(apply(native, receiver, [])));
    replace(performance, "toJSON", "value", (native, receiver) => moved(apply(native, receiver, [])));
  }

  /** Firefox's own clock forgets cookies. So the date that a page sets is moved the other way. */
  function moveCookies() {
    const { parse } = Date;
    const date = (whole, name, value) => {
      const time = parse(value);
      return time > NEVER ? name + new Date(time - shift).toUTCString() : whole;
    };
    replace(global.Document.prototype, "cookie", "set", (native, receiver, values) => {
      const [cookie] = values;
      const moved = typeof cookie === "string" ? cookie.replace(/(;\s*expires\s*=\s*)([^;]+)/i, date) : cookie;
      apply(native, receiver, values.length === 0 ? [] : [moved]);
    });
    replace(global.CookieStore?.prototype, "set", "value", (native, receiver, values) => {
      const [cookie] = values;
      const expires = values.length === 1 && typeof cookie === "object" ? cookie?.expires : null;
      if (typeof expires !== "number" || expires <= NEVER) return apply(native, receiver, values);
      return apply(native, receiver, [{ ...cookie, expires: expires - shift }]);
    });
  }

  // -- random numbers ---------------------------------------------------------------------------

  /** Makes numbers of 32 bits of four: sfc32 of PractRand, by Chris Doty-Humphrey, in the public domain. */
  function generator(a, b, c, d) {
    const next = () => {
      const number = (a + b + d) | 0;
      d = (d + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + number) | 0;
      return number >>> 0;
    };
    for (let n = 0; n < 12; n++) next();
    return next;
  }

  /** Numbers and bytes come from generators of their own: how many a page takes of one does not change the other. */
  function seedNumbers() {
    const number = generator(seed[0], seed[1], seed[2], seed[3]);
    const word = generator(seed[4], seed[5], seed[6], seed[7]);
    replace(global.Math, "random", "value", () => ((number() >>> 5) * 2 ** 26 + (number() >>> 6)) / 2 ** 53);
    const crypto = global.Crypto?.prototype;
    if (crypto) seedBytes(crypto, word);
  }

  function seedBytes(crypto, word) {
    const typed = getPrototypeOf(Uint8Array.prototype);
    const getter = (name) => getOwnPropertyDescriptor(typed, name).get;
    const [buffer, start, length] = [getter("buffer"), getter("byteOffset"), getter("byteLength")];
    const Bytes = Uint8Array;
    /** Fill a typed array by its bytes, four of each number. */
    function fill(array) {
      const bytes = new Bytes(apply(buffer, array, []), apply(start, array, []), apply(length, array, []));
      const size = apply(length, array, []);
      for (let at = 0, left = 0; at < size; at++, left >>>= 8) {
        if (at % 4 === 0) left = word();
        bytes[at] = left & 255;
      }
      return array;
    }
    // The native comes first: it refuses what is no array of numbers, or too long.
    replace(crypto, "getRandomValues", "value", (native, receiver, values) => fill(apply(native, receiver, values)));
    replace(crypto, "randomUUID", "value", (native, receiver) => {
      apply(native, receiver, []);
      return uuid(word);
    });
  }

  /** A UUID of version 4. */
  function uuid(word) {
    const DIGITS = "0123456789abcdef";
    let [text, left] = ["", 0];
    for (let at = 0; at < 32; at++, left >>>= 4) {
      if (at % 8 === 0) left = word();
      if (at === 8 || at === 12 || at === 16 || at === 20) text += "-";
      text += at === 12 ? "4" : DIGITS[at === 16 ? 8 + (left & 3) : left & 15];
    }
    return text;
  }

  if (shift !== null) moveClock();
  if (seed !== null) seedNumbers();
};
