// Reports the requests of visits that are over, whether a server answered or not.
// World: Firefox's parent process, privileged.
"use strict";

/** Have `handle(channel, user)` called when a channel of a visit has ended. Its `status` says how. */
function onEnds(handle) {
  function ended(channel) {
    if (!(channel instanceof Ci.nsIHttpChannel)) return;
    const user = channel.loadInfo.originAttributes.userContextId;
    if (!user) return;
    try {
      handle(channel, user);
    } catch (error) {
      console.error(error);
    }
  }

  Services.obs.addObserver({ observe: ended }, "http-on-stop-request");
}
