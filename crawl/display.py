"""What pages find of a display, of video and of fonts, and what this machine lacks for them."""

import json
from typing import Any

from overscripted.crawl.firefox.parent_process import Parent
from overscripted.crawl.javascript import function

# Families that Linux desktops install, and their packages of Debian. The Liberation fonts stand for Arial,
# Times New Roman and Courier New, of which they have the widths, DejaVu Sans for Verdana.
FONTS = {
    "DejaVu Sans": "fonts-dejavu-core",
    "Liberation Mono": "fonts-liberation",
    "Liberation Sans": "fonts-liberation",
    "Liberation Serif": "fonts-liberation",
    "Noto Color Emoji": "fonts-noto-color-emoji",
}
_ASK = function("display", "js/parent_process/display.js")


async def ask(parent: Parent) -> dict[str, Any]:
    """What pages find: ``webgl`` (name of the renderer; empty: none), ``h264``, ``mouse``, ``screen``.

    And ``fonts``, those of `FONTS` that are there, and ``timezone``.
    """
    return dict(json.loads(await parent.call(_ASK, json.dumps([*FONTS]))))


def lacking(found: dict[str, Any]) -> list[str]:
    """What a person's Firefox has and this one lacks: one line each, with its remedy."""
    lines = []
    if not found["webgl"]:
        lines.append(
            "pages find no WebGL, which a person's Firefox has: install Mesa, which draws in software "
            "(Debian, Ubuntu: apt install libegl1 libgl1 libgl1-mesa-dri)"
        )
    if not found["h264"]:
        lines.append(
            "pages find no H.264 video, which a person's Firefox has: install FFmpeg's libavcodec "
            "(Debian, Ubuntu: apt install '^libavcodec[0-9]+$')"
        )
    if missing := sorted({*FONTS} - {*found["fonts"]}):
        packages = " ".join(sorted({FONTS[name] for name in missing}))
        lines.append(
            f"pages find no {', '.join(missing)}: fonts that a person's Firefox on Linux has "
            f"(Debian, Ubuntu: apt install {packages})"
        )
    return lines
