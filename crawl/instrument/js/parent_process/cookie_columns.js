// Names the attributes of a cookie as extensions know them.
// World: Firefox's parent process, privileged. Names and values are text from pages; see `textOf`.
"use strict";

/** The top-level site of a partition: a URL, as extensions get it. "": no partition. */
function topSiteOf({ partitionKey, firstPartyDomain }) {
  if (!partitionKey) return firstPartyDomain;
  if (!partitionKey.startsWith("(")) return `https://${partitionKey}`;
  const [scheme, domain, port] = partitionKey.slice(1, -1).split(",");
  return `${scheme}://${domain}${port && port !== "f" ? `:${port}` : ""}`;
}

/** The columns that every table of cookies has. `expiry` in ms, null for a session cookie. */
const cookieColumns = (() => {
  const { SAMESITE_NONE, SAMESITE_LAX, SAMESITE_STRICT } = Ci.nsICookie;
  const SAME_SITE = { [SAMESITE_NONE]: "no_restriction", [SAMESITE_LAX]: "lax", [SAMESITE_STRICT]: "strict" };

  /** Older Firefox counts in seconds; 10^11 seconds end in the year 5138. */
  const expiryOf = ({ isSession, expiry }) => (isSession ? null : expiry < 1e11 ? expiry * 1000 : expiry);

  return (cookie) => ({
    host: cookie.host.includes(":") && !cookie.host.startsWith("[") ? `[${cookie.host}]` : cookie.host,
    name: textOf(cookie.name),
    value: textOf(cookie.value),
    path: textOf(cookie.path),
    expiry: expiryOf(cookie),
    is_secure: cookie.isSecure,
    is_http_only: cookie.isHttpOnly,
    same_site: SAME_SITE[cookie.sameSite] ?? "unspecified",
    first_party_domain: topSiteOf(cookie.originAttributes),
  });
})();
