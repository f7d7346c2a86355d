// Finds the fields of a page in which a person could type, tells where they are, and keeps forms from being sent.
// World: process script, privileged, in every content process once the behaviour `forms` is done. It sees documents
// through Xrays and calls Firefox's own natives only, so no code of a page runs. What it returns is data of the page.
"use strict";

(() => {
  const { name, types, most, looks, roots: mostRoots, text: longest, smallest } = FIELD_SETTINGS;
  const found = new WeakMap(); // document -> the fields that were found, by their numbers
  const stopped = new WeakMap(); // document -> how often it tried to send a form
  const guarded = new WeakSet(); // targets of events with our listener
  const cut = (value) => (typeof value === "string" ? value.replace(/\s+/g, " ").trim().slice(0, longest) : "");
  const attribute = (element, key) => cut((element.getAttribute(key) ?? "").slice(0, 4 * longest));

  /** The document of a window, by its number; null if the window is gone. */
  function documentOf(number) {
    const window = WindowGlobalChild.getByInnerWindowId(number)?.browsingContext.window;
    return window?.windowGlobalChild?.innerWindowId === number ? window.document : null;
  }

  // -- forms are not sent ---------------------------------------------------------------------

  /** Firefox is about to send a form. Only the browser sees this event. Prevented, the form is not sent. */
  function onBeforeSubmit(event) {
    const document = event.target.ownerDocument;
    if (!found.has(document)) return;
    event.preventDefault();
    stopped.set(document, (stopped.get(document) ?? 0) + 1);
  }

  const targetOf = (document) => document.defaultView.docShell.chromeEventHandler;

  function guard(document) {
    const target = targetOf(document);
    if (guarded.has(target)) return;
    guarded.add(target);
    target.addEventListener("DOMFormBeforeSubmit", onBeforeSubmit, true);
  }

  /** The behaviour is over: forms are sent again. Returns how often the document tried meanwhile. */
  function end(document) {
    const n = stopped.get(document) ?? 0;
    found.delete(document);
    return { submits: n };
  }

  // -- which fields there are ------------------------------------------------------------------

  /** The document and its shadow roots, open and closed, without Firefox's own. */
  function rootsOf(document) {
    const own = document.getConnectedShadowRoots().filter((root) => !root.isUAWidget());
    return [document, ...own.slice(0, mostRoots)];
  }

  /** Why nobody could type into a field; "" if somebody could. */
  function obstacle(element) {
    if (element.disabled || element.matches(":disabled")) return "disabled";
    if (element.readOnly) return "read-only";
    if (element.value !== "") return "not empty";
    if (!isShown(element) || element.closest("[aria-hidden=true], [inert]")) return "hidden";
    return isPlaced(element) ? "" : "hidden";
  }

  /** Whether an element is large enough, and at a place to which a person can scroll. */
  function isPlaced(element) {
    const { width, height, right, bottom } = element.getBoundingClientRect();
    const { scrollX, scrollY } = element.ownerDocument.defaultView;
    return Math.min(width, height) >= smallest && right + scrollX > 0 && bottom + scrollY > 0;
  }

  const isShown = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });

  /** The texts of a field's labels, also of those that `aria-labelledby` names. */
  function labelOf(element) {
    const root = element.getRootNode();
    const named = attribute(element, "aria-labelledby").split(" ").slice(0, 3);
    const elements = [...[...(element.labels ?? [])].slice(0, 3), ...named.map((id) => id && root.getElementById(id))];
    return cut(elements.map((one) => (one ? one.textContent.slice(0, 4 * longest) : "")).join(" "));
  }

  /** A short name of a field, after those of the shadow hosts around it. */
  function pathOf(element) {
    const names = [];
    for (let node = element; node && names.length < 5; node = node.getRootNode().host) {
      const id = attribute(node, "id");
      const own = attribute(node, "name");
      names.unshift(`${node.localName}${id && `#${id}`}${own && `[name=${own}]`}`.slice(0, longest));
    }
    return names.join(" / ");
  }

  function describe(element, number) {
    const form = element.form;
    return {
      number,
      type: element.type,
      autocomplete: attribute(element, "autocomplete"),
      name: attribute(element, "name"),
      id: attribute(element, "id"),
      placeholder: attribute(element, "placeholder"),
      label: labelOf(element),
      aria_label: attribute(element, "aria-label"),
      role: attribute(element, "role") || (form ? attribute(form, "role") : ""),
      longest: element.maxLength,
      path: pathOf(element),
    };
  }

  /** From top to bottom, as people fill them in. Firefox lists shadow trees in no order. */
  function inOrder(elements) {
    const placed = elements.map((element) => ({ element, box: element.getBoundingClientRect() }));
    placed.sort((one, other) => one.box.y - other.box.y || one.box.x - other.box.x);
    return placed.map(({ element }) => element);
  }

  /** The fields of a document. `skipped` counts others by their obstacle, `more` those that were not looked at. */
  function find(document) {
    const elements = rootsOf(document).flatMap((root) => [...root.querySelectorAll("input")]);
    const typed = elements.slice(0, looks).filter((element) => types.includes(element.type));
    const skipped = {};
    const kept = [];
    for (const element of typed) {
      const why = obstacle(element);
      if (why) skipped[why] = (skipped[why] ?? 0) + 1;
      else kept.push(element);
    }
    const fields = inOrder(kept).slice(0, most);
    found.set(document, fields);
    guard(document);
    const more = Math.max(elements.length - looks, 0) + kept.length - fields.length;
    return { fields: fields.map(describe), skipped, more };
  }

  // -- one field --------------------------------------------------------------------------------

  /** Where the middle of an element is in its window; null where something else is in front of it. */
  function pointOf(element, x, y) {
    const hit = element.getRootNode().elementFromPoint(x, y);
    return hit && (hit === element || element.contains(hit)) ? { x: Math.floor(x), y: Math.floor(y) } : null;
  }

  const questions = {
    __proto__: null,
    find,
    end,
    /** Whether a person can see a frame of this document. */
    frame(document, element, { frame }) {
      const around = BrowsingContext.get(frame)?.embedderElement;
      return { shown: around?.ownerDocument === document && isShown(around) && isPlaced(around) };
    },
    /** Bring a field into sight. */
    show: (document, element) => element.scrollIntoView({ block: "center", inline: "nearest", behavior: "instant" }),
    /**
     * Give the focus to a field that was clicked. Each content process has a focus of its own (see focus.js). That of a
     * frame from another site may have none, and then a click changes nothing.
     */
    focus(document, element) {
      Services.focus.focusedWindow = document.defaultView;
      element.focus({ preventScroll: true });
    },
    /** The middle of a field, as far as it is in sight. */
    point(document, element) {
      const { x, y, width, height } = element.getBoundingClientRect();
      return pointOf(element, x + Math.min(width / 2, 200), y + height / 2);
    },
    /** A point of a frame in the window around it. */
    outside(document, element, { frame, x, y }) {
      const around = BrowsingContext.get(frame)?.embedderElement;
      if (around?.ownerDocument !== document) return null;
      const box = around.getBoundingClientRect();
      return pointOf(around, box.x + around.clientLeft + x, box.y + around.clientTop + y);
    },
    /** What became of a field. `value` is what was typed. */
    state: (document, element, { value }) => ({
      focused: element.isConnected && element.matches(":focus"),
      connected: element.isConnected,
      empty: element.value === "",
      same: element.value === value,
      submits: stopped.get(document) ?? 0,
    }),
    /** Take the focus from a field that kept it. */
    leave: (document, element) => element.blur(),
  };

  function answer({ window, what, field = -1, ...more }) {
    const document = documentOf(window);
    if (!document) return null;
    const element = found.get(document)?.[field] ?? null;
    if (field >= 0 && !element) return null;
    return questions[what](document, element, more) ?? null;
  }

  Services.cpmm.addMessageListener(name, ({ data: { number, question } }) => {
    let text = "null";
    try {
      text = JSON.stringify(answer(question));
    } catch {} // an element that is in no document, say: there is no answer
    Services.cpmm.sendAsyncMessage(name, { number, text });
  });
})();
