// Scrolls a page for a behaviour.
// World: a sandbox of a frame, with the rights of its page. The page cannot see into it.
"use strict";

/**
 * Scrolls by `rest` pixels, unless the page has prevented the wheel that came before; with 0 it only begins to watch
 * for that. Firefox scrolls by the wheel in its selected tab alone, and by a script in every tab.
 * Returns the position in pixels, and whether it is the end.
 */
function scrollPage(rest) {
  const scroller = scrollerOfPage();
  if (rest === 0) {
    const note = ({ defaultPrevented }) => (globalThis.wheelPrevented = defaultPrevented);
    globalThis.wheelPrevented = false;
    addEventListener("wheel", note, { once: true, passive: true });
  } else if (!globalThis.wheelPrevented) {
    scroller.scrollBy({ top: rest, behavior: "instant" });
  }
  const { scrollTop, scrollHeight, clientHeight } = scroller;
  return [Math.round(scrollTop), scrollTop + clientHeight >= scrollHeight - 2];
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
