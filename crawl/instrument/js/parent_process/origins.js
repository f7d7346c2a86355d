// Finds the origin document of a document or worker without a network address of its own (about:, blob:, data:). That
// is the nearest document with a network address whose rights it has.
// World: Firefox's parent process, privileged. It uses what Firefox itself knows of windows. No page can influence
// that.
"use strict";

const Origins = (() => {
  const NETWORK = /^https?:\/\//;

  /** The origin of a principal. A principal without rights (sandboxed, data:) has that of its maker. "": none. */
  function originOf(principal) {
    const holder = principal.isNullPrincipal ? principal.precursorPrincipal : principal;
    const origin = holder?.isContentPrincipal ? holder.originNoSuffix : "";
    return NETWORK.test(origin) ? origin : "";
  }

  /**
   * A window and those from which it may have its rights, nearest first: its ancestors, its opener, the opener's
   * ancestors.
   */
  function* chain(global) {
    const seen = new Set();
    for (let window = global; window && !seen.has(window); ) {
      yield window;
      seen.add(window);
      const { parentWindowContext, opener } = window.browsingContext;
      window = parentWindowContext ?? opener?.currentWindowGlobal;
    }
  }

  /**
   * The origin document of a window's document. `context` is its address ("": it is gone), `framed` whether it is in a
   * frame, `origin` the origin whose rights it has.
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
