"""What a variant is: how the browser and its container differ from the plain ones in the visits of a seed."""

import json
import re
from dataclasses import asdict, dataclass, field
from typing import Any

from overscripted.crawl.firefox.profile import Pref
from overscripted.crawl.variants import tracking_protection
from overscripted.lists.hosts import HostList

FRESH, KEPT, REVISIT = "fresh", "kept", "revisit"
STATES = (FRESH, KEPT, REVISIT)
# Firefox's network.cookie.cookieBehavior for cookies of third parties. Its own choice is to partition them.
COOKIES = {"accept": 0, "reject": 1, "partition": 5}


@dataclass(frozen=True)
class Screen:
    """A screen in pixels of CSS, and how many pixels of the device one of them has."""

    width: int
    height: int
    pixel_ratio: float = 1.0


@dataclass(frozen=True)
class Extension:
    """An .xpi file, or the folder of an unpacked extension, and the SHA-256 of its content."""

    path: str
    sha256: str


@dataclass(frozen=True)
class Variant:
    """One variant. A setting that is None or empty is as in a visit without variants."""

    name: str
    state: str = FRESH
    after: float = 0.0  # seconds between the two visits of a `revisit`
    twin: str = ""  # the variant that this one repeats
    # Of a container
    locale: str = ""
    timezone: str = ""
    user_agent: str = ""
    screen: Screen | None = None
    headers: dict[str, str] = field(default_factory=dict)
    # Of a browser
    touch: bool = False
    gpc: bool = False
    dnt: bool = False
    cookies: str = ""
    tracking_protection: str = ""
    tracking_list: HostList | None = None  # hosts that tracking protection takes for trackers
    proxy: str = ""  # http://HOST:PORT; empty: as --proxy says
    extension: Extension | None = None
    prefs: dict[str, Pref] = field(default_factory=dict)
    # Of a visit
    do: str = ""
    decorate: str = ""

    def settings(self) -> dict[str, Any]:
        """The settings that differ from the plain ones, as the file writes them, without the name.

        Of the list of trackers: where it comes from, and its SHA-256.
        """
        plain = asdict(Variant(self.name))
        own = {key: value for key, value in asdict(self).items() if value != plain[key]}
        return own | ({"tracking_list": self.tracking_list.provenance()} if self.tracking_list else {})

    def browser_prefs(self) -> dict[str, Pref]:
        """Firefox's preferences that the variant needs; variants with the same ones can share a browser."""
        prefs: dict[str, Pref] = {}
        if self.touch:
            prefs |= _TOUCH | _phone(self.user_agent)
        if self.gpc:
            prefs |= {"privacy.globalprivacycontrol.enabled": True}
        if self.dnt:
            prefs |= {"privacy.donottrackheader.enabled": True}
        if self.cookies:
            prefs["network.cookie.cookieBehavior"] = COOKIES[self.cookies]
        return prefs | tracking_protection.prefs(self.tracking_protection) | self.prefs

    @property
    def browser_kind(self) -> str:
        """Text that is the same for variants that can share a browser; empty for the plain browser."""
        own = [sorted(self.browser_prefs().items()), self.proxy, *self.contents]
        return json.dumps(own) if any(own) else ""

    @property
    def contents(self) -> list[str]:
        """SHA-256 of each file that its settings name, beside those of its plan."""
        named = (self.extension, self.tracking_list)
        return [item.sha256 for item in named if item]

    @property
    def has_container_settings(self) -> bool:
        """Whether its containers differ from plain ones."""
        return bool(self.locale or self.timezone or self.user_agent or self.screen or self.headers)


def _phone(user_agent: str) -> dict[str, Pref]:
    """What Firefox on Android says of its system beside this User-Agent, the same on every phone."""
    system = re.search(r"\((Android[^;)]*)", user_agent)
    if not system:
        return {}
    return {
        "general.platform.override": "Linux armv81",
        "general.oscpu.override": "Linux armv81",
        "general.appversion.override": f"5.0 ({system[1]})",
    }


# A touch screen and no mouse. 1 is Firefox's number of a coarse pointer that cannot hover.
_TOUCH: dict[str, Pref] = {
    "dom.w3c_touch_events.enabled": 1,
    "dom.w3c_touch_events.legacy_apis.enabled": True,  # ontouchstart and the like, as on phones
    "dom.maxtouchpoints.testing.value": 5,
    "ui.primaryPointerCapabilities": 1,
    "ui.allPointerCapabilities": 1,
}
