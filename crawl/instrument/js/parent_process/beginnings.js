// Keeps the beginning of a long text.
// World: Firefox's parent process, privileged. The text is a page's.
"use strict";

/**
 * The first `most` characters of an address; null if there is none. Firefox would keep the whole of a long text in memory
 * for a part of it, and a page may have data: URLs of 32 MB. So the beginning becomes a text of its own.
 */
const beginningOf = (() => {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  return (text, most) => {
    if (!(text?.length > most)) return text ?? null;
    return decoder.decode(encoder.encode(text.slice(0, most)));
  };
})();
