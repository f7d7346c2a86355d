"""What the crawl did on a page: each step of the visit's plan, and each action of a step."""

from overscripted.columns import FLOAT, INT, STR, TIME, VISIT, Column, Table
from overscripted.record_kinds.kind import RecordKind

ACTIONS = RecordKind(
    Table(
        "actions",
        "one action of the crawl on a page, or one step of the plan of a visit",
        (
            *VISIT,
            Column("ordinal", INT, "Number of the row within the visit, from 0, in the order of the ends"),
            Column("step", STR, "Behaviour that did it, such as scroll (see --do)"),
            Column("action", STR, "What was done, such as click; `step` for the step as a whole"),
            Column(
                "target",
                STR,
                "On what: a selector, an address or a name; of a step, the step with its argument",
            ),
            Column("frame_url", STR, "URL of the frame in which it was done; empty for the step as a whole"),
            Column("started", TIME, "When it began"),
            Column("duration_s", FLOAT, "How long it took", "s"),
            Column(
                "outcome",
                STR,
                "done; nothing (there was nothing to do); failed; cut (no time was left, or a cap reached); "
                "blocked (a page tried to send a form, and was stopped)",
            ),
            Column("detail", STR, "JSON object of more that is known, such as an error"),
        ),
    ),
    kept="one action of the crawl in an acknowledged visit",
    message="",
    by_realm=False,
    order=("crawl_id", "visit_id", "ordinal"),
)
