// Lists the links of a page.
// World: a sandbox of a frame, with the rights of its page. The page cannot see into it.
"use strict";

/**
 * The links that a person could click, as [address, text, referrer policy], of the first `most` links of the document.
 * Longer addresses than `longest` are left out; together they have `total` characters at most. With them the document's
 * address and the referrer policy that its markup sets.
 */
function linksOfPage(most, longest, total) {
  const links = [];
  let left = total;
  // A page can name an element "links"; a method of the prototype is always the browser's.
  const all = Document.prototype.querySelectorAll.call(document, "a[href], area[href]");
  for (let i = 0; i < Math.min(all.length, most) && left > 0; i++) {
    const link = all[i];
    if (link.href.length > longest || link.hasAttribute("download") || !isShown(link)) continue;
    const policy = link.relList.contains("noreferrer") ? "no-referrer" : link.referrerPolicy;
    const text = link.textContent.trim().slice(0, 200);
    links.push([link.href, text, policy]);
    left -= link.href.length + text.length;
  }
  const metas = Document.prototype.querySelectorAll.call(document, "meta[name=referrer i][content]");
  const policy = metas[metas.length - 1]?.content.slice(0, 100) ?? "";
  return { url: document.URL, policy, links };
}

/** Whether an element has a box that can be seen. Links that nobody sees are often there for crawlers alone. */
function isShown(element) {
  const shown = element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  if (!shown) return element.localName === "area";
  const { width, height } = element.getBoundingClientRect();
  return width > 0 && height > 0;
}
