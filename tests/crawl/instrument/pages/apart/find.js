// case: a cookie
document.cookie;

// case: a cookie over HTTP
fetch("/cookies").then((it) => it.text());

// case: a cookie of a third party
fetch("https://else.example/cookies", { credentials: "include" }).then((it) => it.text());

// case: local storage
localStorage.length;

// case: session storage
sessionStorage.length;

// case: the window's name
name;

// case: a database
indexedDB.databases().then((it) => it.length);

// case: a cache
caches.keys().then((it) => it.length);

// case: a private file
(async () => {
  let n = 0;
  for await (const _ of (await navigator.storage.getDirectory()).keys()) n++;
  return n;
})();

// case: what is stored, as an estimate
navigator.storage.estimate().then((it) => it.usage > 1e6);

// case: a service worker
navigator.serviceWorker.getRegistrations().then((it) => it.length);

// case: a shared worker
new Promise((r) => (new SharedWorker("/shared.js").port.onmessage = (e) => r(e.data)));

// case: somebody on a channel
new Promise((r) => {
  const c = new BroadcastChannel("x");
  c.onmessage = () => r("heard");
  c.postMessage("who");
  setTimeout(r, 300, "nobody");
});

// case: a lock
navigator.locks.query().then((it) => it.held.length);

// case: an object's URL
fetch("/keep")
  .then((it) => it.text())
  .then(
    (it) =>
      it &&
      fetch(it).then(
        () => "there",
        () => "",
      ),
  );

// case: a response in the cache
fetch("/long", { cache: "only-if-cached", mode: "same-origin" }).then(
  (it) => it.status === 200,
  () => false,
);

// case: an ETag
fetch("/tagged").then((it) => it.text());

// case: a prefetched page
fetch("/ahead", { cache: "only-if-cached", mode: "same-origin" }).then(
  (it) => it.status === 200,
  () => false,
);

// case: a name and password
fetch("/private/login").then((it) => it.status);

// case: a session of TLS
fetch("https://again.example/tls").then((it) => it.text());
