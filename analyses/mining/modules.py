"""The modules of WebAssembly that visits compile, and what each of them computes."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import ibis
import ibis.expr.types as ir
from ibis import _

from overscripted.analyses.mining.primitives import Judged, judge
from overscripted.analyses.mining.seen import Visit, of_seen
from overscripted.analyses.model import Inputs
from overscripted.visit_groups import VISIT

MAX_MODULES = 5_000  # distinct ones that are read, the smallest first: miners had 60 to 140 kB
MAX_BYTES = 256 * 2**20  # of all of them; a core reads some 3 MB of code in a second
CHUNK = 32 * 2**20  # bytes that are in memory together


@dataclass
class Modules:
    """The modules of a run.

    ``judged``: by SHA-256, what was read; ``sizes`` in bytes. ``uses``: each distinct visit, SHA-256 (""
    where the bytes are not known) and compiling script. ``unread``: distinct modules whose bytes are not
    there or over a limit.
    """

    judged: dict[str, Judged] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    uses: list[tuple[Visit, str, str]] = field(default_factory=list)
    unread: int = 0

    @property
    def visits(self) -> set[Visit]:
        """The visits that compile any module."""
        return {visit for visit, _sha256, _script in self.uses}


def modules(inputs: Inputs) -> Modules:
    """All compilations of modules, with what their modules compute."""
    found = Modules()
    rows = of_seen(inputs, "wasm_modules")
    rows = rows.select(
        *VISIT, sha256=rows.sha256.fill_null(""), script_url=rows.script_url.fill_null("")
    ).distinct()
    for row in inputs.rows(rows.order_by(*VISIT, "sha256", "script_url")):
        found.uses.append(((row["crawl_id"], row["visit_id"]), row["sha256"], row["script_url"]))
    _read(inputs, found)
    found.unread = len({sha256 for _visit, sha256, _script in found.uses} - {""} - found.judged.keys())
    return found


def _read(inputs: Inputs, found: Modules) -> None:
    if inputs.missing("contents"):
        return
    used = of_seen(inputs, "wasm_modules").filter(_.sha256.notnull()).select("sha256").distinct()
    # A content stands in each segment that has it, so it may be there more than once.
    contents = inputs.table("contents").filter(_.content.notnull())
    known = used.inner_join(contents.group_by("sha256").agg(size=_["size"].max()), "sha256")
    order = ["size", "sha256"]
    known = known.mutate(
        place=ibis.row_number().over(order_by=order),
        upto=known["size"].sum().over(order_by=order, rows=(None, 0)).cast("int64"),
    )
    chosen = inputs.engine.keep(known.filter(known.place < MAX_MODULES, known.upto <= MAX_BYTES))
    bytes_of = inputs.engine.keep(
        contents.select("sha256", "content")
        .inner_join(chosen, "sha256")
        .select("sha256", "content", "place", chunk=(_.upto // CHUNK).cast("int64"))
    )
    try:
        for sha256, content in _contents(inputs, bytes_of):
            if sha256 not in found.judged:
                found.judged[sha256] = judge(content)
                found.sizes[sha256] = len(content)
    finally:
        inputs.engine.drop(bytes_of)
        inputs.engine.drop(chosen)


def _contents(inputs: Inputs, kept: ir.Table) -> Iterator[tuple[str, bytes]]:
    chunks = [row["chunk"] for row in inputs.rows(kept.select("chunk").distinct().order_by("chunk"))]
    for chunk in chunks:
        for row in inputs.rows(kept.filter(kept.chunk == chunk).order_by("place")):
            yield row["sha256"], row["content"]
