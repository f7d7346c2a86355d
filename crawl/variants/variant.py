"""What a variant is: how the browser and its container differ from the plain ones in the visits of a seed."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from overscripted.crawl.firefox.profile import Pref

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
    extension: str = ""
    prefs: dict[str, Pref] = field(default_factory=dict)
    # Of a visit
    do: str = ""
    decorate: str = ""

    def settings(self) -> dict[str, Any]:
        """The settings that differ from the plain ones, as the file writes them, without the name."""
        plain = asdict(Variant(self.name))
        return {key: value for key, value in asdict(self).items() if value != plain[key]}

    def browser_prefs(self) -> dict[str, Pref]:
        """Firefox's preferences that the variant needs; variants with the same ones can share a browser."""
        prefs: dict[str, Pref] = {}
        if self.touch:
            prefs |= _TOUCH
        if self.gpc:
            prefs |= {"privacy.globalprivacycontrol.enabled": True}
        if self.dnt:
            prefs |= {"privacy.donottrackheader.enabled": True}
        if self.cookies:
            prefs["network.cookie.cookieBehavior"] = COOKIES[self.cookies]
        return prefs | self.prefs

    @property
    def browser_kind(self) -> str:
        """Text that is the same for variants that can share a browser; empty for the plain browser."""
        prefs = self.browser_prefs()
        return json.dumps([sorted(prefs.items()), self.extension]) if prefs or self.extension else ""

    @property
    def has_container_settings(self) -> bool:
        """Whether its containers differ from plain ones."""
        return bool(self.locale or self.timezone or self.user_agent or self.screen or self.headers)


# A touch screen and no mouse. 1 is Firefox's number of a coarse pointer that cannot hover.
_TOUCH: dict[str, Pref] = {
    "dom.w3c_touch_events.enabled": 1,
    "dom.w3c_touch_events.legacy_apis.enabled": True,  # ontouchstart and the like, as on phones
    "dom.maxtouchpoints.testing.value": 5,
    "ui.primaryPointerCapabilities": 1,
    "ui.allPointerCapabilities": 1,
}
