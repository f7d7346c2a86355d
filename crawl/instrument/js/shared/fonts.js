// Tells which reads of boxes may be probes for fonts. Pages read the boxes of elements all the time. A script that looks
// for fonts sets a font and then reads a box. So reads are recorded only after a script has set a font in the document.
// World: sandbox of a document, or the debugger global of a worker's thread, which has no boxes.
"use strict";

const Fonts = (() => {
  // Words of `when` in settings.
  const BOXES = "fonts";
  const FONT_TEXT = "*font*";
  const FONT = /font/i;

  return {
    BOXES,
    FONT_TEXT,
    /** What a setting `when` asks of gets and sets, too: BOXES, FONT_TEXT or null. */
    gate: (when) => (when === BOXES ? BOXES : Array.isArray(when) && when.includes(FONT_TEXT) ? FONT_TEXT : null),
    /** Whether one of the first values is text that mentions a font. */
    mentioned: (values) => {
      for (let i = 0; i < values.length && i < 4; i++) {
        if (typeof values[i] === "string" && FONT.test(values[i])) return true;
      }
      return false;
    },
    /** Counts how many reads of boxes in one document are still recorded. */
    Allowance: class Allowance {
      left = 0;

      /** A script has set a font: so many further reads are recorded. */
      grant(reads) {
        this.left += reads;
      }

      /** Whether one more read is recorded. */
      take() {
        if (this.left === 0) return false;
        this.left--;
        return true;
      }
    },
  };
})();
