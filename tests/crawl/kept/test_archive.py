"""The archive of a kept profile: what is in it, and that no file of anyone's writes anything else."""

import io
import json
import os
import tarfile
from pathlib import Path

import pytest

from overscripted.crawl.kept import archive, words
from overscripted.crawl.kept.archive import Unusable
from overscripted.errors import InputError

ABOUT = ("overscripted-profile.json", json.dumps({"format": archive.FORMAT}).encode())
CACHED = f"cache2/entries/{0xE:040X}"
STORED = "storage/default/https+++a.example^userContextId=1/ls/data.sqlite"


def packed(*members: tuple[str, bytes], kind: bytes = tarfile.REGTYPE, link: str = "") -> bytes:
    """An archive whose last member is of this kind."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as made:
        for name, data in members:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            if (name, data) == members[-1]:
                member.type, member.linkname = kind, link
            made.addfile(member, io.BytesIO(data))
    return content.getvalue()


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_what_pages_left_is_packed_and_nothing_else(tmp_path: Path) -> None:
    profile, other = tmp_path / "profile", tmp_path / "other"
    left = {STORED: b"1", "cookies.sqlite": b"2", "cookies.sqlite-wal": b"3", CACHED: b"4"}
    left |= {archive.SESSION_COOKIES: b"[]", archive.PERMISSIONS: b"[]", archive.HOSTS: b"[]"}
    others = (
        "key4.db",
        "storage/permanent/chrome/x",
        "prefs.js",
        "permissions.sqlite",
        "cache2/index",
        "SiteSecurityServiceState.bin",
    )
    for name, data in {**left, **dict.fromkeys(others, b"x"), f"{CACHED}.part": b"x"}.items():
        (profile / name).parent.mkdir(parents=True, exist_ok=True)
        (profile / name).write_bytes(data)
    (profile / "storage/default/link").symlink_to(profile / "key4.db")
    other.mkdir()
    archive.unpack(archive.pack(profile), other)
    assert files(other) == {**left, ABOUT[0]: ABOUT[1]}


def test_a_profile_that_is_too_large_is_not_packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cookies.sqlite").write_bytes(bytes(2000))
    archive.pack(tmp_path)
    monkeypatch.setattr(archive, "MOST_BYTES", 2000)  # with the file that names the format it is more
    with pytest.raises(Unusable, match="takes more than"):
        archive.pack(tmp_path)


def test_the_newest_of_the_cache_are_packed_within_its_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Firefox is over its own bound for a moment, and knows none for the number."""
    profile, other = tmp_path / "profile", tmp_path / "other"
    (profile / "cache2/entries").mkdir(parents=True)
    (profile / archive.SESSION_COOKIES).write_bytes(b"[]")
    names = [f"cache2/entries/{n:040X}" for n in range(9)]
    for age, name in enumerate(reversed(names)):
        (profile / name).write_bytes(bytes(400))
        os.utime(profile / name, (10**9 + age, 10**9 + age))
    for bound, value, kept in (("CACHED_KB", 1, 2), ("_MOST_CACHED", 1, 1)):
        monkeypatch.setattr(archive, bound, value)
        archive.unpack(archive.pack(profile), other / bound)
        assert files(other / bound).keys() == {ABOUT[0], archive.SESSION_COOKIES, *names[:kept]}


@pytest.mark.parametrize(
    "name",
    [
        *(
            "../evil",
            "/etc/evil",
            "storage/default/../../evil",
            "storage/default",
            "storage/../cookies.sqlite",
        ),
        *("prefs.js", "user.js", "extensions/x.xpi", "storage/permanent/chrome/x", "./cookies.sqlite", ""),
        *("permissions.sqlite", "cache2/index", "cache2/entries", f"cache2/doomed/{'A' * 40}"),
        *(f"cache2/entries/{name}" for name in ("a" * 40, "A" * 39, "A" * 40 + "/x", "A" * 40 + "\n")),
    ],
)
def test_other_names_are_refused(tmp_path: Path, name: str) -> None:
    profile = tmp_path / "deep" / "profile"
    profile.mkdir(parents=True)
    with pytest.raises(Unusable):
        archive.unpack(packed(ABOUT, (name, b"x")), profile)
    assert set(files(tmp_path)) <= {f"deep/profile/{ABOUT[0]}"}


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_and_devices_are_refused(tmp_path: Path, kind: bytes) -> None:
    with pytest.raises(Unusable, match="no file of a kept profile"):
        archive.unpack(packed(ABOUT, (STORED, b""), kind=kind, link="/etc/passwd"), tmp_path)
    assert not (tmp_path / STORED).exists()


@pytest.mark.parametrize(
    ("content", "words_of"),
    [
        (b"", "damaged|not a profile"),
        (b"no archive", "damaged"),
        (packed(ABOUT, (STORED, b"x" * 9999))[:-30], "damaged"),
        (packed((STORED, b"x")), "not a profile"),
        (packed((ABOUT[0], b'{"format": 99}')), "not a profile"),
        (packed((ABOUT[0], b"[")), "damaged"),
        (packed(ABOUT), "without session-cookies.json"),
        (packed(ABOUT, (archive.SESSION_COOKIES, b"{}")), "no list"),
        (packed(ABOUT, (archive.SESSION_COOKIES, b"\xff")), "damaged"),
        (
            packed(ABOUT, (archive.SESSION_COOKIES, b"[]"), (archive.PERMISSIONS, b"{}")),
            "permissions.* no list",
        ),
        (packed(ABOUT, (archive.HOSTS, bytes(2**20 + 1))), "https-alone.json is larger than 1 MB"),
        (packed(ABOUT, (STORED, b"1"), (STORED, b"2")), "damaged"),
    ],
)
def test_what_is_damaged_or_no_profile_is_refused(tmp_path: Path, content: bytes, words_of: str) -> None:
    with pytest.raises(Unusable, match=words_of):
        archive.unpack(content, tmp_path)


def test_a_bomb_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MOST_BYTES", 10_000)
    monkeypatch.setattr(archive, "MOST_FILES", 3)
    with pytest.raises(Unusable, match="larger than"):
        archive.unpack(packed(ABOUT, (STORED, bytes(10**7))), tmp_path)
    with pytest.raises(Unusable, match="more than 3 files"):
        archive.unpack(packed(ABOUT, *((f"{STORED}{n}", b"") for n in range(9))), tmp_path)
    assert STORED not in files(tmp_path)


def test_the_option_is_read_and_its_mistakes_are_named() -> None:
    assert words.parse(["keep", "load=a=b", "save=c"]) == words.Words("a=b", "c")
    for given in (["save"], ["save="], ["fetch=x"], ["load=a", "load=b"], ["save=none/x"]):
        with pytest.raises(InputError, match=f"--profile {given[-1]}"):
            words.parse(given)
