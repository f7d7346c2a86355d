"""Marks by which pages tell recorders what to leave out, in the saved documents of visits."""

import re
from collections.abc import Sequence
from typing import NamedTuple

import pyarrow as pa
from ibis import _

from overscripted.analyses.leaks.typed import Visit
from overscripted.analyses.model import Inputs
from overscripted.visit_groups import VISIT

# Attributes and classes of the recorders' own documentation.
MARKS = {
    "data-hj-suppress": "Hotjar",
    "data-clarity-mask": "Microsoft Clarity",
    "data-private": "LogRocket",
    "fs-mask": "FullStory",
    "fs-exclude": "FullStory",
    "rr-mask": "rrweb",
    "rr-block": "rrweb",
    "rr-ignore": "rrweb",
    "ph-no-capture": "PostHog",
    "ym-hide-content": "Yandex Metrica",
    "ym-disable-keys": "Yandex Metrica",
    "data-recording-disable": "Smartlook",
    "data-openreplay-obscured": "OpenReplay",
    "mouseflow-exclude": "Mouseflow",
}
_MARK = re.compile(rb"(?<![\w-])(?:" + "|".join(MARKS).encode() + rb")(?![\w-])")
_CHUNK = 50  # visits whose documents are in memory together


class Masking(NamedTuple):
    """How many visits have a saved document, and the visits with each mark."""

    saved: int
    marks: dict[str, set[Visit]]


def masking(inputs: Inputs, visits: Sequence[Visit]) -> Masking | None:
    """The marks in the saved documents of these visits; None where the run has saved none."""
    if inputs.missing("saved_documents") or inputs.missing("contents"):
        return None
    saved: set[Visit] = set()
    marks: dict[str, set[Visit]] = {}
    contents = inputs.table("contents").select("sha256", "content")
    documents = inputs.table("saved_documents").select(*VISIT, "sha256")
    for first in range(0, len(visits), _CHUNK):
        columns = zip(VISIT, zip(*visits[first : first + _CHUNK], strict=True), strict=True)
        some = pa.table({name: pa.array(values, pa.int64()) for name, values in columns})
        rows = documents.inner_join(inputs.engine.table(some), VISIT).inner_join(contents, "sha256")
        for row in inputs.rows(rows.filter(_.content.notnull()).select(*VISIT, "content")):
            visit = (row["crawl_id"], row["visit_id"])
            saved.add(visit)
            for mark in set(_MARK.findall(row["content"])):
                marks.setdefault(mark.decode(), set()).add(visit)
    return Masking(len(saved), marks) if saved else None
