"""OpenWPM as it was found and as the user wants it, before any browser starts."""

import platform
import re
from dataclasses import dataclass
from typing import Any

import psutil

from overscripted.crawl.firefox import displays
from overscripted.crawl.firefox.profile import Pref
from overscripted.crawl.openwpm import config, installed, leftovers, options, settings
from overscripted.crawl.openwpm.config import Config
from overscripted.crawl.settings import Options
from overscripted.foreign import openwpm_settings

_DISPLAYS = {displays.HEADLESS: "headless", displays.VIRTUAL: "xvfb", displays.DESKTOP: "native"}
# What our engine always records, where OpenWPM has it.
_RECORDED: dict[str, Any] = {
    "js_instrument": True,
    "http_instrument": True,
    "cookie_instrument": True,
    "navigation_instrument": True,
    "save_content": "script",
}
_VERSION = re.compile(r"(\d+)[\d.]*")
_SYSTEMS = {"Darwin": "Macintosh; Intel Mac OS X 10.15"}


@dataclass(frozen=True)
class Prepared:
    """What is needed to start OpenWPM. ``settings`` say what it records, as `instrument.settings.resolve`."""

    python: str
    checkout: str
    firefox: str | None  # the user's; None: OpenWPM's own
    firefox_version: str
    browsers: int
    settings: dict[str, Any]
    archives: bool  # profiles are archived when it closes
    _orders: dict[str, Any]

    def orders(self, prefs: dict[str, Pref]) -> dict[str, Any]:
        """What OpenWPM's processes are told; ``prefs`` are those of the route to the network, which win."""
        browser = self._orders["browser"]
        return {**self._orders, "browser": {**browser, "prefs": {**browser.get("prefs", {}), **prefs}}}

    @property
    def visit_s(self) -> float:
        """Seconds in which OpenWPM has ended all commands of a visit, well or not, and said so."""
        own = sum(command["timeout"] for command in self._orders["commands"])
        return float(2 * settings.BRACKET_S + self._orders["get_s"] + own + settings.LAST_RECORDS_S)


def prepare(chosen: Options) -> Prepared:
    """Look at OpenWPM and everything that it is given. Raises InputError, SoftwareMissing."""
    checkout = installed.checkout(chosen.openwpm)
    given = config.read(chosen.openwpm_config) if chosen.openwpm_config else Config()
    program = installed.python(checkout, chosen.openwpm_python)
    browsers = chosen.windows or _browsers()
    orders: dict[str, Any] = {
        "checkout": str(checkout),
        "modules": [given.modules] if given.modules else [],
        "browsers": browsers,
        "reset": given.reset,
        "dwell_s": chosen.dwell_s,
        "get_s": chosen.load_timeout_s + chosen.dwell_s + settings.GET_SLACK_S,
        "manager": given.manager,
        "browser": _browser(chosen, given),
        "commands": given.commands,
    }
    folder = leftovers.make()
    try:
        found = installed.describe(program, folder, orders, chosen.openwpm_config, chosen.firefox)
    finally:
        leftovers.end(folder)
    if chosen.contact:
        prefs = {"general.useragent.override": _user_agent(found["firefox"], chosen.contact)}
        orders["browser"] = {
            **orders["browser"],
            "prefs": {**orders["browser"].get("prefs", {}), **prefs},
        }
    return Prepared(
        program,
        str(checkout),
        chosen.firefox,
        found["firefox"],
        browsers,
        _settings(found, given),
        bool(given.browser.get("profile_archive_dir")),
        orders,
    )


def _browser(chosen: Options, given: Config) -> dict[str, Any]:
    """OpenWPM's parameters of a browser: what our engine records too, and over it what the user gave."""
    # Firefox's own look-ups would pass by the guard, which knows the names itself, and by a proxy.
    direct = chosen.allow_private and not chosen.proxy
    own = {"dns_instrument": direct, "display_mode": _DISPLAYS[chosen.display]}
    return {**_RECORDED, **own, **given.browser}


def _settings(found: dict[str, Any], given: Config) -> dict[str, Any]:
    """What tells visits apart that OpenWPM recorded differently."""
    told = {name: value for name, value in found["browser"].items() if name != "tmp_profile_dir"}
    return {
        "engine": options.OPENWPM,
        "version": found["openwpm"],
        "reset": given.reset,
        "browser": told,
        "commands": given.commands,
        "instruments": openwpm_settings.items(found["instruments"]),
    }


def _browsers() -> int:
    """As many as the machine can run: each visit starts a Firefox and ends it."""
    by_memory = psutil.virtual_memory().available // settings.BROWSER_BYTES
    return max(1, min(settings.BROWSERS_PER_CORE * (psutil.cpu_count() or 1), by_memory))


def _user_agent(firefox: str, contact: str) -> str:
    """The User-Agent of a Firefox with a contact. Firefox tells pages no more than its main version."""
    found = _VERSION.search(firefox)
    version = f"{found[1] if found else 0}.0"
    system = _SYSTEMS.get(platform.system(), f"X11; Linux {platform.machine()}")
    return f"Mozilla/5.0 ({system}; rv:{version}) Gecko/20100101 Firefox/{version} (+{contact})"
