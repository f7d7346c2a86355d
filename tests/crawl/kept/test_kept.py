"""A kept profile: each visit finds exactly what those before it left, whatever is killed meanwhile."""

import asyncio
import json
from pathlib import Path

import pytest

from overscripted.crawl.frontier.visit_ids import place_of
from overscripted.crawl.kept import archive
from overscripted.crawl.run import crawl as crawl_here
from overscripted.crawl.settings import Options
from overscripted.errors import InputError
from overscripted.run import Run
from tests.crawl import state
from tests.crawl.crawling import Crawl
from tests.crawl.crawling import crawl as crawl_command
from tests.crawl.instrument.hosts import hosted
from tests.crawl.raw import Raw
from tests.crawl.test_following import counting
from tests.crawl.web import Web

pytestmark = [pytest.mark.firefox, pytest.mark.usefixtures("firefox")]

OPTIONS = ("--dwell", "0.5", "--per-domain", "0", "--retries", "0")


def ordered(run: Path) -> list[str]:
    """Two seeds of a new run. The first to be visited is asked for by HTTPS, the other one by HTTP."""
    crawl_id = Run.open(run, create=True).crawl_id
    https, http = (
        sorted(
            (f"{scheme}://{state.SITE}/state?{scheme}{n}" for n in range(9)),
            key=lambda url: place_of(crawl_id, url),
        )
        for scheme in ("https", "http")
    )
    return [https[0], http[-1]]


def begun(file: Path, folder: Path) -> None:
    """Write the file of a profile in which the site may know its place, and more than any page can get."""
    (folder / "cache2/entries").mkdir(parents=True)
    (folder / "cache2/entries" / ("F" * 40)).write_bytes(bytes(range(256)))  # Firefox ignores it
    (folder / archive.SESSION_COOKIES).write_text("[]")
    hosts = [["plain.example", "", "x", 1, 0], ["x y", "", 1e300, 0, 1], [None], None, 1, "", []]
    (folder / archive.HOSTS).write_text(json.dumps(hosts))
    origin, allow = f"https://{state.SITE}", [1, 0, 0]  # for good
    others = [[origin, kind, *allow] for kind in ("camera", "open-protocol-handler^mailto", "install", 7)]
    others += [
        ["about:home", "geo", *allow],
        ["https:", "geo", *allow],
        [None, "geo", *allow],
        None,
        1,
        "",
        [],
    ]
    permissions = [*others, [origin, "geo", *allow]]
    (folder / archive.PERMISSIONS).write_text(json.dumps(permissions))
    file.write_bytes(archive.pack(folder))


async def test_a_profile_outlives_firefox_and_kill_9_and_goes_to_another_run_by_a_file(
    tmp_path: Path,
) -> None:
    run, other, file = tmp_path / "run", tmp_path / "other", tmp_path / "week.profile"
    begun(tmp_path / "first.profile", tmp_path / "first")
    seeds = ordered(run)
    async with hosted(tmp_path) as (hosts, prefs, authority):
        reported = state.serve(hosts)
        proxy = f"http://127.0.0.1:{prefs['network.proxy.http_port']}"
        options = (*OPTIONS, "--profile", "keep", "--load-timeout", "120")
        options += ("--proxy", proxy, "--ca", str(authority))
        reported.ending = 1
        load = ("--profile", f"load={tmp_path / 'first.profile'}")
        one = Crawl(run, *options, *load, seeds=seeds, folder=tmp_path)
        await asyncio.to_thread(one.until, lambda: len(reported.reports) == 2)
        await asyncio.to_thread(one.kill)  # the second visit has left its marks
        reported.release()
        save = ("--profile", f"save={file}")
        await asyncio.to_thread(crawl_command, run, *options, *save, folder=tmp_path)
        # It goes on elsewhere, at the same time as here in the next wave: neither finds any of the other.
        load = ("--profile", f"load={file}")
        elsewhere = Crawl(other, *options, *load, seeds=[f"http://{state.SITE}/state?other"], folder=tmp_path)
        await asyncio.to_thread(crawl_command, run, *options, "--next-wave", folder=tmp_path)
        assert await asyncio.to_thread(elsewhere.wait) == 0, elsewhere.said

    first, killed, second, *later = reported.reports
    (there,) = (report for report in later if report["asked"] == "?other")
    third, fourth = (report for report in later if report is not there)

    def left(latest: str) -> dict[str, str]:
        """All that a visit may find after that of this mark."""
        marks = {**dict.fromkeys(state.LATEST, latest), **dict.fromkeys(state.FIRST, first["mark"])}
        return {**marks, **state.SIGNS}

    assert first["ways"] == state.SIGNS  # of the file, and of the page's own address
    assert killed["ways"] == second["ways"] == left(first["mark"])
    assert there["ways"] == third["ways"] == left(second["mark"])
    assert fourth["ways"] == left(third["mark"])
    assert len(reported.icons) == 1

    rows = sorted(Raw(str(run)).attempts, key=lambda row: row["started"])
    asked = [(row["site_url"], row["attempt"], row["outcome"]) for row in rows]
    assert asked == [
        (seed, attempt, "complete") for seed, attempt in zip(seeds * 2, (1, 2, 1, 1), strict=True)
    ]
    assert all(rows[n]["ended"] <= rows[n + 1]["started"] for n in range(3))
    # The state at the start, before the last visit, and after it.
    assert len(list((run / "kept").iterdir())) == 3
    refused = {
        (f"load={file}",): "has a profile already",
        (): "was begun with --profile and cannot go on without it",
        (f"load={tmp_path / 'seeds.txt'}",): "damaged",
    }
    for words, said in refused.items():
        with pytest.raises(InputError, match=said):
            crawl_here(str(run), Options(profile=words))


VARIANTS = """
[plain]
[first]
state = "kept"
[second]
state = "kept"
locale = "de-DE"
"""


def test_kept_variants_have_profiles_of_their_own_beside_fresh_ones(small_web: Web, tmp_path: Path) -> None:
    (tmp_path / "variants.toml").write_text(VARIANTS)
    seeds = [counting(small_web, f"variant {n}") for n in range(2)]
    options = (*OPTIONS, "--allow-private", "--windows", "20", "--variants", str(tmp_path / "variants.toml"))
    run = tmp_path / "run"
    one = Crawl(run, *options, seeds=seeds, folder=tmp_path)
    one.until(lambda: (run / "kept" / "second").exists() and (run / "kept" / "first").exists())
    one.kill()
    crawl_command(run, *options, folder=tmp_path)
    last = {row["visit_id"]: row for row in sorted(Raw(str(run)).attempts, key=lambda row: row["attempt"])}
    found: dict[str, list[str]] = {}
    for row in sorted(last.values(), key=lambda row: row["started"]):
        found.setdefault(row["variant"], []).append(row["title"])
    assert found == {"plain": ["1", "1"], "first": ["1", "2"], "second": ["1", "2"]}
    assert [sorted(path.name for path in (run / "kept").iterdir())] == [["first", "second"]]
    with pytest.raises(InputError, match="not possible with --variants"):
        crawl_here(str(run), Options(profile=("keep",), variants=str(tmp_path / "variants.toml")))
