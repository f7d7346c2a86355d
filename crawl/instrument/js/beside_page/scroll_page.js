// Scrolls a page for a behaviour: one function is called before the wheel is turned, the other one after it.
// World: a sandbox of a frame, with the rights of its page. The page cannot see into it.
"use strict";

/**
 * Begins to watch whether the page prevents the wheel. Returns where the page is scrolled to, and the width and height
 * of its window, in pixels.
 */
function beginScroll() {
  const note = ({ defaultPrevented }) => (globalThis.wheelPrevented = defaultPrevented);
  globalThis.wheelPrevented = false;
  addEventListener("wheel", note, { once: true, passive: true });
  return [Math.round(scrollerOfPage().scrollTop), innerWidth, innerHeight];
}

/**
 * Scrolls by what the wheel has left of `pixels`, unless the page has prevented the wheel. Firefox scrolls by the wheel
 * in its selected tab alone, and by a script in every tab. `before` is what `beginScroll` returned first.
 * Returns how far the page has moved since then, and whether it is at its end.
 */
function endScroll(before, pixels) {
  const scroller = scrollerOfPage();
  const rest = pixels - (Math.round(scroller.scrollTop) - before);
  if (!globalThis.wheelPrevented) scroller.scrollBy({ top: rest, behavior: "instant" });
  const { scrollTop, scrollHeight, clientHeight } = scroller;
  return [Math.round(scrollTop) - before, scrollTop + clientHeight >= scrollHeight - 2];
}

/** What a wheel over the middle of the window scrolls: a part of the page, or the page itself. */
function scrollerOfPage() {
  const page = document.scrollingElement ?? document.documentElement;
  const middle = document.elementFromPoint(innerWidth / 2, innerHeight / 2);
  for (let at = middle; at; at = at.parentElement) {
    const isPage = at === document.body || at === document.documentElement;
    if (!isPage && at.scrollHeight > at.clientHeight + 1 && /auto|scroll/.test(getComputedStyle(at).overflowY)) {
      return at;
    }
  }
  return page;
}
