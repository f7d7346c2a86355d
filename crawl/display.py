"""What pages find of a display and of video, and what this machine lacks for both."""

import json
from typing import Any

from overscripted.crawl.firefox.parent_process import Parent
from overscripted.crawl.javascript import function

_ASK = function("display", "js/parent_process/display.js")


async def ask(parent: Parent) -> dict[str, Any]:
    """What pages find: ``webgl`` (name of the renderer; empty: none), ``h264``, ``mouse``, ``screen``."""
    return dict(json.loads(await parent.call(_ASK)))


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
    return lines
