"""Pages find a desktop's display, with and without one; what is missing is said at the start."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from overscripted.crawl.display import FONTS, lacking
from overscripted.run import Run
from tests.crawl.crawling import Crawl
from tests.crawl.raw import Raw
from tests.crawl.web import Web

OPTIONS = ("--allow-private", "--dwell", "0.1", "--retries", "0")
DESKTOP = {"mouse": True, "screen": "1920x1080"}
BERLIN = {"TZ": "Europe/Berlin"}
NO_MESA = {"__EGL_VENDOR_LIBRARY_DIRS": "/nonexistent"}  # as where it is not installed: nobody draws
WARNING = "pages find no WebGL"

needs_firefox = pytest.mark.usefixtures("firefox")


def found(
    web: Web,
    folder: Path,
    *options: str,
    more: tuple[str, ...] = (),
    environment: dict[str, str] | None = None,
) -> tuple[dict[str, Any], dict[str, Any], str]:
    """What a page found of its display, what run.json has of it, and what the crawl said."""
    seed = f"{web.base}/pages/desktop.html"
    one = Crawl(
        folder / "run", *OPTIONS, *options, seeds=[seed, *more], folder=folder, environment=environment
    )
    assert one.wait() == 0, one.said
    raw = Raw(str(folder / "run"))
    (call,) = (c for c in raw.of("calls", seed) if c["symbol"].endswith("Storage.setItem"))
    page = json.loads(json.loads(call["arguments"])["1"])
    symbols = {c["symbol"] for c in raw.of("calls", seed)}
    assert ("WebGLRenderingContext.readPixels" in symbols) == bool(page["webgl"]), symbols
    return page, dict(Run.open(folder / "run").stage("crawl")["display"]), one.said


def families() -> set[str]:
    """The families of fonts that are installed, as fontconfig lists them."""
    listed = subprocess.run(["fc-list", ":", "family"], capture_output=True, check=True, text=True).stdout
    return {name for line in listed.splitlines() for name in line.split(",")}


@needs_firefox
def test_without_a_display_pages_find_the_same_as_on_one(
    small_web: Web, tmp_path: Path, display: str
) -> None:
    folders = [tmp_path / name for name in ("headless", "shown")]
    for folder in folders:
        folder.mkdir()
    headless, noted, said = found(small_web, folders[0], environment=BERLIN)
    if WARNING in said:
        pytest.skip("Mesa is not installed (Debian: apt install libegl1 libgl1 libgl1-mesa-dri)")
    shown, noted_of_shown, _ = found(
        small_web, folders[1], "--display", "desktop", environment={**BERLIN, "DISPLAY": display}
    )
    del headless["system"], shown["system"]  # see tests/crawl/test_virtual_display.py
    assert headless == shown
    assert shown["contradictions"] == []
    assert (shown["hover"], shown["fine"], shown["coarse"]) == (True, True, False)
    assert (shown["screen"], shown["smaller"]) == ([1920, 1080], True)
    assert shown["drawn"] == [255, 128, 64, 255]
    facts = {"webgl": shown["webgl"], "h264": shown["h264"], "timezone": shown["timezone"]}
    assert noted == noted_of_shown == DESKTOP | facts | {"fonts": noted["fonts"]}
    assert shown["timezone"] == BERLIN["TZ"]
    if shutil.which("fc-list"):
        assert noted["fonts"] == [name for name in FONTS if name in families()]


@needs_firefox
def test_a_machine_that_cannot_draw_is_warned_of_once(small_web: Web, tmp_path: Path) -> None:
    options = ("--visits-per-browser", "1", "--windows", "1")  # of another Firefox it is not said again
    more = (small_web.page(1),)
    page, noted, said = found(small_web, tmp_path, *options, more=more, environment=NO_MESA)
    assert (page["webgl"], page["webgl2"]) == ("", False)
    assert noted["webgl"] == ""
    assert said.count(WARNING) == 1
    assert "apt install libegl1" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("webgl", "h264", "fonts", "words"),
    [
        ("llvmpipe, or similar", True, [*FONTS], []),
        ("", True, [*FONTS], ["apt install libegl1 libgl1 libgl1-mesa-dri"]),
        ("llvmpipe, or similar", False, [*FONTS, "Another"], ["apt install '^libavcodec[0-9]+$'"]),
        (
            "llvmpipe, or similar",
            True,
            ["Liberation Mono", "DejaVu Sans"],
            [
                "no Liberation Sans, Liberation Serif, Noto Color Emoji: fonts that",
            ],
        ),
        (
            "",
            False,
            [],
            ["libegl1", "libavcodec", "fonts-dejavu-core fonts-liberation fonts-noto-color-emoji)"],
        ),
    ],
)
def test_each_lack_is_a_line_with_its_remedy(
    webgl: str, h264: bool, fonts: list[str], words: list[str]
) -> None:
    lines = lacking(DESKTOP | {"webgl": webgl, "h264": h264, "fonts": fonts})
    assert len(lines) == len(words)
    assert all(word in line and "\n" not in line for word, line in zip(words, lines, strict=True))
