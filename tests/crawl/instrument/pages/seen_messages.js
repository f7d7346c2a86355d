window.SEEN = [];
addEventListener("message", (e) =>
  SEEN.push([
    e.origin,
    e.source === window
      ? "self"
      : e.source === parent
        ? "parent"
        : e.source === window.POP
          ? "pop-up"
          : "frame " + Array.from(frames).indexOf(e.source),
    e.data,
  ]),
);
