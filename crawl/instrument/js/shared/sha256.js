// SHA-256 of bytes, synchronously. Firefox's own function returns a promise, which resolves after the call was
// recorded.
// World: sandbox of a document, or the debugger global of a worker's thread. Source: FIPS 180-4.
"use strict";

const sha256 = (() => {
  let K = null; // made at first use, because few documents hash anything
  let START = null;
  const rotate = (x, n) => (x >>> n) | (x << (32 - n));
  const words = new Int32Array(64);

  function prepare() {
    const primes = [];
    for (let n = 2; primes.length < 64; n++) if (primes.every((p) => n % p)) primes.push(n);
    const fraction = (x) => ((x - Math.floor(x)) * 2 ** 32) | 0;
    K = Int32Array.from(primes, (p) => fraction(Math.cbrt(p)));
    START = Int32Array.from(primes.slice(0, 8), (p) => fraction(Math.sqrt(p)));
  }

  function block(state, view, at) {
    for (let i = 0; i < 16; i++) words[i] = view.getInt32(at + i * 4);
    for (let i = 16; i < 64; i++) {
      const [x, y] = [words[i - 15], words[i - 2]];
      const s0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3);
      const s1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10);
      words[i] = words[i - 16] + s0 + words[i - 7] + s1;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i++) {
      const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[i] + words[i]) | 0;
      const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((x, i) => (state[i] += x));
  }

  /** Hexadecimal SHA-256 of a Uint8Array. */
  return (bytes) => {
    if (K === null) prepare();
    const state = START.slice();
    const { length } = bytes;
    const whole = length - (length % 64);
    const view = new DataView(bytes.buffer, bytes.byteOffset, length);
    for (let at = 0; at < whole; at += 64) block(state, view, at);
    const tail = new Uint8Array(length % 64 < 56 ? 64 : 128);
    tail.set(bytes.subarray(whole));
    tail[length % 64] = 0x80;
    const end = new DataView(tail.buffer);
    end.setUint32(tail.length - 8, Math.floor(length / 2 ** 29));
    end.setUint32(tail.length - 4, (length * 8) >>> 0);
    for (let at = 0; at < tail.length; at += 64) block(state, end, at);
    return Array.from(state, (x) => (x >>> 0).toString(16).padStart(8, "0")).join("");
  };
})();
