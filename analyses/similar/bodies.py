"""Bodies of scripts: the same one under several URLs, by its SHA-256."""

from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc
from ibis import _

from overscripted.analyses.find.rows import CONTENT_BATCH, batches
from overscripted.analyses.model import Inputs
from overscripted.analyses.settings import EVIDENCE_TEXT, MAX_BODIES
from overscripted.analyses.similar.shingles import sketch
from overscripted.outcomes import GOOD

if TYPE_CHECKING:
    from datasketch import MinHash


def asked(inputs: Inputs) -> ir.Table:
    """One row for each request of a page that a script's body answered."""
    visit = ["crawl_id", "visit_id"]
    pages = inputs.table("visits").filter(_.outcome.isin(GOOD)).select(*visit, "final_domain")
    requests = inputs.table("requests").filter(_.body_sha256.notnull())
    rows = requests.select(*visit, "url", "host", "domain", sha256=requests.body_sha256)
    return rows.inner_join(pages, visit)


def summed(rows: ir.Table, by: str) -> ir.Table:
    """URLs, hosts, domains, sites and pages of `asked`, by body or by cluster."""
    return rows.group_by(by).agg(
        urls=_.url.nunique(),
        hosts=_.host.nunique(),
        domains=_.domain.nunique(),
        sites=_.final_domain.nunique(),
        pages=_.visit_id.nunique(),
        example=_.url.min().substr(0, EVIDENCE_TEXT),
    )


def served(inputs: Inputs) -> ir.Table:
    """One row for each body: what `summed` says, and its size."""
    found = summed(asked(inputs), "sha256")
    if inputs.missing("scripts"):
        return found.mutate(size=ibis.null("int64"))
    sizes = inputs.table("scripts").group_by("sha256").agg(size=_["size"].max())
    return found.left_join(sizes, "sha256").drop("sha256_right")


def sketches(inputs: Inputs, bodies: ir.Table) -> dict[str, "MinHash"]:
    """Sketches of the bodies that most pages have, by SHA-256, in order; short bodies have none."""
    most = bodies.order_by(ibis.desc("pages"), "sha256").limit(MAX_BODIES)
    return sketches_of(inputs, inputs.arrow(most.select("sha256"))["sha256"].combine_chunks())


def sketches_of(inputs: Inputs, names: pa.Array) -> dict[str, "MinHash"]:
    """Sketches of the bodies with these SHA-256."""
    found = {}
    for batch in batches(inputs.store, "scripts", ["sha256", "content"], rows=CONTENT_BATCH):
        rows = batch.filter(pc.is_in(batch["sha256"], names.cast(batch["sha256"].type)))
        for name, content in zip(rows["sha256"].to_pylist(), rows["content"].to_pylist(), strict=True):
            if content is not None and name not in found and (made := sketch(content)) is not None:
                found[name] = made
    return dict(sorted(found.items()))
