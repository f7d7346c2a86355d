// Finds out what pages can learn about the display, about videos and about fonts. This needs no page: one process draws
// for all.
// World: Firefox's parent process, privileged.
"use strict";

/**
 * Returns JSON text. `webgl` is the renderer; "" if there is none. `common` is JSON text, too: names of fonts. `fonts`
 * are those of them that are installed.
 */
function display(common) {
  const drawn = new OffscreenCanvas(1, 1).getContext("webgl");
  const webgl = drawn?.getParameter(drawn.RENDERER) ?? "";
  drawn?.getExtension("WEBGL_lose_context")?.loseContext();
  const mouse = matchMedia("(hover: hover) and (pointer: fine)").matches;
  const h264 = MediaSource.isTypeSupported('video/mp4; codecs="avc1.42E01E"');
  const installed = Cc["@mozilla.org/gfx/fontenumerator;1"].createInstance(Ci.nsIFontEnumerator).EnumerateAllFonts();
  const fonts = JSON.parse(common).filter((name) => installed.includes(name));
  const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return JSON.stringify({ webgl, h264, mouse, screen: `${screen.width}x${screen.height}`, fonts, timezone });
}
