// Keeps each visit apart from all others in everything that Firefox stores for its pages.
// World: Firefox's parent process, privileged.
"use strict";

/**
 * Firefox stores the data of pages by their origin attributes. For HSTS and permissions it ignores one of these, the
 * number of the user context. It never ignores the session name, which Firefox for Android gives to its windows. So
 * each tab of a visit gets a session name. What the tab opens inherits the name, and no page can read it.
 */
function Apart(gap) {
  const sharing = new Set(); // user contexts whose tabs have no session name

  function inserted(browser) {
    const user = browser.getAttribute("usercontextid");
    if (user) browser.setAttribute("geckoViewSessionContextId", user);
  }

  /** An older Firefox reports a tab only after it exists. */
  function attached({ parent, isContent, originAttributes: { userContextId, geckoViewSessionContextId } }) {
    if (parent || !isContent || !userContextId) return;
    if (geckoViewSessionContextId !== String(userContextId)) sharing.add(userContextId);
  }

  Services.obs.addObserver({ observe: inserted }, "tabbrowser-browser-element-will-be-inserted");
  Services.obs.addObserver({ observe: attached }, "browsing-context-attached");
  return {
    /** Record a gap if the visit shares state with others. */
    report: (user) => sharing.delete(user) && gap(user, PROTOCOL.gap.SHARED_STATE),
    /**
     * Delete what Firefox keeps of a visit after its user context is removed: permissions do not name the user context.
     */
    forget(user) {
      const attributes = JSON.stringify({ geckoViewSessionContextId: String(user) });
      Services.perms.removePermissionsWithAttributes(attributes, [], []); // of all types
    },
  };
}
