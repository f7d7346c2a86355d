// Start: everything else has registered itself by now.
// World: background page.
"use strict";

// What documents and workers have recorded goes another way: here, bodies of scripts may be under way.
Socket.on("flush", async ({ id, store }) => {
  await Bodies.idle(store);
  Socket.send({ type: "flushed", id, store });
});
Socket.connect();
