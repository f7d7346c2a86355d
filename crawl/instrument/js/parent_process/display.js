// Finds out what pages can learn about the display and about videos. This needs no page: one process draws for all.
// World: Firefox's parent process, privileged.
"use strict";

/** Returns JSON text. `webgl` is the renderer; "" if there is none. */
function display() {
  const drawn = new OffscreenCanvas(1, 1).getContext("webgl");
  const webgl = drawn?.getParameter(drawn.RENDERER) ?? "";
  drawn?.getExtension("WEBGL_lose_context")?.loseContext();
  const mouse = matchMedia("(hover: hover) and (pointer: fine)").matches;
  const h264 = MediaSource.isTypeSupported('video/mp4; codecs="avc1.42E01E"');
  return JSON.stringify({ webgl, h264, mouse, screen: `${screen.width}x${screen.height}` });
}
