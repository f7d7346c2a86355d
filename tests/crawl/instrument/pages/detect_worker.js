onactivate = (e) => e.waitUntil(registration.navigationPreload.enable());
const how = { fetch: (e) => fetch(e.request), preload: (e) => e.preloadResponse }[location.search.slice(1)];
onfetch = (e) => {
  if (e.request.mode !== "navigate") return;
  const answer = how(e).then((r) => {
    const found = !r || r.headers.has("content-security-policy-report-only");
    new BroadcastChannel("detect").postMessage(found);
    return r;
  });
  e.respondWith(answer);
};
