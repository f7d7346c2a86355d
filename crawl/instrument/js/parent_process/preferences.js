// Compares Firefox's preferences with those that we set. A policy of the machine may have changed some.
// World: Firefox's parent process, privileged.
"use strict";

/**
 * `wanted` is a JSON object: name -> value. Returns JSON text: preferences with other values, and names of policies.
 */
function preferences(wanted) {
  const { prefs, policies } = Services;
  const READ = {
    [prefs.PREF_BOOL]: "getBoolPref",
    [prefs.PREF_INT]: "getIntPref",
    [prefs.PREF_STRING]: "getStringPref",
  };

  function valueOf(name) {
    const read = READ[prefs.getPrefType(name)];
    return read ? prefs[read](name) : null;
  }

  const other = Object.entries(JSON.parse(wanted)).filter(([name, value]) => valueOf(name) !== value);
  return JSON.stringify({
    other: other.map(([name]) => ({ name, value: valueOf(name), locked: prefs.prefIsLocked(name) })),
    policies: Object.keys(policies?.getActivePolicies() ?? {}),
  });
}
