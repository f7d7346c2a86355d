// case: fetch of text
await send("text", "hällo");

// case: other methods
for (const method of ["PUT", "PATCH", "DELETE"]) await send(method, method, { method });

// case: fetch of bytes, of a Blob and of a large Blob
await send("bytes", bytes);
await send("blob", new Blob([bytes], { type: "x/y" }));
await send("large", new Blob(Array(12_000).fill(bytes.subarray(0, 100))));

// case: fetch of a form
await send("form-data", filled());
await send("parameters", new URLSearchParams({ a: "ü b" }));

// case: with no body and with an empty one
await send("empty", "");
await send("none", undefined);
await fetch("/sent/get");
await fetch("/sent/head", { method: "HEAD" });

// case: XMLHttpRequest
await xhr("xhr", "of xhr");
await xhr("xhr-sync", "of sync", false);

// case: beacons
navigator.sendBeacon("/sent/beacon", "of beacon");
navigator.sendBeacon("/sent/beacon-blob", new Blob([bytes], { type: "text/plain" }));
await waited("beacon-blob");

// case: redirects
for (const status of [307, 308, 302, 303]) await send(`to/${status}`, `to ${status}`);

// case: a password
await xhr("locked", "twice", true, "u", "p");

// case: forms
await submit("form-fields", "application/x-www-form-urlencoded");
await submit("form-file", "multipart/form-data");
await submit("form-text", "text/plain");

// case: keepalive
await send("keepalive", "kept alive", { keepalive: true });

// case: a dedicated, a nested and a shared worker
await by(new Worker("worker.js#nest"));
await by(new SharedWorker("worker.js").port);

// case: another origin, asked first
await fetch("{OTHER}/sent/cross", { method: "PUT", body: "of cross" }).then((answer) => answer.text());

// case: a frame that is removed at once
const frame = document.body.appendChild(document.createElement("iframe"));
frame.contentWindow.fetch("/sent/removed", { method: "POST", body: "of frame", keepalive: true });
frame.remove();
await waited("removed");

// case: what a policy reports
const framed = document.body.appendChild(document.createElement("iframe"));
framed.src = "reports.html";
await waited("report");
