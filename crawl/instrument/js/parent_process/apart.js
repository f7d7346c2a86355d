// Keeps each visit apart from all others in everything that Firefox stores for its pages.
// World: Firefox's parent process, privileged.
"use strict";

/**
 * Firefox keeps what pages leave by their origin attributes, but takes the number of the user context out of them for HSTS
 * and permissions, and for what rests on these. The name of a session, which Firefox for Android gives to its windows, it
 * takes out of nothing: each tab of a visit, and so whatever it opens, gets one, which no page can read.
 */
function Apart(gap) {
  const sharing = new Set(); // user contexts whose tabs have got none

  function inserted(browser) {
    const user = browser.getAttribute("usercontextid");
    if (user) browser.setAttribute("geckoViewSessionContextId", user);
  }

  /** An older Firefox does not tell of a tab before it is there. */
  function attached({ parent, isContent, originAttributes: { userContextId, geckoViewSessionContextId } }) {
    if (parent || !isContent || !userContextId) return;
    if (geckoViewSessionContextId !== String(userContextId)) sharing.add(userContextId);
  }

  Services.obs.addObserver({ observe: inserted }, "tabbrowser-browser-element-will-be-inserted");
  Services.obs.addObserver({ observe: attached }, "browsing-context-attached");
  return {
    /** The records of a visit are asked for. */
    tell: (user) => sharing.delete(user) && gap(user, PROTOCOL.gap.SHARED_STATE),
    /** What is left of a visit when its user context is thrown away, as it does not name it. */
    forget(user) {
      const attributes = JSON.stringify({ geckoViewSessionContextId: String(user) });
      Services.perms.removePermissionsWithAttributes(attributes, [], []); // of all types
    },
  };
}
