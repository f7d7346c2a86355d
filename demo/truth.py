"""The truth as JSON: what a perfect precrawl and a perfect crawl of the demo web find.

Its form, and what is exact in it, is described in docs/reference/demo.md.
"""

from collections import Counter, defaultdict
from dataclasses import asdict
from typing import Any

from overscripted.demo.build import Demo, is_hostile
from overscripted.demo.documents import Document, Reference
from overscripted.demo.fronts import Front
from overscripted.demo.settings import VANTAGES
from overscripted.demo.sites.broken import Listed


def truth(demo: Demo, mode: str) -> dict[str, Any]:
    """The truth of a world built with libraries from npm (``mode`` "npm") or without ("own")."""
    pages = {url: _page(page) for url, page in demo.world.pages.items()}
    return {
        "mode": mode,
        "vantages": list(VANTAGES),
        "precrawl": _precrawl(demo.listed),
        "pages": {url: page for url, page in pages.items() if not is_hostile(url)},
        "hostile": {url: page for url, page in pages.items() if is_hostile(url)},
        "symbols": sorted({p.symbol for page in demo.world.pages.values() for p in page.planted}),
    }


def _precrawl(listed: dict[str, Listed]) -> dict[str, Any]:
    sites = {host: {vantage: _site(one, vantage) for vantage in VANTAGES} for host, one in listed.items()}
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


def _site(one: Listed, vantage: str) -> dict[str, Any]:
    outcome = one.outcome[vantage]
    front: Front | None = one.fronts.get(vantage, one.front)
    if outcome != "reached" or front is None:
        return {"outcome": outcome, "page": None, "links": [], "fresh": []}
    return {
        "outcome": outcome,
        "page": front.document.location,
        "links": front.found(vantage),
        "fresh": [fresh.pattern for fresh in front.fresh],
    }


def _page(page: Document) -> dict[str, Any]:
    planted: Counter[tuple[Any, ...]] = Counter()
    for one in page.planted:
        values = asdict(one)
        planted[tuple(values[key] for key in values if key != "n")] += one.n
    names = [key for key in asdict(page.planted[0]) if key != "n"] if page.planted else []
    made = [{**dict(zip(names, key, strict=True)), "n": n} for key, n in planted.items()]
    dynamic = sum(one["n"] for one in made if one["dynamic"])
    documents = {call["context"]: 0 for call in made}
    for call in made:
        documents[call["context"]] += call["n"] if call["location"] != call["context"] else 0
    return {
        "outcome": page.outcome,
        "status": page.status,
        "final_url": page.final or page.location,
        "frames": [{"location": url, "kind": kind} for url, kind in page.frames],
        "libraries": sorted(page.libraries),
        "calls": made if page.outcome == "complete" else [],
        "dynamic_calls": dynamic,
        "documents": documents if page.outcome == "complete" else {},
        "replay": _references(page.replay),
        "mining": _references(page.mining),
    }


def _references(found: list[Reference]) -> list[dict[str, Any]]:
    return [asdict(one) for one in dict.fromkeys(found)]
