// Runs autoconsent in one frame: finds a consent platform, answers it as asked, and looks whether that worked.
// World: the sandbox of behaviours beside a document. It has the rights of the page, which cannot see it. It trusts
// autoconsent and the worker. What it reads of the page is text of any length, and is cut.
"use strict";

/**
 * Begins. `autoconsent` is the package's module. `action` is accept, reject or detect. `rules` are its rules for this frame.
 * Returns {next, scope}: `next(answers, ms)` takes the worker's answers, and promises messages to it, within `ms`.
 * `scope` is where code of rules runs that needs variables of the page.
 */
function beginConsent(autoconsent, action, rules) {
  const TEXT = 500; // characters of a selector in a message
  const MOST_CLICKS = 50;
  const PLACE_LOOKS = 12; // at where an element is, ten a second
  const ARRIVAL_TRIES = 20; // how often we look whether the worker's click has come, twenty times a second
  const GONE_TRIES = 24; // how often we look whether the banner has gone
  const AGAIN = 6; // look after which the last button is clicked again
  const TRY_MS = 250;
  const TEST_TRIES = 4; // of the rule's own test: some platforms keep a choice only after a while
  const TEST_MS = 500;
  const quiet = Object.freeze({ log() {}, warn() {}, error() {} });
  const messages = [];
  const asked = new Map(); // number of a question to the worker -> what takes its answer
  /** @type {(value?: unknown) => void} */
  let awake = () => {};
  let questions = 0;
  let clicks = 0;
  let trusted = 0; // clicks that Firefox made as it makes a person's
  const pressed = new Map(); // element -> its selector

  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const cut = (value) => String(value).slice(0, TEXT);

  function say(message) {
    messages.push(message);
    awake();
  }

  function ask(message) {
    const id = ++questions;
    say({ ...message, id });
    return new Promise((resolve) => asked.set(id, resolve));
  }

  /** Where an element can be clicked now; null where something else is above it, or it has no size. */
  function placeNow(element) {
    let box = element.getBoundingClientRect();
    if (box.top < 0 || box.left < 0 || box.bottom > innerHeight || box.right > innerWidth) {
      element.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
      box = element.getBoundingClientRect();
    }
    const [x, y] = [Math.floor(box.left + box.width / 2), Math.floor(box.top + box.height / 2)];
    const hit = element.getRootNode().elementFromPoint?.(x, y);
    return hit && (hit === element || element.contains(hit)) ? { x, y } : null;
  }

  /** Where to click on an element, once it no longer moves: banners slide in. Null if it cannot be clicked. */
  async function placeOf(element) {
    let before = null;
    for (let looks = 0; looks < PLACE_LOOKS; looks++) {
      const place = placeNow(element);
      if (place && before && place.x === before.x && place.y === before.y) return place;
      before = place;
      await sleep(100);
    }
    return null;
  }

  /** Click on an element: by the worker, as a person does, or else by the element's own method. */
  async function press(element, selector) {
    if (!(element instanceof HTMLElement) || ++clicks > MOST_CLICKS) return false;
    pressed.set(element, selector);
    const target = cut(selector);
    const place = await placeOf(element);
    let arrived = false;
    const seen = (event) => (arrived ||= event.isTrusted && event.composedPath().includes(element));
    if (place) {
      window.addEventListener("click", seen, true);
      await ask({ kind: "click", target, ...place });
      for (let tries = 0; tries < ARRIVAL_TRIES && !arrived; tries++) await sleep(50);
      window.removeEventListener("click", seen, true);
    }
    if (arrived) trusted++;
    else element.click();
    say({ kind: "clicked", target, trusted: arrived });
    return true;
  }

  async function pressSome(selector, all) {
    const elements = consent.domActions.elementSelector(selector);
    for (const element of all ? elements : elements.slice(0, 1)) await press(element, selector);
    return elements.length > 0;
  }

  /** Code of a rule, run with the page's variables: an answer that takes long is a false one. */
  const evaluate = async (id, code) =>
    consent.receiveMessageCallback({ type: "evalResp", id, result: (await ask({ kind: "eval", code })) === true });

  const shown = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });

  /** Whether the banner of a platform can no longer be seen: by its rule, or as nothing of what was pressed can. */
  async function hasGone(cmp) {
    if (window !== window.top && innerWidth * innerHeight === 0) return true; // its frame is hidden
    if (pressed.size > 0 && ![...pressed.keys()].some(shown)) return true;
    if (cmp.popups?.length) return !shown(cmp.popups[0].element);
    return !(await cmp.detectPopup().catch(() => false));
  }

  /** Click on the last button once more: some platforms show their banner before they listen. */
  async function pressAgain() {
    const [element, selector] = [...pressed].at(-1);
    if (shown(element)) await press(element, selector);
  }

  /** A rule has done its part. Look whether that worked. */
  async function check(reported) {
    const cmp = consent.foundCmp;
    let gone = await hasGone(cmp);
    for (let tries = 1; tries <= GONE_TRIES && !gone; tries++) {
      await sleep(TRY_MS);
      gone = await hasGone(cmp);
      if (tries === AGAIN && !gone && pressed.size > 0) await pressAgain();
    }
    const tests = action === "reject" && cmp.hasSelfTest;
    let selfTest = tests ? await cmp.test().catch(() => false) : null;
    for (let tries = 1; tries < TEST_TRIES && selfTest === false; tries++) {
      await sleep(TEST_MS);
      selfTest = await cmp.test().catch(() => false);
    }
    say({ kind: "done", ...about(cmp), reported, gone, selfTest, clicks, trusted });
  }

  const about = (cmp) => ({ cmp: cut(cmp.name), cosmetic: cmp.isCosmetic, intermediate: cmp.isIntermediate });

  /** The popup is open. autoconsent names its rule only after this message. */
  async function open() {
    await sleep(0);
    const cmp = consent.foundCmp;
    say({ kind: "popup", ...about(cmp) });
    if (action === "detect") return;
    if (cmp.isCosmetic) return say({ kind: "unable", ...about(cmp), why: "the rule can only hide the banner" });
    if (action === "accept" && cmp.rule && !cmp.rule.optIn?.length) {
      return say({ kind: "unable", ...about(cmp), why: "the rule can only reject" });
    }
    if (action === "accept" && cmp.popups) cmp.optIn = () => pressAccept(cmp);
    consent.receiveMessageCallback({ type: action === "accept" ? "optIn" : "optOut" }).catch(() => check(false));
  }

  /** The accepting button of a popup that no rule knows: autoconsent itself only refuses there. */
  async function pressAccept({ popups }) {
    const button = popups[0].buttons.find(({ regexClassification }) => regexClassification === "accept");
    return button ? press(button.element, button.text) : false;
  }

  let opened = false;
  function receive(message) {
    if (message.type === "eval") evaluate(message.id, message.code);
    else if (message.type === "cmpDetected") say({ kind: "found", cmp: cut(message.cmp) });
    else if (message.type === "popupFound" && !opened) {
      opened = true;
      open();
    } else if (message.type === "optInResult" || message.type === "optOutResult") check(message.result);
    return Promise.resolve();
  }

  /** What code of a rule sees: natives as they are, whatever the page has made of them, and the page's variables. */
  const page = window.wrappedJSObject;
  const get = (_, name) => {
    if (typeof name !== "string") return undefined;
    if (name === "window" || name === "globalThis" || name === "self") return scope;
    if (name === "console") return quiet;
    if (!(name in globalThis)) return page[name];
    const value = globalThis[name];
    return typeof value === "function" && !value.prototype ? value.bind(window) : value;
  };
  const has = (_, name) => typeof name === "string";
  const scope = new Proxy(Object.create(null), { get, has, set: (_, name, value) => ((page[name] = value), true) });

  const config = {
    autoAction: null,
    enablePrehide: false,
    enableCosmeticRules: true,
    heuristicMode: "reject",
    logs: { errors: false },
  };
  const consent = new autoconsent.default(receive);
  // Nothing of the page changes but by clicks and by the platform's own functions.
  Object.assign(consent.domActions, {
    click: (selector, all = false) => pressSome(selector, all),
    clickElement: (element) => press(element, element?.id || element?.innerText || ""),
    hide: () => true,
    removeClass: () => true,
    setStyle: () => true,
    addStyle: () => true,
  });
  consent.saveFocus = () => {};
  consent.receiveMessageCallback({ type: "initResp", config, rules: { autoconsent: rules } });

  async function next(answers, ms) {
    for (const { id, result } of answers) {
      asked.get(id)?.(result);
      asked.delete(id);
    }
    if (messages.length === 0) {
      await new Promise((resolve) => {
        awake = resolve;
        setTimeout(resolve, ms);
      });
    }
    return messages.splice(0, 20);
  }

  return { next, scope };
}
