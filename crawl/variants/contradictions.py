"""What two settings of one variant must not both decide on, since nobody would know which one holds."""

from collections.abc import Iterable, Mapping
from typing import Any

from overscripted.crawl.firefox import profile
from overscripted.crawl.variants import tracking_protection
from overscripted.crawl.variants.variant import Variant
from overscripted.errors import InputError

# Setting -> the header, in small letters, that it sends.
_HEADERS = {"user_agent": "user-agent", "locale": "accept-language", "gpc": "sec-gpc", "dnt": "dnt"}
# Setting -> beginnings of preferences that it takes the place of, beside those that it sets.
_PREFS = {"user_agent": ("general.useragent.",), "locale": ("intl.accept_languages", "intl.locale.")}
_OF_BROWSER = ("touch", "gpc", "dnt", "cookies", "tracking_protection")  # settings that are preferences
# Options of the crawl -> beginnings of preferences that they set in each browser, over those of a variant.
_OPTIONS = {"proxy or --proxy": ("network.proxy.",), "--popups": tuple(profile.popups("block"))}


def check(values: Mapping[str, Any], where: str) -> None:
    """Raise InputError, which begins with ``where``, for settings that contradict one another."""
    if "cookies" in values and "tracking_protection" in values:
        raise InputError(f"{where}: cookies: tracking_protection says it, too; give one of them")
    names = {name.lower(): name for name in values.get("headers", {})}
    for setting, header in _HEADERS.items():
        if setting in values and header in names:
            raise InputError(f"{where}: headers: {names[header]}: {setting} sends it, too; give one of them")
    taken = {setting: _taken(setting, value) for setting, value in values.items()} | _OPTIONS
    for name in values.get("prefs", {}):
        for setting, beginnings in taken.items():
            if name.startswith(tuple(beginnings)):
                raise InputError(f"{where}: prefs: {name}: {setting} sets it; give it there alone")


def _taken(setting: str, value: Any) -> Iterable[str]:
    """Preferences, or beginnings of their names, that a setting decides on."""
    if setting == "tracking_protection" and value != tracking_protection.OFF:
        return tracking_protection.SET_BY_FIREFOX
    if setting in _OF_BROWSER:
        return Variant("", **{setting: value}).browser_prefs()
    return _PREFS.get(setting, ())
