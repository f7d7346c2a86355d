// Finds an element for a behaviour.
// World: a sandbox of a frame, with the rights of its page. The page cannot see into it.
"use strict";

/**
 * Brings the first element that a CSS selector matches into view, also one in open shadow trees, `most` at most.
 * Returns the middle of what is seen of it, as [x, y] in pixels of the frame's window; null where there is none.
 */
function findElement(selector, most) {
  const roots = [document];
  for (const root of roots) {
    const element = root.querySelector(selector);
    if (element) {
      element.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
      return middleOf(element.getBoundingClientRect());
    }
    for (const { shadowRoot } of root.querySelectorAll("*")) {
      if (shadowRoot && roots.length < most) roots.push(shadowRoot);
    }
  }
  return null;
}

function middleOf({ left, top, right, bottom }) {
  const [fromX, toX] = [Math.max(left, 0), Math.min(right, innerWidth)];
  const [fromY, toY] = [Math.max(top, 0), Math.min(bottom, innerHeight)];
  return fromX < toX && fromY < toY ? [Math.floor((fromX + toX) / 2), Math.floor((fromY + toY) / 2)] : null;
}
