"""The catalogue, the cache and the choice of lists: pinned by SHA-256, replaced by the user, recorded."""

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from overscripted.errors import InputError, OutsideError
from overscripted.lists import cache, catalogue, roles
from overscripted.lists.catalogue import Listing
from overscripted.lists.command import lists

SHARED = Path(__file__).resolve().parents[3] / "shared" / "lists"
CONTENT = b"0.0.0.0 miner.example\n"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def web() -> Iterator[tuple[str, dict[str, bytes]]]:
    """A server's address and what it serves; 404 for the rest."""
    pages: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = pages.get(self.path)
            self.send_response(404 if body is None else 200)
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", pages
        server.shutdown()


def listed(url: str = "", content: bytes = CONTENT, pinned: bool = True) -> Listing:
    digest = hashlib.sha256(content).hexdigest()
    return Listing("mine", "Mine", "nocoin", "1", url, pinned, "MIT", "Any.", "", digest, len(content))


def test_a_list_is_fetched_once_and_read_from_the_cache(web: tuple[str, dict[str, bytes]]) -> None:
    url, pages = web
    entry = listed(f"{url}/hosts.txt")
    assert cache.cached(entry) is None
    pages["/hosts.txt"] = CONTENT
    assert cache.fetch(entry).read_bytes() == CONTENT
    pages.clear()
    assert cache.cached(entry) == CONTENT
    assert [e.host for e in roles.from_catalogue(entry).entries] == ["miner.example"]


@pytest.mark.parametrize(
    ("pinned", "remedy"), [(True, "name the right file"), (False, "published a newer version")]
)
def test_another_sha256_is_refused_and_nothing_is_kept(
    web: tuple[str, dict[str, bytes]], pinned: bool, remedy: str
) -> None:
    url, pages = web
    pages["/hosts.txt"] = CONTENT + b"0.0.0.0 bank.example\n"
    entry = listed(f"{url}/hosts.txt", pinned=pinned)
    with pytest.raises(InputError, match=remedy) as caught:
        cache.fetch(entry)
    assert entry.sha256 in str(caught.value)
    assert cache.cached(entry) is None
    assert list(cache.folder().glob("*")) == []


def test_a_wrong_copy_does_not_replace_a_right_one(tmp_path: Path) -> None:
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    right.write_bytes(CONTENT)
    wrong.write_bytes(b"x.example\n")
    cache.fetch(listed(), right)
    with pytest.raises(InputError, match="not mine: SHA-256 is"):
        cache.fetch(listed(), wrong)
    assert cache.cached(listed()) == CONTENT


def test_an_altered_copy_in_the_cache_is_never_used(tmp_path: Path) -> None:
    source = tmp_path / "hosts.txt"
    source.write_bytes(CONTENT)
    path = cache.fetch(listed(), source)
    path.write_bytes(b"bank.example\n")
    with pytest.raises(InputError, match="SHA-256 differs"):
        roles.from_catalogue(listed())


