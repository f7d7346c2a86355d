"""What an inspection knows: the visits of its run, the findings of the analyses, whom each visit told."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import ibis.expr.types as ir
from ibis import _

from overscripted import stacks, urls, visit_groups
from overscripted.analyses.counted import counted, variants
from overscripted.analyses.entities.third_parties import third_parties
from overscripted.analyses.model import Finding, Inputs
from overscripted.analyses.registry import analyses
from overscripted.analyses.run import answer
from overscripted.analyses.settings import EVIDENCE_TEXT
from overscripted.engines import Engine
from overscripted.group_names import SEED
from overscripted.inspection.claims import Evidence
from overscripted.inspection.settings import EVIDENCE_KEPT
from overscripted.lists.entities import TRACKING
from overscripted.lists.hosts import HostList
from overscripted.outcomes import GOOD
from overscripted.run import Run
from overscripted.visit_groups import VISIT, Group

Row = dict[str, Any]
# The analyses whose findings are told, in the order in which they are asked.
ANALYSES = (
    *("recorders", "leaks", "identifiers", "evercookies", "syncing"),
    *("fingerprinting", "dynamic_code", "cryptojacking"),
)


@dataclass(frozen=True)
class Contact:
    """A host of another site that a visit sent requests to, or whose script ran there.

    - ``owner``: the company by the list of owners; the host's own site where it is not ``listed``.
    - ``tracks``: the list has the host for advertising, analytics or social media. ``own``: the page's owner
      is the host's owner, too.
    - ``after``: whether a request was sent after the crawl had answered the page's banner.
    - ``first``: its first request.
    """

    variant: str
    host: str
    owner: str
    listed: bool
    tracks: bool
    own: bool
    service: str
    category: str
    after: bool
    first: Evidence

    @property
    def evidence(self) -> Evidence:
        known = ", ".join(dict.fromkeys(text for text in (self.owner, self.service, self.category) if text))
        return replace(self.first, name=self.host, detail=known if self.listed else "owner not known")


class _Pages(Group):
    """All visits of a variant, also those that followed a link."""

    @property
    def values(self) -> dict[str, Any]:
        return {"variant": self.variant}


class Facts:
    """The facts of one inspection, each found once. ``asked`` is called with the name of each analysis."""

    def __init__(
        self,
        run: Run,
        engine: Engine,
        lists: Mapping[str, HostList],
        asked: Callable[[str], None] = lambda name: None,
    ) -> None:
        self.run, self._asked = run, asked
        groups, self.variants, group = counted(run.store, engine, {})
        self.settings = variants(run.store, engine)  # of each variant
        assert group is not None  # an inspection has a visit
        everything = _Pages(group.variant, group.wave, SEED, group.n, group.of)
        self.inputs = Inputs(engine, run.store, lists, groups=groups, group=everything)
        self._findings: dict[str, Finding] = {}

    # -- visits ---------------------------------------------------------------------------------

    @cached_property
    def visits(self) -> list[Row]:
        """All visits, those of the counted variant first, in the order of their beginning."""
        rows = self.inputs.rows(visit_groups.with_values(self.everything("visits")))
        return sorted(rows, key=lambda row: (row["variant"] != self.variant, row["started"], row["visit_id"]))

    @property
    def variant(self) -> str:
        """The variant whose visits are told."""
        assert self.inputs.group is not None
        return self.inputs.group.variant

    @property
    def own_visits(self) -> list[Row]:
        """The visits of the counted variant, that of the seed first."""
        return [row for row in self.visits if row["variant"] == self.variant]

    @property
    def pages(self) -> list[Row]:
        """Those of them that show their page."""
        return [row for row in self.own_visits if row["outcome"] in GOOD]

    def seed_visit(self, variant: str = "") -> Row:
        """The visit of the page itself in a variant."""
        name = variant or self.variant
        return next(row for row in self.visits if row["variant"] == name and row["reached_by"] == SEED)

    @property
    def twin(self) -> str:
        """The variant that repeats the counted one; empty without one whose visit shows its page."""
        twins = [name for name, it in self.settings.items() if it.get("twin") == self.variant]
        return next((name for name in twins if self.seed_visit(name)["outcome"] in GOOD), "")

    # -- tables and findings --------------------------------------------------------------------

    def everything(self, table: str) -> ir.Table:
        """A table with the rows of all variants."""
        return self.inputs.unfiltered(table)

    def rows(self, table: str, *columns: str) -> list[Row]:
        """The rows of the counted variant; none where the table is missing. There must be few."""
        if self.inputs.missing(table):
            return []
        return self.inputs.rows(self.inputs.table(table).select(*columns))

    def finding(self, name: str) -> Finding:
        """The finding of an analysis about the counted pages."""
        if name not in self._findings:
            self._asked(name)
            analysis = analyses()[name]
            inputs = replace(self.inputs, rule=analysis.rules[0])
            if any(role not in inputs.lists for role in analysis.lists if role != "disconnect"):
                return Finding(unsupported=f"no list for {', '.join(analysis.lists)}")
            self._findings[name] = answer(analysis, inputs)
        return self._findings[name]

    def lacks(self, name: str) -> str:
        """What the run lacks of the tables of an analysis; empty where a page only did nothing of it."""
        return "; ".join(filter(None, map(self.inputs.missing, analyses()[name].needs)))

    def table(self, finding: str, name: str) -> list[Row]:
        """The rows of a table of a finding; none where the finding or the table is not there."""
        found = self.finding(finding).tables.get(name)
        return found.to_pylist() if found is not None else []

    def page(self, visit_id: int) -> str:
        """The address of a visit's page, where the inspection has several; else empty."""
        if len(self.pages) < 2:
            return ""
        return next((row["final_url"] or "" for row in self.visits if row["visit_id"] == visit_id), "")

    def calls(self, script_url: str, symbols: Iterable[str]) -> list[Evidence]:
        """The first call of a script to each of these symbols, with its line."""
        calls = self.inputs.table("calls")
        wanted = calls.filter(_is(calls.script_url, script_url), calls.symbol.isin(sorted(set(symbols))))
        first = wanted.group_by("symbol", "operation").agg(
            **{
                name: wanted[name].argmin(wanted.ordinal)
                for name in ("script_line", "script_col", "visit_id")
            },
            ordinal=wanted.ordinal.min(),
        )
        return [
            Evidence(
                "call",
                row["symbol"],
                script_url=script_url,
                line=row["script_line"],
                column=row["script_col"],
                page=self.page(row["visit_id"]),
            )
            for row in self.inputs.rows(first.order_by("ordinal", "symbol"))
        ]

    def bodies(self, script_url: str, host: str) -> list[Evidence]:
        """The first requests by which a script sent something to a host."""
        requests = self.inputs.table("requests")
        sent = requests.filter(requests.host == host, requests.request_body_size > 0)
        sent = sent.filter(_is(sent.script_url.fill_null(""), script_url)).order_by("time_stamp", "url")
        columns = ("visit_id", "host", "url", "call_stack", "request_body_size")
        return [
            replace(self._request(row), detail=f"{row['request_body_size']:,} bytes")
            for row in self.inputs.rows(sent.select(*columns).limit(EVIDENCE_KEPT))
        ]

    # -- who is told ----------------------------------------------------------------------------

    @cached_property
    def contacts(self) -> list[Contact]:
        """Whom each variant's visits told: each host once, in the order of the first requests."""
        every = replace(self.inputs, group=None)
        found = third_parties(every, self.inputs.lists["entities"])
        rows = self.inputs.rows(found.rows)
        first, variant_of = self._first_requests(), {row["visit_id"]: row["variant"] for row in self.visits}
        contacts: dict[tuple[str, str], tuple[Any, Contact]] = {}
        for row in rows:
            variant = variant_of[row["visit_id"]]
            request = first.get((row["visit_id"], row["host"]))
            contact = Contact(
                variant,
                row["host"],
                row["owner"],
                row["listed"],
                row["category"].lower() in TRACKING,
                row["own"],
                row["service"],
                row["category"],
                bool(request and request["after"]),
                self._request(request) if request else Evidence("script", row["host"]),
            )
            order = (request is None, request["first"] if request else None, row["host"])
            known = contacts.get((variant, row["host"]))
            if known is None or order < known[0]:
                after = contact.after or bool(known and known[1].after)
                contacts[variant, row["host"]] = (order, replace(contact, after=after))
        return [contact for _order, contact in sorted(contacts.values(), key=lambda it: it[0])]

    def told(self, variant: str = "") -> list[Contact]:
        """Hosts of other owners than the page's, that the visits of a variant told of themselves."""
        name = variant or self.variant
        return [one for one in self.contacts if one.variant == name and not one.own]

    def _request(self, row: Row) -> Evidence:
        # The crawl's own clicks have frames of the browser's.
        stack = stacks.frames(row["call_stack"] or "")
        frame = next((it for it in stack if urls.on_network(it.script_url)), None)
        found = Evidence("request", row["host"], row["url"], page=self.page(row["visit_id"]))
        if frame is None:
            return found
        line, column = _number(frame.script_line), _number(frame.script_col)
        return replace(found, script_url=frame.script_url, line=line, column=column)

    def _first_requests(self) -> dict[tuple[int, str], Row]:
        """The first request of each visit to each host, and whether one came after the crawl's choice."""
        if self.inputs.missing("requests"):
            return {}
        requests = self.everything("requests").filter(_.host.fill_null("") != "")
        chosen = {visit: row["started"] for visit, row in self.choices.items()}
        columns = ("url", "call_stack")
        grouped = requests.group_by(*VISIT, "host").agg(
            **{name: requests[name].fill_null("").argmin(requests.time_stamp) for name in columns},
            first=requests.time_stamp.min(),
            last=requests.time_stamp.max(),
        )
        found = {}
        for row in self.inputs.rows(grouped):
            moment = chosen.get(row["visit_id"])
            row["after"] = bool(moment and row["last"] and row["last"] >= moment)
            found[row["visit_id"], row["host"]] = row
        return found

    @cached_property
    def choices(self) -> dict[int, Row]:
        """The crawl's answer to the banner of a visit, where it worked: by the number of the visit."""
        done = [row for row in self.actions if row["step"] == "consent" and row["outcome"] == "done"]
        return {row["visit_id"]: row for row in done if row["action"] in ("accept", "reject")}

    @cached_property
    def actions(self) -> list[Row]:
        """What was done on the pages of all variants."""
        if self.inputs.missing("actions"):
            return []
        columns = ("visit_id", "ordinal", "step", "action", "target", "outcome", "started", "frame_url")
        return self.inputs.rows(self.everything("actions").select(*columns).order_by("visit_id", "ordinal"))


def _is(column: ir.StringValue, text: str) -> ir.BooleanValue:
    """Whether a text is this one, of which findings have the first characters only."""
    return column == text if len(text) < EVIDENCE_TEXT else column.substr(0, EVIDENCE_TEXT) == text


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
