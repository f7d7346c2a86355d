// Finds out what pages can know of the display and of films. No page is needed: one process draws for all.
// World: Firefox's parent process, privileged.
"use strict";

/** As JSON text; `webgl` is who draws, empty where nobody does. */
function display() {
  const drawn = new OffscreenCanvas(1, 1).getContext("webgl");
  const webgl = drawn?.getParameter(drawn.RENDERER) ?? "";
  drawn?.getExtension("WEBGL_lose_context")?.loseContext();
  const mouse = matchMedia("(hover: hover) and (pointer: fine)").matches;
  const h264 = MediaSource.isTypeSupported('video/mp4; codecs="avc1.42E01E"');
  return JSON.stringify({ webgl, h264, mouse, screen: `${screen.width}x${screen.height}` });
}
