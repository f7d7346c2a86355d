"""The page of a storage key: one key in the storage of one origin, or of all origins."""

from overscripted.explore.model import Asked, Content, Fact, NotFound, Page, subject
from overscripted.urls import host


def _answer(asked: Asked) -> Content:
    asked.data.need("stored_items")
    key = asked.need("key")
    one = {"key": key} | {name: asked.get(name) for name in ("origin", "kind") if asked.get(name)}
    condition = " AND ".join(f"{name} = ?" for name in one)  # names of our own
    found = asked.data.one(
        f"""SELECT count(*) AS n, count(DISTINCT (crawl_id, visit_id)) AS visits,
        count(DISTINCT value) AS values
        FROM stored_items WHERE {condition}""",
        list(one.values()),
    )
    if not found["n"]:
        raise NotFound(f"This run has no storage key {key[:200]}.")
    at = host(asked.get("origin"))
    facts = [
        *([Fact("host", at, "", asked.links.to("host", name=at))] if at else []),
        Fact("kind", asked.get("kind") or "all kinds"),
        Fact("visits that had it at their end", found["visits"]),
        Fact("distinct values", found["values"], f"in {found['n']:,} items"),
    ]
    return subject(
        "Storage key",
        key,
        facts,
        [
            asked.preview("At the end of visits", "stored_items", one),
            asked.preview(
                "This key in other origins", "storage_keys", {"key": key, "origin__not": asked.get("origin")}
            ),
        ],
    )


PAGE = Page("item", _answer)
