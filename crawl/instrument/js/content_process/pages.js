// Writes a document as HTML or as text, and tells how large its page is.
// World: process script, privileged. It sees documents through Xrays and calls Firefox's own natives only, so no code of
// a page runs. What these return is data of the page.
"use strict";

const Pages = (() => {
  // Characters of one document. Of a longer one the beginning is kept.
  const MARKUP = 8 * 2 ** 20;
  const TEXT = 2 ** 20;
  const ADDRESS = 100_000; // characters of a document's address
  const LANGUAGE = 100; // characters of a language that a document declares
  const { OutputRaw, OutputDontRewriteEncodingDeclaration, OutputLFLineBreak, OutputNoScriptContent } =
    Ci.nsIDocumentEncoder;
  const { SkipInvisibleContent, AllowCrossShadowBoundary } = Ci.nsIDocumentEncoder;
  const SOURCE = OutputRaw | OutputDontRewriteEncodingDeclaration;
  const VISIBLE = SkipInvisibleContent | AllowCrossShadowBoundary | OutputNoScriptContent | OutputLFLineBreak;

  /** The beginning of a document, or of one of its shadow roots, as Firefox writes it. It may be somewhat longer. */
  function encoded(document, type, flags, most, root = null) {
    const encoder = Cu.createDocumentEncoder(type);
    encoder.init(document, type, flags);
    if (root) encoder.setContainerNode(root);
    return encoder.encodeToStringWithMaxLength(most);
  }

  /** The shadow roots of a document, open and closed, that have room together. Firefox's own are left out. */
  function shadowRootsOf(document, room) {
    const kept = [];
    const roots = document.getConnectedShadowRoots().filter((root) => !root.isUAWidget());
    let looks = 2 * MARKUP; // characters that are written to find out how long roots are
    for (const root of roots) {
      const { length } = encoded(document, "text/html", SOURCE, room, root);
      if (length < room) {
        room -= length;
        kept.push(root);
      }
      if ((looks -= length) < 0) break;
    }
    return { kept, whole: kept.length === roots.length };
  }

  /** A child of a document as in the HTML standard. Shadow roots become `template` elements with `shadowrootmode`. */
  function written(node, shadowRoots) {
    if (node.nodeType === node.COMMENT_NODE) return `<!--${node.data}-->`;
    if (node.nodeType !== node.ELEMENT_NODE) return new XMLSerializer().serializeToString(node); // its type
    const outer = node.outerHTML;
    if (shadowRoots.length === 0) return outer;
    const end = outer.lastIndexOf("</");
    return outer.slice(0, end - node.innerHTML.length) + node.getHTML({ shadowRoots }) + outer.slice(end);
  }

  /** A document as markup. How long it is, is known before Firefox writes the whole. */
  function html(document) {
    const isHTML = document.contentType === "text/html";
    const beginning = encoded(document, isHTML ? "text/html" : "text/xml", SOURCE, MARKUP);
    if (!isHTML || beginning.length >= MARKUP) return { content: beginning, most: MARKUP, shadow_roots: 0 };
    const { kept, whole } = shadowRootsOf(document, MARKUP - beginning.length);
    const content = [...document.childNodes].map((node) => written(node, kept)).join("");
    return { content, most: MARKUP, shadow_roots: kept.length, cut: !whole };
  }

  /** What a person can see of a document as text, also in shadow roots. */
  function text(document) {
    const content = encoded(document, "text/plain", VISIBLE, TEXT).trim();
    return { content, most: TEXT, declared: (document.documentElement?.getAttribute("lang") ?? "").slice(0, LANGUAGE) };
  }

  /** The size of a document's whole page, in px of CSS. */
  function size({ defaultView: { innerWidth, innerHeight, scrollMaxX, scrollMaxY } }) {
    return { content: "", most: 1, width: innerWidth + scrollMaxX, height: innerHeight + scrollMaxY };
  }

  const answers = { __proto__: null, html, text, size };

  return {
    /** What is asked of a document; `content` is its bytes. */
    answer(what, document) {
      const { content, most, cut = false, ...more } = answers[what](document);
      const kept = content.slice(0, most);
      return {
        ...more,
        cut: cut || content.length >= most,
        content: new TextEncoder().encode(kept),
        characters: kept.replace(/[\ud800-\udbff][\udc00-\udfff]/g, " ").length,
        url: document.documentURI.slice(0, ADDRESS),
        mime_type: document.contentType,
        encoding: document.characterSet,
      };
    },
  };
})();
