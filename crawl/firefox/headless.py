"""What a Firefox without a display is told, so that its pages find what they find on a desktop.

Left alone it has no WebGL, no mouse, and a screen as large as its window. On a virtual display, as on a
desktop without a graphics card, Mesa draws WebGL in software; so it does here, in a way that needs no
display.
"""

from overscripted.crawl.firefox.profile import Pref

_FINE, _HOVERS = 2, 4  # what a mouse is to Firefox

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
