// Frames and pop-ups that a page can reach before their own content script has run: the empty document
// that stands in a new frame until its page has come. Their realm is instrumented from here, at the moment
// the page could first reach it, and handed over when their own content script starts.
// World: content script. Realms of other origins are not reachable, neither for the page nor here.
"use strict";

const Early = (() => {
  const NAME = OVERSCRIPTED.token.slice(32); // of the events by which content scripts find each other
  const THERE = `${NAME}?`; // "is a content script there?": yes where it is prevented
  const MINE = `${NAME}!`; // "I am here now": give the realm back
  const done = new WeakSet(); // documents that are instrumented, by us or by themselves
  const seen = new WeakSet(); // windows of frames that have been looked at
  const NONE = [];
  const self = window; // looked up once, as is its getter: both cost more than what they tell, at each insertion
  const frames = Object.getOwnPropertyDescriptor(self, "length").get;
  let begin = null;

  function ask(realm, name) {
    const event = new CustomEvent(name, { cancelable: true });
    realm.dispatchEvent(event);
    return event.defaultPrevented;
  }

  /** Instrument a window that the page is about to reach, if it is not and the page may look into it. */
  function adopt(realm) {
    let inner;
    try {
      inner = realm?.document;
    } catch {
      return; // another origin's
    }
    if (!inner || done.has(inner) || !begin) return;
    done.add(inner);
    if (ask(realm, THERE)) return;
    const parent = realm.parent === realm ? -1 : browser.runtime.getFrameId(realm.parent);
    const frame = parent < 0 ? -1 : browser.runtime.getFrameId(realm); // a pop-up is of another tab
    const give = begin(realm, { document: inner, frame, parent });
    const back = () => {
      realm.removeEventListener(MINE, back);
      give();
    };
    realm.addEventListener(MINE, back);
  }

  /** Adopt the frames that the page can reach by index and has not had before; their number may be as it was. */
  function scan() {
    const length = Reflect.apply(frames, self, NONE);
    for (let i = 0; i < length; i++) {
      const realm = self[i];
      if (seen.has(realm)) continue;
      seen.add(realm);
      adopt(realm);
    }
  }

  /** Called first: take this window over from whoever instrumented it, and answer for it from now on. */
  function claim() {
    done.add(document);
    ask(window, MINE);
    window.addEventListener(THERE, (event) => event.preventDefault());
  }

  /** `start(window, place)` instruments a window and gives a function that ends that. */
  function watch(start) {
    begin = start;
    if (document.readyState !== "loading") return;
    // What the parser inserts is seen before the next script of the page runs.
    const observer = new MutationObserver(scan);
    observer.observe(document, { childList: true, subtree: true });
    document.addEventListener("DOMContentLoaded", () => observer.disconnect(), true);
  }

  // -- where a page can insert a frame, or get at one -------------------------------------------

  const INSERT = {
    "Node.prototype": ["appendChild", "insertBefore", "replaceChild"],
    "Element.prototype": [
      ...["append", "prepend", "before", "after", "replaceWith", "replaceChildren", "insertAdjacentElement"],
      ...["insertAdjacentHTML", "setHTMLUnsafe", "moveBefore", "innerHTML", "outerHTML"],
    ],
    "Document.prototype": [
      ...["append", "prepend", "replaceChildren", "write", "writeln", "execCommand", "moveBefore"],
    ],
    "DocumentFragment.prototype": ["append", "prepend", "replaceChildren", "moveBefore"],
    "ShadowRoot.prototype": ["innerHTML", "setHTMLUnsafe"],
    "CharacterData.prototype": ["before", "after", "replaceWith"],
    "DocumentType.prototype": ["before", "after", "replaceWith"],
    "Range.prototype": ["insertNode", "surroundContents"],
  };
  const REACH = {
    "HTMLIFrameElement.prototype": ["contentWindow", "contentDocument", "getSVGDocument"],
    "HTMLFrameElement.prototype": ["contentWindow", "contentDocument"],
    "HTMLObjectElement.prototype": ["contentWindow", "contentDocument", "getSVGDocument"],
    "HTMLEmbedElement.prototype": ["getSVGDocument"],
  };

  for (const [path, names] of Object.entries(INSERT)) {
    const owner = path.replace(".prototype", "");
    for (const name of names) {
      Install.after(`${owner}.${name}`, (receiver, values, result) => (scan(), result));
      Install.after(`set ${owner}.${name}`, scan);
    }
  }
  for (const [path, names] of Object.entries(REACH)) {
    const owner = path.replace(".prototype", "");
    for (const name of names) {
      const reach = (receiver, values, result) => {
        if (result !== null) {
          const it = XPCNativeWrapper(result);
          try {
            adopt(name === "contentWindow" ? it : it.defaultView);
          } catch {
            // Another origin's window: the page cannot look into it, nor can we.
          }
        }
        return result;
      };
      Install.after(`get ${owner}.${name}`, reach);
      Install.after(`${owner}.${name}`, reach);
    }
  }
  Install.after("Window.open", (receiver, values, result) => {
    if (result) adopt(XPCNativeWrapper(result));
    return result;
  });

  return { adopt, claim, watch, hooked: { ...INSERT, ...REACH, window: ["open"] } };
})();
