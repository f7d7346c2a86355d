// Finds the origin document of a document or worker without a network address of its own (about:, blob:, data:). That
// is the nearest document with a network address whose rights it has.
// World: Firefox's parent process, privileged. It uses what Firefox itself knows of windows: no page has a say in it.
"use strict";

const Origins = (() => {
  const NETWORK = /^https?:\/\//;

  /** The origin whose rights a principal has; of one without rights (sandboxed, data:) that of who made it. "" for none. */
  function originOf(principal) {
    const it = principal.isNullPrincipal ? principal.precursorPrincipal : principal;
    const origin = it?.isContentPrincipal ? it.originNoSuffix : "";
    return NETWORK.test(origin) ? origin : "";
  }

  /** A window, and those that it may have its rights from, nearest first: those around it, its opener, those around that. */
  function* chain(global) {
    const seen = new Set();
    for (let it = global; it && !seen.has(it); ) {
      yield it;
      seen.add(it);
      const { parentWindowContext, opener } = it.browsingContext;
      it = parentWindowContext ?? opener?.currentWindowGlobal;
    }
  }

  /**
   * The origin document of a window's document: `context`, its address ("": it is there no more), `framed`, whether it is
   * in a frame, and `origin`, whose rights it has.
   */
  function of(global) {
    const { documentPrincipal: own, browsingContext } = global;
    const origin = originOf(own);
    const same = (other) => own.equals(other) || (origin !== "" && originOf(other) === origin);
    for (const { documentURI, documentPrincipal, browsingContext } of chain(global)) {
      if (!NETWORK.test(documentURI.spec) || !same(documentPrincipal)) continue;
      return { context: documentURI.spec, framed: browsingContext.parent !== null, origin };
    }
    return { context: "", framed: browsingContext.parent !== null, origin };
  }

  return { NETWORK, chain, of };
})();
