addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => {
  const name = new URL(event.request.url).pathname.split("/").pop();
  if (name === "answered") event.respondWith(event.request.text().then((text) => new Response(text)));
  if (name === "passed") event.respondWith(fetch(event.request));
  if (name === "own")
    event.respondWith(fetch("/sent/made", { method: "POST", body: "made by worker" }).then(() => new Response("own")));
});
