"""What a page's consent platform says was chosen, before and after the crawl answered it."""

from overscripted.columns import STR, TIME, VISIT, Column, Table
from overscripted.record_kinds.kind import RecordKind

_ANSWER = (
    "answered; empty (it answered without a string); silent (it did not answer within a second); "
    "threw; absent (the page has no such function)"
)

CONSENTS = RecordKind(
    Table(
        "consents",
        "what the consent platform of a page said at one moment of the behaviour consent",
        (
            *VISIT,
            Column("moment", STR, "before any choice; after the choice of the crawl"),
            Column("time_stamp", TIME, "When it was asked"),
            Column("choice", STR, "What the crawl chose until then: accept or reject; empty before"),
            Column("platform", STR, "The platform that was answered, as in actions; empty before"),
            Column("tcf", STR, "IAB TCF string: of __tcfapi, else of the cookie euconsent-v2"),
            Column("tcf_answer", STR, f"{_ANSWER}; cookie (the cookie alone has it)"),
            Column("gpp", STR, "IAB GPP string: of __gpp"),
            Column("gpp_answer", STR, _ANSWER),
            Column("usp", STR, "IAB US Privacy string: of __uspapi"),
            Column("usp_answer", STR, _ANSWER),
        ),
    ),
    kept="one answer of a page's consent platform in an acknowledged visit",
    message="",
    by_realm=False,
    order=("crawl_id", "visit_id", "time_stamp"),
)
