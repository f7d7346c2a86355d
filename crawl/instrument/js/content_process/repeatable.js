// Gives windows and workers of a visit the clock and the random numbers of a replay, see page/repeatable.js.
// World: process script, privileged. What is replaced has only the rights of the page.
"use strict";

function Repeatable(link, { name, repeatable }) {
  if (!repeatable) return { begin() {}, of: () => "" };
  const FILE = "repeatable.js"; // a page sees it in stacks, so it does not have the name that only we know
  const LONGEST = 2000; // characters of an address that tell it from others
  const MOST = 10_000; // addresses of a visit whose windows and workers are counted
  const visits = new Map(); // user -> {key: of the visit, counts: address -> windows and workers so far}

  /** The windows and workers of the visit that had this address before. They are numbered in the order of their making. */
  function number(user, key, address) {
    if (visits.get(user)?.key !== key) visits.set(user, { key, counts: new Map() });
    const { counts } = visits.get(user);
    const found = counts.get(address) ?? 0;
    if (found > 0 || counts.size < MOST) counts.set(address, found + 1);
    return found;
  }

  /** Eight numbers of 32 bits by the SHA-256 of some text. */
  function seedOf(text) {
    const hash = Cc["@mozilla.org/security/hash;1"].createInstance(Ci.nsICryptoHash);
    hash.init(Ci.nsICryptoHash.SHA256);
    const bytes = new TextEncoder().encode(text);
    hash.update(bytes, bytes.length);
    const binary = hash.finish(false);
    return Array.from({ length: 8 }, (_, word) =>
      [0, 1, 2, 3].reduce((left, at) => left * 256 + binary.charCodeAt(word * 4 + at), 0),
    );
  }

  /** What a window or worker is given, as JSON; "" if its visit has none. */
  function of(user, address) {
    const visit = Services.cpmm.sharedData.get(`${name}.repeat.${user}`);
    if (!visit) return "";
    // Firefox makes up the end of a blob's address.
    const lasting = address.startsWith("blob:") ? address.replace(/[^/]*$/, "") : address.split("#", 1)[0];
    const plain = lasting.slice(0, LONGEST);
    const seed = visit.key && seedOf(`${visit.key}\n${number(user, visit.key, plain)}\n${plain}`);
    return JSON.stringify({ shift: visit.shift, seed: seed || null });
  }

  /** The function of page/repeatable.js, in a sandbox with the rights of a window's page. */
  function made(window) {
    const { nodePrincipal } = window.document;
    const { originAttributes } = nodePrincipal;
    const box = Cu.Sandbox(nodePrincipal, { sameZoneAs: window, wantXrays: false, originAttributes });
    return Cu.evalInSandbox(repeatable, box, "latest", FILE, 1);
  }

  return {
    of,
    /** Before any script of a window, and before its recorder. `box`: what windows of its principal share. */
    begin(window, user, box, id) {
      const text = of(user, window.document.documentURI);
      if (!text) return;
      try {
        box.repeat ??= made(window);
        const holder = Cu.createObjectIn(window);
        const dress = (run, shown) =>
          Cu.exportFunction(run, holder, { allowCrossOriginArguments: true, defineAs: shown });
        box.repeat(Cu.waiveXrays(window), text, Cu.exportFunction(dress, box.repeat));
      } catch (error) {
        link.gap(id, `${PROTOCOL.gap.REPEATABLE}: ${error}`.slice(0, 200));
      }
    },
  };
}
