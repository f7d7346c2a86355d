"""The page of a symbol: which scripts use an API, and how."""

from overscripted.explore.model import Asked, Content, Fact, NotFound, Page, subject
from overscripted.explore.tables import prepare
from overscripted.explore.views import view as view_named


def _answer(asked: Asked) -> Content:
    asked.data.need("symbol_counts")
    name = asked.need("name")
    known = view_named(asked.data, "symbols")
    assert known is not None
    prepare(asked.data, known)
    found = asked.data.one(f"SELECT * FROM {known.source} WHERE symbol = ?", [name])
    if not found:
        raise NotFound(
            f"No script of this run used {name[:200]}. The table instruments says what was recorded."
        )
    of = asked.first("SELECT count(DISTINCT location_domain) AS sites FROM pages", [], "pages")
    facts = [
        Fact("sites on which it is used", found["n_sites"], f"of {of.get('sites') or 0:,} with calls"),
        Fact("visits", found["n_visits"]),
        Fact(
            "URLs of scripts that use it",
            found["n_scripts"],
            f"{found['n_third_party_scripts']:,} third parties",
        ),
        Fact("calls", found["n_calls"], "with those beyond the caps"),
    ]
    return subject(
        "Symbol",
        name,
        facts,
        [
            asked.preview(
                "Scripts that use it",
                "script_symbols",
                {"symbol": name},
                "script_url script_domain operation n_calls n_sites n_visits",
                "-n_calls",  # sites are counted for the rows shown alone
            ),
            asked.preview("Its arguments", "symbol_arguments", {"symbol": name}),
            asked.preview(
                "Its calls",
                "calls",
                {"symbol": name},
                "visit_id script_url operation argument_0 value_1000 script_line func_name time_stamp",
            ),
        ],
        said=asked.in_findings(name, "symbol"),
    )


PAGE = Page("symbol", _answer, published=True)
