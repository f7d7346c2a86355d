// case: a cookie
document.cookie = "left=1; max-age=999";

// case: a cookie over HTTP
fetch("/cookie").then(() => 1);

// case: a cookie of a third party
fetch("https://else.example/cookie", { credentials: "include" }).then(() => 1);

// case: local storage
localStorage.left = 1;

// case: session storage
sessionStorage.left = 1;

// case: the window's name
name = "left";

// case: a database
new Promise((r) => (indexedDB.open("left").onsuccess = r)).then(() => 1);

// case: a cache
caches.open("left").then(() => 1);

// case: a private file
navigator.storage
  .getDirectory()
  .then((it) => it.getFileHandle("left", { create: true }))
  .then(() => 1);

// case: what is stored, as an estimate
caches
  .open("much")
  .then((it) =>
    it.put(
      "/much",
      new Response(new Blob(Array.from({ length: 16 }, () => crypto.getRandomValues(new Uint8Array(65536))))),
    ),
  )
  .then(() => 1);

// case: a service worker
navigator.serviceWorker.register("/service.js", { scope: "/none/" }).then(() => 1);

// case: a shared worker
new Promise((r) => {
  window.shared = new SharedWorker("/shared.js");
  shared.port.onmessage = () => r(1);
});

// case: somebody on a channel
window.channel = new BroadcastChannel("x");
channel.onmessage = () => channel.postMessage("here");

// case: a lock
new Promise((r) =>
  navigator.locks.request("left", () => {
    r(1);
    return new Promise(() => 0);
  }),
);

// case: an object's URL
fetch("/keep", { headers: { kept: URL.createObjectURL(new Blob(["x"])) } }).then(() => 1);

// case: a response in the cache
fetch("/long").then(() => 1);

// case: an ETag
fetch("/tagged").then(() => 1);

// case: a prefetched page
loaded("link", { rel: "prefetch", href: "/ahead" }).then(() => 1);

// case: a name and password
new Promise((r) => {
  const x = new XMLHttpRequest();
  x.open("GET", "/private/login", true, "me", "secret");
  x.onloadend = r;
  x.send();
}).then(() => 1);

// case: a session of TLS
fetch("https://again.example/tls").then(() => 1);
