// What OpenWPM's instrument sends, as calls of our protocol, said by what content_process.js has put here.
// World: background page. OpenWPM's records pass through the page; what they say is text to us.
"use strict";

browser.runtime.onMessage.addListener(({ namespace, type, data }, { tab, frameId, url }) => {
  if (namespace !== "javascript-instrumentation" || !tab) return;
  const { cookieStoreId: store } = tab;
  const text = (value) => (value === undefined || value === null ? "" : String(value));
  const call = {
    n: data.ordinal,
    t: Date.parse(data.timeStamp),
    s: text(data.symbol),
    o: text(data.operation),
    v: text(data.value),
    f: frame(data),
  };
  if (type === "logCall" && data.args.length > 0) call.a = JSON.stringify({ ...data.args.map((it) => it ?? null) });
  if (data.callStack) call.k = data.callStack;
  const said = {
    type: "calls",
    store,
    tab: tab.id,
    frame: frameId,
    doc: `${tab.id}-${frameId}-${url}`.slice(0, 64),
    location: url,
    top: tab.url,
    realm: "window",
    calls: [call],
    totals: [],
  };
  overscripted(JSON.stringify(said));

  function frame({ funcName, scriptUrl, scriptLocEval, scriptLine, scriptCol }) {
    const made = scriptLocEval ? ` ${scriptLocEval}` : "";
    return `${text(funcName)}@${text(scriptUrl)}${made}:${text(scriptLine)}:${text(scriptCol)}`;
  }
});
