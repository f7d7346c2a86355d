// Finds places of a window for the mouse.
// World: a sandbox of a frame, with the rights of its page. The page cannot see into it.
"use strict";

/** The middles of links, buttons, pictures and fields that the window shows, as [x, y, name]: `most` of them. */
function placesOfWindow(most) {
  const found = [];
  for (const element of document.querySelectorAll("a[href], button, img, input, [role=button]")) {
    const { x, y, width, height } = element.getBoundingClientRect();
    const [atX, atY] = [Math.round(x + width / 2), Math.round(y + height / 2)];
    // What is covered or outside of the window is not what a person sees there.
    if (document.elementFromPoint(atX, atY) === element) found.push([atX, atY, element.localName]);
    if (found.length === most) break;
  }
  return found;
}
