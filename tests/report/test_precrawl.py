"""The report's section on the precrawl: each number under a label that is true of it."""

from pathlib import Path

from overscripted import layout
from overscripted.report import funnel, precrawl
from overscripted.store import Store

# Of three vantage points: 5 links that all saw, 8 that two saw, 20 in all. Two had to see a seed.
SUMMARY = {
    "sites": 4,
    "union": 20,
    "intersection": 5,
    "seeds": 8,
    "quorum": [2, 3],
    "domains_union": 9,
    "domains_intersection": 3,
    "overlap": [
        {"vantages": ["a", "b", "c"], "links": 5},
        {"vantages": ["a", "c"], "links": 3},
        {"vantages": ["b"], "links": 12},
    ],
    "vantages": {"a": {"reached": 4}, "b": {"reached": 3}, "c": {"reached": 4}},
}


def test_links_that_all_vantage_points_saw_are_called_so_whatever_the_quorum(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write_json(layout.PRECRAWL_SUMMARY, SUMMARY)
    section = precrawl.read(store)
    assert section is not None
    shown = {label: ours for label, ours, _ in section["compared"]}
    assert shown["Links seen by all vantage points"] == 5
    assert shown["Registrable domains of links seen by all"] == 3
    assert section["kept"][0] == 40.0  # per cent of the links, which two saw or three

    rows = {row["label"]: row["value"] for row in funnel._precrawl_rows(section)}
    assert rows["seen by all vantages"] == 5 and rows["Seeds"] == 8
