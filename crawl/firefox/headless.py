"""Settings of a headless Firefox, so that its pages find what they find on a desktop.

Without them it has no WebGL, no mouse, and a screen as large as its window. With them Mesa draws WebGL in
software, as on a virtual display or on a desktop without a graphics card, but without a display.
"""

from overscripted.crawl.firefox.profile import Pref

_FINE, _HOVERS = 2, 4  # Firefox's capabilities of a mouse

PREFS: dict[str, Pref] = {
    "webgl.force-enabled": True,
    "ui.primaryPointerCapabilities": _FINE | _HOVERS,
    "ui.allPointerCapabilities": _FINE | _HOVERS,
}
ENVIRONMENT = {
    "MOZ_WEBGL_FORCE_EGL": "1",
    "MOZ_HEADLESS_WIDTH": "1920",
    "MOZ_HEADLESS_HEIGHT": "1080",
}
