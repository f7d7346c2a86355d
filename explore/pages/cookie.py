"""The page of a cookie: one name on one host, or on all hosts."""

from overscripted.explore.model import Asked, Content, Fact, NotFound, Page, subject


def _answer(asked: Asked) -> Content:
    name, at = asked.need("name"), asked.get("host")
    condition, values = ("name = ? AND host = ?", [name, at]) if at else ("name = ?", [name])
    stored = asked.first(
        f"""SELECT count(*) AS n, count(DISTINCT (crawl_id, visit_id)) AS visits,
        count(DISTINCT value) AS values FROM stored_cookies WHERE {condition}""",
        values,
        "stored_cookies",
    )
    changes = asked.first(f"SELECT count(*) AS n FROM cookies WHERE {condition}", values, "cookies")
    if not (stored.get("n") or changes.get("n")):
        raise NotFound(f"This run has no cookie {name[:200]}" + (f" of {at[:200]}." if at else "."))
    where = at.removeprefix(".")
    facts = [
        *([Fact("host", where, "", asked.links.to("host", name=where))] if where else []),
        Fact("visits that had it at their end", stored.get("visits")),
        Fact("distinct values", stored.get("values"), f"in {stored.get('n') or 0:,} cookies"),
        Fact("changes", changes.get("n")),
    ]
    one = {"name": name, "host": at} if at else {"name": name}
    return subject(
        "Cookie",
        name,
        facts,
        [
            asked.preview("At the end of visits", "stored_cookies", one),
            asked.preview("Changes", "cookies", one),
            asked.preview(
                "Cookies of this name on other hosts", "cookie_names", {"name": name, "host__not": at}
            ),
        ],
    )


PAGE = Page("cookie", _answer)