def test_what_cannot_be_fetched_is_one_clear_error(
    web: tuple[str, dict[str, bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, pages = web
    for nowhere in (f"{url}/absent", "http://127.0.0.1:9/x", "nonsense"):
        with pytest.raises(OutsideError, match="--from FILE"):
            cache.fetch(listed(nowhere))
    with pytest.raises(InputError, match="cannot be read"):
        cache.fetch(listed(), tmp_path / "absent.txt")
    monkeypatch.setattr(cache, "MAX_LIST_BYTES", 10)
    pages["/long"] = b"x" * 1000
    with pytest.raises(InputError, match="over 10 bytes"):
        cache.fetch(listed(f"{url}/long"))


def test_a_list_that_was_not_fetched_is_named_with_the_command() -> None:
    with pytest.raises(InputError, match="lists fetch nocoin-2018-05-07"):
        roles.choose(["nocoin=nocoin-2018-05-07"])


def test_each_part_has_its_default() -> None:
    chosen = roles.choose([])
    assert {role: listing.name for role, listing in chosen.items()} == {
        "session_replay": "session_replay",
        "nocoin": "miners",
        "entities": "third_party_web",
        "cname": "cname_trackers",
    }
    assert len(chosen["session_replay"].subset("study2018").entries) == 14


def test_a_file_replaces_a_list_and_is_known_by_its_checksum(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "hosts.txt"
    file.write_bytes(CONTENT + b"what is this\n")
    found = roles.choose([f"nocoin={file}"])["nocoin"].provenance()
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert (found["sha256"], found["entries"], found["skipped_lines"]) == (digest, 1, 1)
    assert (found["name"], found["version"]) == ("hosts.txt", "as given")
    whole = catalogue.listings() | {"mine": listed(content=file.read_bytes())}
    monkeypatch.setattr(catalogue, "listings", lambda: whole)
    known = roles.choose([f"nocoin={file}"])["nocoin"].provenance()
    assert (known["name"], known["version"], known["licence"]) == ("mine", "1", "MIT")


@pytest.mark.skipif(not SHARED.exists(), reason="no shared lists beside the checkout")
def test_the_studys_14_are_exactly_the_providers_it_used() -> None:
    theirs = (SHARED / "session_replay" / "princeton_14_domains.txt").read_text().split()
    assert {e.host for e in roles.builtin("session_replay").subset("study2018").entries} == set(theirs)


@pytest.mark.skipif(not SHARED.exists(), reason="no shared lists beside the checkout")
@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("disconnect-2018-04-19", "disconnect/2018-04-19/disconnect-blacklist.json"),
        ("disconnect-entities-2018-04-19", "disconnect/2018-04-19/disconnect-entitylist.json"),
        ("easyprivacy-2023-04-24", "easyprivacy/2023-04-24.txt"),
        ("nocoin-2018-05-07", "nocoin/2018-05-07/hosts.txt"),
        ("nocoin-2025-03-05", "nocoin/2025-12-30/hosts.txt"),
        ("nocoin-rules-2025-11-10", "nocoin/2025-12-30/nocoin.txt"),
    ],
)
def test_the_catalogues_checksums_are_those_of_the_real_files(name: str, file: str) -> None:
    path = cache.fetch(catalogue.listing(name), SHARED / file)
    assert path.stat().st_size == catalogue.listing(name).size
    assert len(roles.from_catalogue(catalogue.listing(name)).entries) > 50


def test_the_catalogue_says_all_it_must() -> None:
    for name, entry in catalogue.listings().items():
        assert entry.name == name and entry.role in roles.ROLES
        assert entry.url.startswith("https://") and entry.licence and entry.version
        assert ("earns no money" in entry.use) == ("-NC-" in entry.licence)
        assert len(entry.sha256) == 64 and entry.size > 0
        # A URL that names one version has a commit in it; else the notes say how to get the version.
        assert entry.pinned or "--from FILE" in entry.notes


def test_the_built_in_lists_have_a_source_and_no_doubles() -> None:
    for name in ("session_replay", "miners", "third_party_web", "cname_trackers"):
        listing = roles.builtin(name)
        entries = listing.entries
        assert len({(e.host, e.below) for e in entries}) == len(entries) and all(e.owner for e in entries)
        # third-party-web has "*.net.pl", which is a public suffix.
        assert listing.skipped == (name == "third_party_web")


def test_a_copied_list_has_its_licence_and_its_origin() -> None:
    for name, makers in (("third_party_web", "Patrick Hulce"), ("cname_trackers", "Adguard Software Ltd")):
        about = json.loads((roles.BUILTIN / f"{name}.json").read_bytes())
        assert about["licence"] == "MIT" and makers in about["licence_text"]
        assert "permission notice shall be included" in " ".join(about["licence_text"].split())
        assert about["version"] in about["provenance"] or "commit" in about["provenance"]


def test_the_command_shows_and_fetches(tmp_path: Path) -> None:
    def said(*arguments: str) -> str:
        done = CliRunner(env={"COLUMNS": "200"}).invoke(lists, arguments)
        assert done.exit_code == 0, done.output
        return done.output

    assert "not fetched" in said() and "built in, default, 50 hosts" in said("show")
    assert "mc.yandex.com" in said("show", "session_replay")
    assert "sha256: c1094ee4" in said("show", "nocoin-2018-05-07")
    wrong = tmp_path / "wrong.txt"
    wrong.write_text("a.com\n")
    result = CliRunner().invoke(lists, ["fetch", "nocoin-2018-05-07", "--from", str(wrong)])
    assert isinstance(result.exception, InputError)
    result = CliRunner().invoke(
        lists, ["fetch", "nocoin-2018-05-07", "nocoin-2025-03-05", "--from", str(wrong)]
    )
    assert result.exit_code == 2
    assert isinstance(CliRunner().invoke(lists, ["show", "nonsense"]).exception, InputError)


def test_the_guide_says_of_each_list_what_it_may_be_used_for() -> None:
    page = (Path(__file__).parents[2] / "docs" / "guide" / "lists.md").read_text("utf-8")
    table = page.partition("## What each list may be used for")[2].partition("## ")[0]
    for name in [*catalogue.listings(), *(own for own, _ in roles.ROLES.values() if own)]:
        assert f"`{name}`" in table or (name.startswith("nocoin-") and "`nocoin-…`" in table)
        assert f"`{name}`" in page or f"**{name}**" in page
