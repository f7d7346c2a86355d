"""Firefox's tracking protection in a variant: the preferences of a level, and the hosts that it blocks.

Mozilla's own lists come from the network some time after Firefox's start. Ours come from one list of hosts,
before the first page, so that all visits of a run are blocked alike.
"""

import base64
import hashlib
from collections import defaultdict
from pathlib import Path

from overscripted.crawl.firefox.profile import Pref
from overscripted.errors import InputError
from overscripted.lists import catalogue, roles
from overscripted.lists.hosts import HostList

OFF, STANDARD, STRICT = "off", "standard", "strict"
LEVELS = (OFF, STANDARD, STRICT)

_ROLE = "disconnect"  # the part of the lists whose default is used
_MOST_HOSTS = 200_000  # that Firefox is told at each start; Disconnect's list has some 4,000
_CATEGORY = "browser.contentblocking.category"
# Beginnings of the preferences that Firefox sets for a level (its ContentBlockingPrefs.sys.mjs).
SET_BY_FIREFOX = (
    "browser.contentblocking.",
    "network.cookie.cookieBehavior",
    "network.http.referer.disallowCrossSiteRelaxingDefault",
    "network.lna.blocking",
    "privacy.annotate_channels.",
    "privacy.bounceTrackingProtection.mode",
    "privacy.fingerprintingProtection",
    "privacy.query_stripping.enabled",
    "privacy.trackingprotection.",
)
# What is turned off where a person chooses Custom and takes every tick away.
_OFF: dict[str, Pref] = {
    "network.cookie.cookieBehavior": 0,
    "privacy.fingerprintingProtection": False,
    "privacy.trackingprotection.cryptomining.enabled": False,
    "privacy.trackingprotection.emailtracking.enabled": False,
    "privacy.trackingprotection.enabled": False,
    "privacy.trackingprotection.fingerprinting.enabled": False,
    "privacy.trackingprotection.socialtracking.enabled": False,
}
# Category of Disconnect's services.json -> Firefox's table, as Mozilla publishes it (rs_prod.ini of
# mozilla-services/shavar-list-creation; Disconnect: its sample of 2019). A list without categories, and a
# category that is not here, fill the first one.
_PLAIN_TABLE = "ads-track-digest256"
_TABLES = {
    "Advertising": _PLAIN_TABLE,
    "Disconnect": _PLAIN_TABLE,
    "Analytics": "analytics-track-digest256",
    "Social": "social-track-digest256",
    "Content": "content-track-digest256",
    "FingerprintingInvasive": "base-fingerprinting-track-digest256",
    "Fingerprinting": "base-fingerprinting-track-digest256",
    "Cryptomining": "base-cryptomining-track-digest256",
    "Email": "base-email-track-digest256",
    "Facebook": "social-tracking-protection-facebook-digest256",
    "LinkedIn": "social-tracking-protection-linkedin-digest256",
    "Twitter": "social-tracking-protection-twitter-digest256",
}
# Categories that Firefox blocks at no level: it uses them for other things, or not at all.
_NOT_BLOCKED = {"FingerprintingGeneral", "EmailAggressive", "ConsentManagers", "Anti-fraud"}


def prefs(level: str) -> dict[str, Pref]:
    """Firefox's preferences of a level; none for an empty one.

    Firefox sets all others of a level itself, from this one, at its start: so they are those of its version.
    """
    if level == OFF:
        return _OFF
    return {_CATEGORY: level} if level else {}


def read_list(given: str, folder: Path, where: str) -> HostList:
    """The list of a name of the catalogue, or of a path from ``folder``; the default one where none is given.

    Raises InputError, which begins with ``where``.
    """
    try:
        if given in catalogue.listings():
            found = roles.from_catalogue(catalogue.listing(given))
        elif given:
            found = roles.from_file(folder / given)
        else:
            found = _default()
    except InputError as error:
        raise InputError(f"{where}: {error}") from error
    if len(found.hosts) > _MOST_HOSTS:
        raise InputError(f"{where}: {len(found.hosts)} hosts, at most {_MOST_HOSTS} are possible")
    return found


def _default() -> HostList:
    if found := roles.default(_ROLE):
        return found
    name = roles.ROLES[_ROLE][1]
    raise InputError(
        f"needs a list of trackers, and {name} is not fetched; run `overscripted lists fetch {name}`, or "
        "name another list or a file with tracking_list"
    )


def tables(trackers: HostList) -> dict[str, str]:
    """Firefox's tables that a list fills: name -> SHA-256 digests of their entries, joined, in base64.

    The form of an entry is that of Safe Browsing: the host and a slash; it stands for hosts below it, too.
    """
    found: defaultdict[str, set[str]] = defaultdict(set)
    for entry in trackers.entries:
        for category in entry.sets or ("",):
            if category not in _NOT_BLOCKED:
                found[_TABLES.get(category, _PLAIN_TABLE)].add(entry.host)
    return {
        table: base64.b64encode(
            b"".join(hashlib.sha256(f"{host}/".encode()).digest() for host in sorted(hosts))
        ).decode()
        for table, hosts in sorted(found.items())
    }
