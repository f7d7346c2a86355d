// Asks windows of a visit about their fields, and passes on what they answer.
// World: Firefox's parent process, privileged. After visit_tabs.js. Needs FIELD_SETTINGS.
// Trusts: our process script. An answer is data of the page.
"use strict";

/** The process of a window; null if it has ended. */
function processOf({ osPid }) {
  const { ppmm } = Services;
  for (let i = 0; i < ppmm.childCount; i++) if (ppmm.getChildAt(i).osPid === osPid) return ppmm.getChildAt(i);
  return null;
}

/** What a window answers, as JSON text: "null" if it is gone or busy. */
function askWindow(window, question) {
  const { ppmm } = Services;
  if (!ppmm.getDelayedProcessScripts().some(([url]) => url === FIELD_SETTINGS.script))
    ppmm.loadProcessScript(FIELD_SETTINGS.script, true);
  const process = processOf(window);
  if (!process) return "null";
  const number = Services.uuid.generateUUID().toString();
  return new Promise((resolve) => {
    const timer = Cc["@mozilla.org/timer;1"].createInstance(Ci.nsITimer);
    const settle = (text) => {
      timer.cancel();
      ppmm.removeMessageListener(FIELD_SETTINGS.name, handle);
      resolve(text);
    };
    const handle = ({ target, data }) => {
      if (data.number !== number || target.osPid !== window.osPid) return;
      settle(typeof data.text === "string" && data.text.length <= FIELD_SETTINGS.answer ? data.text : "null");
    };
    ppmm.addMessageListener(FIELD_SETTINGS.name, handle);
    timer.initWithCallback(() => settle("null"), FIELD_SETTINGS.patience, Ci.nsITimer.TYPE_ONE_SHOT);
    process.sendAsyncMessage(FIELD_SETTINGS.name, { number, question: { ...question, window: window.innerWindowId } });
  });
}

/** Returns JSON text: the windows of a visit's tab, the top one first, each with its answer, which is JSON text, too. */
async function askPage(number, text) {
  const question = JSON.parse(text);
  const [browser] = tabsOfVisit(Number(number));
  const contexts = browser?.browsingContext.getAllBrowsingContextsInSubtree() ?? [];
  const windows = contexts.map(({ currentWindowGlobal }) => currentWindowGlobal).filter((window) => window);
  const answers = windows.slice(0, FIELD_SETTINGS.windows).map(async (window) => ({
    window: window.innerWindowId,
    context: window.browsingContext.id,
    parent: window.browsingContext.parent?.id ?? 0,
    url: (window.documentURI?.spec ?? "").slice(0, FIELD_SETTINGS.url),
    answer: await askWindow(window, question),
  }));
  return JSON.stringify({
    windows: await Promise.all(answers),
    more: Math.max(windows.length - FIELD_SETTINGS.windows, 0),
  });
}

/** Returns the answer of one window of a visit, as JSON text. */
function askOne(number, context, window, text) {
  const global = BrowsingContext.get(Number(context))?.currentWindowGlobal;
  if (global?.innerWindowId !== Number(window)) return "null";
  if (global.documentPrincipal.originAttributes.userContextId !== Number(number)) return "null";
  return askWindow(global, JSON.parse(text));
}

/** Answers for Python: about one window if there is one to ask, otherwise about all of them. */
function askFields(number, question, context = "", window = "") {
  return context ? askOne(number, context, window, question) : askPage(number, question);
}
