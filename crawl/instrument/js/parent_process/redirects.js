// Reports each channel that replaces another: after a redirect, or when Firefox asks a service worker.
// World: Firefox's parent process, privileged.
"use strict";

/**
 * Call `handle(old, next, internal, upgrade)` with both channels. `internal`: the address stays, and no server
 * redirected. `upgrade`: Firefox goes from HTTP to HTTPS.
 */
function onRedirects(handle) {
  const { REDIRECT_INTERNAL, REDIRECT_STS_UPGRADE } = Ci.nsIChannelEventSink;
  const ID = Components.ID(Services.uuid.generateUUID().toString());
  const NAME = `@overscripted/redirects;${ID}`;
  const sink = {
    QueryInterface: ChromeUtils.generateQI(["nsIChannelEventSink", "nsIFactory"]),
    createInstance: (iid) => sink.QueryInterface(iid),
    asyncOnChannelRedirect(old, next, flags, callback) {
      try {
        handle(old, next, (flags & REDIRECT_INTERNAL) !== 0, (flags & REDIRECT_STS_UPGRADE) !== 0);
      } catch (error) {
        console.error(error); // an error that leaves this function would end the load
      }
      callback.onRedirectVerifyCallback(Cr.NS_OK);
    },
  };
  Components.manager.QueryInterface(Ci.nsIComponentRegistrar).registerFactory(ID, NAME, NAME, sink);
  Services.catMan.addCategoryEntry("net-channel-event-sinks", NAME, NAME, false, true);
}
