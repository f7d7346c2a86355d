"""What one Firefox has compiled at its start serves the next, and whatever is wrong with it costs nothing."""

import asyncio
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from overscripted.crawl.firefox import process as browsers
from overscripted.crawl.firefox import startup_cache
from overscripted.crawl.firefox.process import Firefox

pytestmark = [pytest.mark.firefox, pytest.mark.usefixtures("firefox")]


TAKEN = {"scriptCache-current.bin", "scriptCache-child-current.bin"}


def started() -> set[str]:
    """Start a Firefox and end it; the files of compiled scripts that it took over as it started.

    It renames those that it takes, and deletes those of another build.
    """

    async def start() -> list[Path]:
        async with await Firefox.start() as it:
            folder = it.folder / "profile/startupCache"
            return await asyncio.to_thread(lambda: list(folder.glob("scriptCache*-current.bin")))

    return {path.name for path in asyncio.run(start())}


@pytest.fixture(scope="module", autouse=True)
def patience() -> Iterator[None]:
    """What a Firefox that has to be killed has compiled is not kept."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(browsers, "STOP_TIMEOUT_S", 60.0)
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a first Firefox has left."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("first")))
        assert started() == set()
        return startup_cache._archive(browsers.find())


@pytest.fixture
def kept(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same in a cache folder of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    it = startup_cache._archive(browsers.find())
    it.parent.mkdir(parents=True)
    shutil.copy(made, it)
    return it


def test_the_next_firefox_takes_over_what_one_has_compiled(kept: Path) -> None:
    written = kept.stat().st_mtime_ns
    assert started() == TAKEN
    assert kept.stat().st_mtime_ns == written  # of this build already
    assert list(kept.parent.iterdir()) == [kept]


@pytest.mark.parametrize("damage", ["a byte", "another build"])
def test_what_is_kept_and_wrong_is_not_used_and_made_anew(made: Path, kept: Path, damage: str) -> None:
    whole = kept.read_bytes()
    with zipfile.ZipFile(made) as archive:
        names, build = set(archive.namelist()), archive.read("compatibility.ini")
    if damage == "a byte":
        kept.write_bytes(whole[:100_000] + bytes([whole[100_000] ^ 1]) + whole[100_001:])
    else:
        assert build.count(b"LastVersion=") == 1
        with zipfile.ZipFile(kept, "w") as archive:
            archive.writestr("startupCache/scriptCache.bin", b"of another build")
            archive.writestr("compatibility.ini", build.replace(b"LastVersion=", b"LastVersion=1"))
    assert started() == set()
    with zipfile.ZipFile(kept) as archive:
        assert archive.testzip() is None
        assert (set(archive.namelist()), archive.read("compatibility.ini")) == (names, build)
