// Takes pictures of the pages of a visit at its end: of what the window shows, or of the whole page.
// World: Firefox's parent process, privileged. Firefox draws the page once more, as for its own screenshots. The page
// keeps its size, its scroll position and its focus, so it cannot see that.
"use strict";

{
  const TABLE = "screenshots";
  const TYPE = "image/webp"; // smaller than PNG, see docs/reference/saving.md
  const QUALITY = 0.8;
  const SIDE = 16_383; // px: the longest side of a WebP picture
  const PIXELS = 20_000_000; // of one picture: 80 MB while it is drawn; of a page 1280 px wide, 15,625 px in height
  const AT_A_TIME = 4; // pictures of whole pages being drawn in one Firefox
  const TURN_MS = 2000; // then the next page is drawn as well: this one may be in an endless loop
  const PAGES = 10; // pages of one visit: the visited page and its pop-ups
  const WHITE = "rgb(255, 255, 255)";

  ParentRecords.add(TABLE, ({ emit, gap, files, frameMembers, ask }) => {
    if (!SAVED.screenshot) return null;
    const kinds = SAVED.screenshot.length > 0 ? SAVED.screenshot : ["viewport"];
    const waiting = []; // functions that begin to draw
    let drawing = 0;

    function next() {
      if (waiting.length > 0) waiting.shift()();
      else drawing--;
    }

    /** What a function promises. It runs when fewer than `AT_A_TIME` others do. */
    async function inTurn(run) {
      if (drawing === AT_A_TIME) await new Promise((resolve) => waiting.push(resolve));
      else drawing++;
      const running = run();
      const limit = pause(TURN_MS);
      Promise.race([running, limit.waited])
        .catch(() => {}) // the caller gets the error
        .finally(next);
      return running.finally(limit.cancel);
    }

    /** The part of a page that is drawn; null: what its window shows. */
    function areaOf(kind, size) {
      if (kind === "viewport") return null;
      const width = Math.min(size.width, SIDE);
      return new DOMRect(0, 0, width, Math.min(size.height, SIDE, Math.floor(PIXELS / width)));
    }

    async function draw(window, area) {
      // Older ones take a boolean for the options, and any object is a true one.
      const options = area === null ? undefined : { resetScrollPosition: true };
      const bitmap = await window.drawSnapshot(area, 1, WHITE, options);
      const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
      canvas.getContext("bitmaprenderer").transferFromImageBitmap(bitmap);
      const blob = await canvas.convertToBlob({ type: TYPE, quality: QUALITY });
      return { width: canvas.width, height: canvas.height, content: new Uint8Array(await blob.arrayBuffer()) };
    }

    async function take(user, window, kind, size) {
      const members = frameMembers(user, window);
      const area = areaOf(kind, size);
      const drawn = area ? inTurn(() => draw(window, area)) : draw(window, area);
      const { width, height, content } = await drawn;
      const cut = area !== null && (width < size.width || height < size.height);
      if (cut) gap(user, `${TABLE} cut`);
      /** @type {Protocol.Screenshots} */
      const message = {
        type: PROTOCOL.message.SCREENSHOTS,
        ...members,
        url: members.top,
        moment: "end",
        kind,
        mime_type: TYPE,
        width,
        height,
        is_cut: cut,
        time_stamp: Date.now(),
        file: await files.keep(user, content),
      };
      emit(message);
    }

    async function ended(user) {
      const windows = PageContents.topWindowsOf(user);
      if (windows.length > PAGES) gap(user, `${TABLE} over the limit`);
      const shown = windows.slice(0, PAGES);
      const sizes = new Map();
      const numbers = kinds.includes("page") ? shown.map(({ innerWindowId }) => innerWindowId) : [];
      if (numbers.length > 0) await ask(user, "size", numbers, (number, size) => sizes.set(number, size));
      const pictures = shown.flatMap((window) =>
        kinds.map((kind) => take(user, window, kind, sizes.get(window.innerWindowId))),
      );
      for (const result of await Promise.allSettled(pictures)) if (result.status === "rejected") throw result.reason;
    }
    return { ended };
  });
}
