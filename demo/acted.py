"""The demo's second crawl: pages that wait for a visitor, or know one again, in several variants.

Its seeds do not come from the precrawl: no page links to them. A page shows what a visit did to it by what it
tells other sites. So the truth of a visit is the list of these requests, and of what was done on the page.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from overscripted.demo.documents import Document

PLAIN, TWIN, ACCEPT, REVISIT = "plain", "twin", "accept", "revisit"
REJECT = "consent=reject"
_NOTHING = "wait=0.1"
_PHONE = "Mozilla/5.0 (Android 15; Mobile; rv:153.0) Gecko/153.0 Firefox/153.0"
GCLID = "gclid=demo-1042"

# Variant -> its settings, as the file of variants has them. The pages' own plans are done in the first two.
VARIANTS = {
    PLAIN: "",
    TWIN: f'twin = "{PLAIN}"',
    "gpc": f'gpc = true\ndo = "{_NOTHING}"',
    "phone": f'user_agent = "{_PHONE}"\nscreen = {{ width = 412, height = 915 }}\ndo = "{_NOTHING}"',
    "gclid": f'decorate = "{GCLID}"\ndo = "{_NOTHING}"',
    REVISIT: f'state = "revisit"\nafter = 0.5\ndo = "{_NOTHING}"',
    ACCEPT: 'do = "consent=accept"',
}


@dataclass
class ActedPage:
    """A page of the second crawl. ``do``: its plan, after the answer to its consent platform, ``platform``.

    - ``told``: what it asks of other sites, by variant; what is at "" it asks in every one, and what is at
      `REJECT` where consent is refused. ``{password_base64}`` stands for what the visit types, ``id=*`` for
      any identifier.
    - ``actions``: action, target and outcome of what the plan does, beside its steps.
    - ``returns``: whether an identifier comes back when the page is visited again, by the way in which it is
      kept.
    - ``findings``: what analyses must find on it, by their names, as `check_findings` words it.
    - ``next``: the page that the plan's step ``links=1`` follows.
    """

    document: Document
    do: str
    told: dict[str, list[str]]
    platform: str = ""
    actions: list[tuple[str, str, str]] = field(default_factory=list)
    returns: dict[str, bool] = field(default_factory=dict)
    findings: dict[str, list[str]] = field(default_factory=dict)
    next: "ActedPage | None" = None


def _variants(consent: bool) -> dict[str, str]:
    return {name: text for name, text in VARIANTS.items() if consent or name != ACCEPT}


def _plan(page: ActedPage, consent: bool) -> str:
    answers = consent and page.platform
    return ",".join(step for step in (REJECT if answers else "", page.do) if step) or _NOTHING


def write_seeds(path: Path, pages: list[ActedPage], consent: bool) -> None:
    """Write the seeds, each with its plan, as Parquet. ``consent``: whether plans answer, which needs npm."""
    columns = {
        "seed": [page.document.location for page in pages],
        "do": [_plan(page, consent) for page in pages],
    }
    pq.write_table(pa.table(columns), path)


def write_variants(path: Path, consent: bool) -> None:
    """Write the file of variants (TOML)."""
    text = "\n".join(f"[{name}]\n{settings}\n" for name, settings in _variants(consent).items())
    path.write_text(text, encoding="utf-8")


def truth(pages: list[ActedPage], consent: bool) -> dict[str, Any]:
    """The visits of a perfect crawl, and by which ways identifiers come back to each page."""
    return {
        "visits": [
            visit
            for page in pages
            for variant in _variants(consent)
            for visit in _visits(page, variant, consent)
        ],
        "returns": {page.document.location: page.returns for page in pages if page.returns},
        "findings": {page.document.location: page.findings for page in pages if page.findings},
    }


def _visits(page: ActedPage, variant: str, consent: bool) -> list[dict[str, Any]]:
    """The visit of a page in a variant, and those that follow it."""
    acted = variant in (PLAIN, TWIN)
    do = _plan(page, consent) if acted else "consent=accept" if variant == ACCEPT else _NOTHING
    keys = ["", PLAIN if acted else variant, *([REJECT] if REJECT in do else [])]
    actions = [("step", step, "done") for step in do.split(",")]
    actions += page.actions if acted else []
    if page.platform and "consent" in do:
        actions.append(("reject" if acted else "accept", page.platform, "done"))
    told = [url for key in keys for url in page.told.get(key, [])]
    visits = [
        {"page": page.document.location, "variant": variant, "reached_by": "seed", "told": told}
        | {"actions": sorted(map(list, actions))}
    ]
    if variant == REVISIT:
        visits.append(visits[0] | {"reached_by": "revisit"})
    if page.next and acted:
        visits += [visit | {"reached_by": "link"} for visit in _visits(page.next, variant, consent)]
    return visits
