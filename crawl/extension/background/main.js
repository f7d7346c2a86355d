// Start: everything else has registered itself by now.
// World: background page.
"use strict";

// What there is has been sent as it came: the answer comes after it.
Socket.on("flush", ({ id, store }) => Socket.send({ type: "flushed", id, store }));
Socket.connect();
