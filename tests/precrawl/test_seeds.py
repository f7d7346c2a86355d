"""From links to seeds: union, intersection, quorum, overlap, skew and the load check, with a known truth."""

import json
import shutil
from pathlib import Path

import pytest

from overscripted.errors import InputError, StageMissing
from overscripted.precrawl.links import KINDS, extract
from overscripted.precrawl.run import SeedOptions, combine
from overscripted.precrawl.seeds import STUDY
from overscripted.precrawl.settings import Settings
from overscripted.precrawl.sites import Choice
from overscripted.precrawl.vantage import Vantage
from overscripted.run import Run
from tests.precrawl.crawling import Crawl
from tests.precrawl.web import Request, Web, http, page

COMMON = "https://common.example/"


def site_for(vantage: str):  # type: ignore[no-untyped-def]
    """Two sites: a link all see, one that a and b see, one of this vantage point; b.example fails for c."""

    def site(r: Request) -> bytes | str:
        if r.host == "www.b.example" or (r.host == "b.example" and vantage == "c"):
            return http(status="404 Not Found")
        links = [COMMON, f"https://sub.only.example/{vantage}#x", "/inside", "mailto:a@b", "http://[bad"]
        if vantage != "c":
            links.append("http://ab.example/p?q#frag")
        return page(*links)

    return site


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run seen by a, b and c."""
    crawl = Crawl(tmp_path_factory.mktemp("seen") / "run")
    with Web(site_for("a")) as a, Web(site_for("b")) as b, Web(site_for("c")) as c:
        crawl(["a.example", "b.example"], {"a": a.proxy, "b": b.proxy, "c": c.proxy})
    return crawl.folder


@pytest.fixture
def done(crawl: Crawl, seen: Path) -> Crawl:
    """A copy of it."""
    shutil.copytree(seen, crawl.folder)
    return crawl


def test_intersection_is_the_default(done: Crawl) -> None:
    assert done.rows("seeds") == [
        {
            "seed": COMMON,
            "domain": "common.example",
            "vantages": ["a", "b", "c"],
            "n_sites": 2,
            "sites": ["a.example", "b.example"],
        }
    ]


def test_summary_has_the_truth(done: Crawl) -> None:
    summary = json.loads((done.folder / "precrawl/summary.json").read_text())
    shape = {k: summary[k] for k in ("sites", "union", "intersection", "quorum", "seeds")}
    assert shape == {"sites": 2, "union": 5, "intersection": 1, "quorum": [3, 3], "seeds": 1}
    assert (summary["domains_union"], summary["domains_intersection"]) == (3, 1)
    assert sorted((tuple(o["vantages"]), o["links"]) for o in summary["overlap"]) == [
        (("a",), 1), (("a", "b"), 1), (("a", "b", "c"), 1), (("b",), 1), (("c",), 1),
    ]  # fmt: skip
    c = summary["vantages"]["c"]
    assert (c["sites"], c["reached"], c["failed"], c["failed_by_reason"], c["links"]) == (
        2, 1, 1, {"http_404": 1}, 2,
    )  # fmt: skip
    assert c["pages_per_s"] > 0 and c["skew_s"] >= 0 and summary["skew"]["max_s"] >= 0
    assert summary["study"] == STUDY
    assert Run.open(done.folder).stage("precrawl")["facts"]["union"] == 5


def test_outcomes_and_links_have_their_columns(done: Crawl) -> None:
    row = done.outcomes("a")["a.example"]
    assert (row["outcome"], row["page"], row["status"]) == ("reached", "http://a.example/", 200)
    assert (row["n_links"], row["n_invalid_links"], row["n_cut_links"]) == (3, 1, 0)
    assert [(r["site"], r["rank"], r["link"], r["position"]) for r in done.rows("a") if r["rank"] == 1] == [
        ("a.example", 1, COMMON, 0),
        ("a.example", 1, "https://sub.only.example/a", 1),
        ("a.example", 1, "http://ab.example/p?q", 5),
    ]


def test_quorum_generalises_the_intersection(done: Crawl) -> None:
    assert combine(str(done.folder), SeedOptions("2/3"))["seeds"] == 2
    assert {r["seed"] for r in done.rows("seeds")} == {COMMON, "http://ab.example/p?q"}
    assert combine(str(done.folder), SeedOptions("1"))["seeds"] == 5


@pytest.mark.parametrize("quorum", ["x", "4/3", "0/3", "2/4", "2/", "-1/3"])
def test_impossible_quorum_is_refused_and_changes_nothing(done: Crawl, quorum: str) -> None:
    before = done.rows("seeds")
    with pytest.raises(InputError, match="--quorum"):
        combine(str(done.folder), SeedOptions(quorum))
    assert done.rows("seeds") == before
    assert Run.open(done.folder).stage("precrawl")["status"] == "complete"


def test_vantage_points_of_other_runs_of_the_command_are_combined(crawl: Crawl) -> None:
    """As from several machines: one brings the list, the others open the run, `seeds` combines."""
    with Web(site_for("a")) as a, Web(site_for("c")) as c:
        crawl(["a.example", "b.example"], {"a": a.proxy}, seed_options=SeedOptions("2/2"))
        with pytest.raises(FileNotFoundError):
            crawl.rows("seeds")
        crawl(None, {"c": c.proxy}, seed_options=SeedOptions("2/2"))
    assert [r["seed"] for r in crawl.rows("seeds")] == [COMMON]


def test_single_vantage_point_makes_seeds_at_once(crawl: Crawl) -> None:
    with Web(site_for("a")) as a:
        assert crawl(["a.example"], {"a": a.proxy})["seeds"] == 3


def test_other_list_is_refused_and_restart_measures_anew(crawl: Crawl) -> None:
    with Web(site_for("a")) as a:
        crawl(["a.example"], {"a": a.proxy})
        crawl(["a.example"], {"a": a.proxy})
        assert a.requests["a.example", "/"] == 1, "a finished site was visited again"
        with pytest.raises(InputError, match="--restart"):
            crawl(["b.example"], {"a": a.proxy})
        assert crawl(["b.example"], {"a": a.proxy}, restart=True)["sites"] == 1
        assert list(crawl.outcomes("a")) == ["b.example"]
        crawl(None, {"a": a.proxy}, restart=True)
        assert a.requests["b.example", "/"] == 2


def test_seeds_without_a_precrawl_says_what_to_do(tmp_path: Path) -> None:
    Run.open(tmp_path / "run", create=True)
    with pytest.raises(StageMissing, match="overscripted precrawl"):
        combine(str(tmp_path / "run"))


def test_kinds_of_links(tmp_path: Path) -> None:
    body = page("/in", "http://sub.a-site.co.uk/", "https://other.co.uk/").encode()
    found = {kind: extract(body, "text/html", "http://a-site.co.uk/", kind).found for kind in KINDS}
    inside = [(0, "http://a-site.co.uk/in"), (1, "http://sub.a-site.co.uk/")]
    out = [(2, "https://other.co.uk/")]
    assert found == {"outbound": out, "internal": inside, "all": inside + out}


def test_caps_on_links_are_counted() -> None:
    body = page(*(f"https://s{n}.com/" for n in range(30)), "https://long.com/" + "x" * 9000).encode()
    found = extract(body, "text/html", "http://a.com/", "outbound", 20)
    assert (len(found.found), found.cut, found.invalid) == (20, 11, 0)


def test_shuffled_sample_is_visited_in_one_order_by_all(crawl: Crawl) -> None:
    with Web(lambda r: page()) as a, Web(lambda r: page()) as b:
        sites = [f"s{n}.example" for n in range(40)]
        crawl(sites, {"a": a.proxy, "b": b.proxy}, Choice(sample=20, shuffle=True, seed=3), connections=1)
        order = [[r.host for r in web.log] for web in (a, b)]
    assert order[0] == order[1] and len(order[0]) == 20
    assert order[0] != sorted(order[0], key=sites.index)


def test_check_loads_seeds_by_head_then_get_and_can_drop(crawl: Crawl) -> None:
    links = [f"http://{h}.example/" for h in ("good", "gone", "nohead", "moved", "target", "far", "nobody")]

    def web_site(r: Request) -> bytes | str:
        if r.host == "site.example":
            return page(*links)
        if r.host == "gone.example" or (r.host == "nohead.example" and r.method == "HEAD"):
            return http(status="405 Method Not Allowed" if r.host == "nohead.example" else "404 Not Found")
        if r.host in ("moved.example", "far.example"):
            return http(status="301 Moved", Location="http://target.example/")
        if r.host.endswith("nobody.example"):
            return http(b"no such host", status="502 Bad Gateway")
        return http(b"" if r.method == "HEAD" else "x", type="text/html")

    with Web(web_site) as web:
        summary = crawl(
            ["site.example"],
            {"v": web.proxy},
            seed_options=SeedOptions(check="seeds", drop=("failed", "duplicates")),
        )
    rows = {row["url"]: row for row in crawl.rows("check")}
    assert {u: (r["outcome"], r["method"]) for u, r in rows.items()} == {
        links[0]: ("reached", "HEAD"),
        links[1]: ("http_404", "GET"),
        links[2]: ("reached", "GET"),
        links[3]: ("reached", "HEAD"),
        links[4]: ("reached", "HEAD"),
        links[5]: ("reached", "HEAD"),
        links[6]: ("http_502", "GET"),
    }
    assert rows[links[3]]["redirects"] == [links[4]] and rows[links[3]]["final_url"] == links[4]
    check = {
        k: summary["check"][k] for k in ("of", "checked", "loaded", "failed", "redirected", "duplicates")
    }
    assert check == {"of": "seeds", "checked": 7, "loaded": 5, "failed": 2, "redirected": 2, "duplicates": 2}
    assert sorted(r["seed"] for r in crawl.rows("seeds")) == sorted([links[0], links[2], links[4]])


def test_drop_without_check_is_refused() -> None:
    with pytest.raises(InputError, match="--check"):
        SeedOptions(drop=("failed",))


def test_check_can_be_asked_of_seeds_later(done: Crawl) -> None:
    with Web(lambda r: http(b"", type="text/html")) as web:
        summary = combine(
            str(done.folder), SeedOptions(check="union"), Vantage("x", proxy=web.proxy), Settings(pace_s=0)
        )
    assert summary["check"]["checked"] == 5
