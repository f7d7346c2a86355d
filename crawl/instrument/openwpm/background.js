// Converts the records of OpenWPM's instrument to messages of our protocol, and passes them to the function from
// content_process.js.
// World: background page. OpenWPM's records pass through the page, so each is text that the page may have forged.
"use strict";

browser.runtime.onMessage.addListener(({ namespace, type, data }, { tab, frameId, url }) => {
  if (namespace !== "javascript-instrumentation" || !tab) return;
  const { cookieStoreId } = tab;
  const text = (value) => (value === undefined || value === null ? "" : String(value));
  /** @type {Protocol.Call} */
  const call = {
    time: Date.parse(data.timeStamp),
    symbol: text(data.symbol),
    operation: text(data.operation),
    value: text(data.value),
    caller: frame(data),
  };
  if (type === "logCall" && data.args.length > 0) {
    call.arguments = JSON.stringify({ ...data.args.map((value) => value ?? null) });
  }
  if (data.callStack) call.call_stack = data.callStack;
  /** @type {Omit<Protocol.Calls, "parent">} */
  const message = {
    type: PROTOCOL.message.CALLS,
    container_id: cookieStoreId,
    tab: tab.id,
    frame: frameId,
    doc: `${tab.id}-${frameId}-${url}`.slice(0, 64),
    location: url,
    top: tab.url,
    realm: "window",
    calls: [call],
    totals: [],
  };
  overscripted(JSON.stringify(message));

  function frame({ funcName, scriptUrl, scriptLocEval, scriptLine, scriptCol }) {
    const evaluated = scriptLocEval ? ` ${scriptLocEval}` : "";
    return `${text(funcName)}@${text(scriptUrl)}${evaluated}:${text(scriptLine)}:${text(scriptCol)}`;
  }
});
