// Reports each channel that replaces another: after a redirect, or when Firefox asks a service worker.
// World: Firefox's parent process, privileged.
"use strict";

/** Call `handle(old, next, internal)` with both channels. `internal`: the address stays, and no server redirected. */
function onRedirects(handle) {
  const ID = Components.ID(Services.uuid.generateUUID().toString());
  const NAME = `@overscripted/redirects;${ID}`;
  const sink = {
    QueryInterface: ChromeUtils.generateQI(["nsIChannelEventSink", "nsIFactory"]),
    createInstance: (iid) => sink.QueryInterface(iid),
    asyncOnChannelRedirect(old, next, flags, callback) {
      try {
        handle(old, next, (flags & Ci.nsIChannelEventSink.REDIRECT_INTERNAL) !== 0);
      } catch (error) {
        console.error(error); // an error that leaves this function would end the load
      }
      callback.onRedirectVerifyCallback(Cr.NS_OK);
    },
  };
  Components.manager.QueryInterface(Ci.nsIComponentRegistrar).registerFactory(ID, NAME, NAME, sink);
  Services.catMan.addCategoryEntry("net-channel-event-sinks", NAME, NAME, false, true);
}
