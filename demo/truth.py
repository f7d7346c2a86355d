"""The truth as JSON: what a perfect precrawl and a perfect crawl find in the demo web.

docs/reference/demo.md describes its format, and which of its numbers are exact.
"""

from collections import Counter, defaultdict
from dataclasses import asdict
from typing import Any

from overscripted.demo import acted
from overscripted.demo.build import Demo, is_hostile
from overscripted.demo.documents import Document, Reference
from overscripted.demo.front_pages import FrontPage
from overscripted.demo.settings import VANTAGES
from overscripted.demo.sites.broken import ListedSite
from overscripted.demo.sites.fingerprinters import FINGERPRINTS, FINGERPRINTS_BY_LIBRARIES
from overscripted.demo.sites.miners import LEVELS
from overscripted.outcomes import GOOD, REACHED, Outcome

# Pages whose planted calls are compared. What a wall does is recorded, but counts with no document.
_SHOWN = (Outcome.COMPLETE, Outcome.HTTP_ERROR, Outcome.CHALLENGE)


def truth(demo: Demo, mode: str) -> dict[str, Any]:
    """The truth of a demo web with libraries from npm (``mode`` "npm") or without them ("own")."""
    pages = {url: _page(page) for url, page in demo.world.pages.items()}
    return {
        "mode": mode,
        "vantages": list(VANTAGES),
        "precrawl": _precrawl(demo.listed),
        "pages": {url: page for url, page in pages.items() if not is_hostile(url)},
        "hostile": {url: page for url, page in pages.items() if is_hostile(url)},
        "fingerprints": FINGERPRINTS | (FINGERPRINTS_BY_LIBRARIES if mode == "npm" else {}),
        "mining_levels": LEVELS,
        "providers": sorted({reference["owner"] for page in pages.values() for reference in page["replay"]}),
        "acted": acted.truth(demo.world.acted, consent=mode == "npm"),
        "symbols": sorted({p.symbol for page in demo.world.pages.values() for p in page.planted}),
    }


def _precrawl(listed: dict[str, ListedSite]) -> dict[str, Any]:
    sites = {host: {vantage: _site(site, vantage) for vantage in VANTAGES} for host, site in listed.items()}
    seen: dict[str, set[str]] = defaultdict(set)
    for vantages in sites.values():
        for vantage, found in vantages.items():
            for link in found["links"]:
                seen[link].add(vantage)
    fresh = Counter(
        pattern for vantages in sites.values() for found in vantages.values() for pattern in found["fresh"]
    )
    return {
        "sites": sites,
        "union": sorted(seen),
        "fresh": dict(sorted(fresh.items())),
        "n_union": len(seen) + sum(fresh.values()),
        "seeds": {
            str(quorum): sorted(link for link, by in seen.items() if len(by) >= quorum)
            for quorum in range(2, len(VANTAGES) + 1)
        },
    }


def _site(site: ListedSite, vantage: str) -> dict[str, Any]:
    outcome = site.outcome[vantage]
    front: FrontPage | None = site.fronts.get(vantage, site.front)
    if outcome != REACHED or front is None:
        return {"outcome": outcome, "page": None, "links": [], "fresh": []}
    return {
        "outcome": outcome,
        "page": front.document.location,
        "links": front.outbound_links(vantage),
        "fresh": [link.pattern for link in front.volatile],
    }


def _page(page: Document) -> dict[str, Any]:
    planted: Counter[tuple[Any, ...]] = Counter()
    for expected in page.planted:
        values = asdict(expected)
        planted[tuple(values[key] for key in values if key != "n")] += expected.n
    names = [key for key in asdict(page.planted[0]) if key != "n"] if page.planted else []
    calls = [{**dict(zip(names, key, strict=True)), "n": n} for key, n in planted.items()]
    dynamic = sum(call["n"] for call in calls if call["dynamic"])
    documents = {call["context"]: 0 for call in calls}
    for call in calls:
        documents[call["context"]] += call["n"] if call["location"] != call["context"] else 0
    return {
        "outcome": page.outcome,
        "status": page.status,
        "final_url": page.final or page.location,
        "frames": [{"location": url, "kind": kind} for url, kind in page.frames],
        "libraries": sorted(page.libraries),
        "calls": calls if page.outcome in _SHOWN else [],
        "records": page.records,
        "findings": page.findings,
        "worker_cpu_s": page.worker_cpu_s,
        "dynamic_calls": dynamic,
        "documents": documents if page.outcome in GOOD else {},
        "replay": _references(page.replay),
        "mining": _references(page.mining),
    }


def _references(references: list[Reference]) -> list[dict[str, Any]]:
    return [asdict(reference) for reference in dict.fromkeys(references)]
