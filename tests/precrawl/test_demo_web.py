"""On the demo web, the four vantage points find exactly what its truth says."""

import re
from collections import Counter, defaultdict
from pathlib import Path

from demo.web import DemoWeb
from precrawl.run import Asked, combine, precrawl
from precrawl.settings import Settings
from precrawl.vantage import Vantage
from tests.precrawl.crawling import Crawl


def test_four_vantage_points_give_exactly_the_truth(crawl: Crawl) -> None:
    with DemoWeb("own") as web:
        truth = web.truth["precrawl"]
        summary = precrawl(
            str(crawl.folder),
            [Vantage(name, proxy=proxy) for name, proxy in web.proxies.items()],
            Path(web.sites_file),
            settings=Settings(timeout_s=15.0, pace_s=0.2, ca=web.ca_file, allow_private=True, processes=1),
        )
    assert summary is not None
    union: dict[str, set[str]] = defaultdict(set)
    for vantage in web.proxies:
        outcomes, links = crawl.outcomes(vantage), crawl.links(vantage)
        for site, seen in truth["sites"].items():
            expected = seen[vantage]
            assert outcomes[site]["outcome"] == expected["outcome"], (site, outcomes[site])
            if expected["page"]:
                assert outcomes[site]["page"] == expected["page"]
            fresh = [link for link in links[site] if link not in expected["links"]]
            assert set(expected["links"]) <= set(links[site])
            assert len(fresh) == len(expected["fresh"])
            assert all(any(re.fullmatch(p, link) for link in fresh) for p in expected["fresh"])
            for link in links[site]:
                union[link].add(vantage)
    seeds = {row["seed"]: row for row in crawl.rows("seeds")}
    assert sorted(seeds) == truth["seeds"]["4"], "the intersection"
    assert set(truth["union"]) <= set(union) and len(union) == truth["n_union"], "the union"
    assert (summary["union"], summary["intersection"]) == (truth["n_union"], len(truth["seeds"]["4"]))
    overlap = Counter(frozenset(seen) for seen in union.values())
    assert {frozenset(o["vantages"]): o["links"] for o in summary["overlap"]} == overlap
    for quorum in ("2", "3"):
        combine(str(crawl.folder), Asked(f"{quorum}/4"))
        assert sorted(r["seed"] for r in crawl.rows("seeds")) == truth["seeds"][quorum]
