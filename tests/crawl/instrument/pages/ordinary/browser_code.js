// case: prompts that wait
() =>
  JSON.stringify(
    [...Services.wm.getEnumerator("navigator:browser")].flatMap(({ gBrowser, PopupNotifications: it }) =>
      gBrowser.browsers
        .filter(({ browsingContext }) => browsingContext.originAttributes.userContextId)
        .flatMap((tab) => it.getNotificationsForBrowser(tab).map(({ id }) => id)),
    ),
  );

// case: prompts that are shown
() =>
  [...Services.wm.getEnumerator("navigator:browser")].filter(({ PopupNotifications: it }) => it.isPanelOpen)
    .length;

// case: defaults of preferences
(names) => {
  const they = Services.prefs.getDefaultBranch("");
  const of = (name) =>
    ({
      [they.PREF_BOOL]: () => they.getBoolPref(name, null),
      [they.PREF_INT]: () => they.getIntPref(name, null),
      [they.PREF_STRING]: () => they.getStringPref(name, null),
    })[they.getPrefType(name)]?.() ?? null;
  return JSON.stringify(Object.fromEntries(JSON.parse(names).map((name) => [name, of(name)])));
};
