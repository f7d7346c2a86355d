// A policy for each document that forbids nothing and reports code made from text, and new WebSockets: see
// content/dynamic.js.
// World: background page.
"use strict";

(() => {
  if (!OVERSCRIPTED.instruments.some(({ name }) => name === "dynamic")) return;
  // `script-src` without 'unsafe-eval': eval and its kin, WebAssembly. Inline scripts and handlers are allowed
  // and not told of. `connect-src` without ws: and wss:: WebSockets. The host marks the policy as ours, for the
  // recorder alone: no page sees the header.
  const mark = `https://${OVERSCRIPTED.token.slice(0, 24)}.invalid`;
  const value =
    `script-src * data: blob: 'unsafe-inline' 'report-sample' ${mark}; ` +
    `script-src-elem * data: blob: 'report-sample' ${mark}; script-src-attr 'unsafe-inline'; ` +
    "connect-src http: https: data: blob:";

  browser.webRequest.onHeadersReceived.addListener(
    ({ responseHeaders }) => ({
      responseHeaders: [...responseHeaders, { name: "Content-Security-Policy-Report-Only", value }],
    }),
    { urls: ["<all_urls>"], types: ["main_frame", "sub_frame", "object"] },
    ["blocking", "responseHeaders"],
  );
})();
