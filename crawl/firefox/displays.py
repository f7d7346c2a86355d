"""What Firefox runs on: no display, a virtual one of the worker, or the user's desktop."""

import logging
import os

from overscripted.crawl.firefox.display import Display
from overscripted.crawl.firefox.virtual_display import REMEDY, VirtualDisplay, available
from overscripted.errors import InputError, SoftwareMissing

HEADLESS, VIRTUAL, DESKTOP = "headless", "virtual", "desktop"
CHOICES = (HEADLESS, VIRTUAL, DESKTOP)
log = logging.getLogger("overscripted.crawl")

_NAMES = ("DISPLAY", "XAUTHORITY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR")


class Displays:
    """The display of one worker's browsers. `stop` ends a virtual one."""

    def __init__(self, choice: str) -> None:
        self.choice = choice
        self._virtual = VirtualDisplay()

    async def get(self) -> Display | None:
        """The display for a browser that starts now; None: it is to be headless."""
        if self.choice == VIRTUAL:
            return await self._virtual.get()
        return desktop() if self.choice == DESKTOP else None

    async def stop(self) -> None:
        """End what it has started."""
        await self._virtual.stop()


def default() -> str:
    """The choice where none was made: a virtual display; headless, with a warning, where there is no Xvfb.

    Why: docs/decisions/0011-virtual-display-by-default.md.
    """
    if available():
        return VIRTUAL
    log.warning(
        "Xvfb is not installed, so Firefox is headless: pages find other system fonts, colours and scroll "
        "bars than on a desktop; %s, or give --display headless",
        REMEDY,
    )
    return HEADLESS


def desktop() -> Display:
    """The user's desktop. Raises InputError where there is none."""
    found = {name: os.environ[name] for name in _NAMES if name in os.environ}
    if "DISPLAY" in found or "WAYLAND_DISPLAY" in found:
        return Display(found)
    raise InputError(
        "--display desktop: there is no desktop here (the variable DISPLAY is not set); "
        "give --display virtual or headless"
    )


def check(choice: str) -> None:
    """Raise InputError or SoftwareMissing where this machine has no such display."""
    if choice == DESKTOP:
        desktop()
    elif choice == VIRTUAL and not available():
        raise SoftwareMissing(f"--display virtual needs Xvfb; {REMEDY}, or give --display headless")
