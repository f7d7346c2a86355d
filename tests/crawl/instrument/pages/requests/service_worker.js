// By path, what it answers with; what is not here it leaves to the network.
const answers = {
  "made.js": () =>
    new Response("made=1", { status: 203, headers: { "Content-Type": "text/javascript", "X-Made": "é" } }),
  gone: () => new Response("gone", { status: 404 }),
  "passed.js": (event) => fetch(event.request),
  "packed.js": (event) => fetch(event.request),
  "other.js": (event) => fetch("there.js"),
  "followed.js": (event) => fetch("moved.js"),
  "led.js": () => Response.redirect("there.js"),
  "led-twice.js": () => Response.redirect("made.js", 308),
  "kept.js": (event) => caches.match(event.request),
  "late.js": () =>
    new Promise((resolve) => setTimeout(resolve, 300)).then(
      () => new Response("late=1", { headers: { "Content-Type": "text/javascript" } }),
    ),
  "error.js": () => Response.error(),
  "thrown.js": () => Promise.reject(1),
  "broken.js": () =>
    new Response(new ReadableStream({ start: (it) => it.error(1) }), {
      headers: { "Content-Type": "text/javascript" },
    }),
  never: () => new Promise(() => 0),
  document: () =>
    new Response('<!doctype html><title>x</title><script>eval("1")</scr' + "ipt>", {
      headers: { "Content-Type": "text/html", "Strict-Transport-Security": "max-age=9" },
    }),
  "document-404": () =>
    new Response("<!doctype html><title>x</title>", {
      status: 404,
      headers: { "Content-Type": "text/html" },
    }),
};
addEventListener("install", (event) => event.waitUntil(caches.open("x").then((it) => it.add("kept.js"))));
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => {
  const answer = answers[new URL(event.request.url).pathname.split("/").pop()];
  if (answer) event.respondWith(answer(event));
});
