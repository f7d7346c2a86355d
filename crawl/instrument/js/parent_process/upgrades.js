// Tells why Firefox asked by HTTPS for what a page asked for by HTTP.
// World: Firefox's parent process, privileged.
"use strict";

const Upgrades = (() => {
  const { nsILoadInfo: Info } = Ci;
  // Older Firefoxes lack some of these numbers. Then the cause is not told.
  const CAUSES = {
    [Info.HSTS]: "hsts",
    [Info.HTTPS_ONLY_UPGRADE]: "https-only",
    [Info.HTTPS_FIRST_UPGRADE]: "https-first",
    [Info.HTTPS_FIRST_SCHEMELESS_UPGRADE]: "https-first",
    [Info.CSP_UIR]: "upgrade-insecure-requests",
    [Info.HTTPS_RR]: "https-record",
  };

  const service = Cc["@mozilla.org/ssservice;1"].getService(Ci.nsISiteSecurityService);

  /** Whether Firefox may ask the host of a channel by HTTPS only. */
  function isSecure({ URI, loadInfo }) {
    const partitionKey = loadInfo.cookieJarSettings?.partitionKey ?? "";
    return service.isSecureURI(URI, { ...loadInfo.originAttributes, partitionKey });
  }

  return {
    /** The cause of the upgrade that a channel was just redirected for. */
    of(channel) {
      const { browserDidUpgradeInsecureRequests, httpsUpgradeTelemetry } = channel.loadInfo;
      if (browserDidUpgradeInsecureRequests) return "mixed-content";
      // Firefox does not say HSTS where it exempts the load from HTTPS-First, as those that remote control starts.
      return CAUSES[httpsUpgradeTelemetry] ?? (isSecure(channel) ? "hsts" : "browser");
    },
  };
})();
