// What a document sees of the focus, of its visibility, and of how often it is served.
// World: a test's page, or a frame of it.
const company = {
  /** Watch from now on; the function that is returned says what has been seen. */
  watch() {
    const events = [];
    const here = () => `${document.hasFocus() ? "with" : "without"} focus, ${document.visibilityState}`;
    const beginning = [here(), document.documentElement.matches(":-moz-window-inactive")];
    const counts = { ticks: 0, frames: 0, idle: 0, unfocused: 0, hidden: 0 };
    const began = performance.now();
    for (const type of ["focus", "blur", "visibilitychange", "freeze", "resume", "pagehide"]) {
      addEventListener(type, ({ target }) => {
        events.push(`${type} of ${target === window ? "window" : target.nodeName}, ${here()}`);
      }, true);
    }
    (function frame() { counts.frames++; requestAnimationFrame(frame); })();
    (function idle() { counts.idle++; requestIdleCallback(idle); })();
    setInterval(() => {
      counts.ticks++;
      if (!document.hasFocus()) counts.unfocused++;
      if (document.hidden) counts.hidden++;
    }, 100);
    return () => {
      const due = (performance.now() - began) / 1000;
      return {
        beginning,
        events,
        unfocused: counts.unfocused > 0,
        hidden: counts.hidden > 0,
        inactive: document.documentElement.matches(":-moz-window-inactive"),
        // In the background a page gets one timer a second and hardly a frame.
        timers: counts.ticks > 3 * due ? "as in the foreground" : `${counts.ticks} in ${due} s`,
        frames: counts.frames > 6 * due ? "as in the foreground" : `${counts.frames} in ${due} s`,
        idle: counts.idle > due ? "as in the foreground" : `${counts.idle} in ${due} s`,
      };
    };
  },
};
