"""Who asked for what in a visit: its requests as a tree, below the documents and scripts that made them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from overscripted.explore.data import RunData
from overscripted.explore.settings import TREE_REQUESTS

_PAGES = ("main_frame", "sub_frame")


@dataclass
class Node:
    """A request with what its answer asked for. ``hops``: the redirects of it, in order, the last one last.

    ``how``: what made it: document, script, parser or frame. ``below``: requests under it, at all depths.
    """

    hops: list[dict[str, Any]]
    how: str = ""
    children: list["Node"] = field(default_factory=list)

    @property
    def first(self) -> dict[str, Any]:
        """The request itself, before redirects."""
        return self.hops[0]

    @property
    def below(self) -> int:
        """Requests under it, at all depths."""
        total, waiting = 0, [*self.children]
        while waiting:
            node = waiting.pop()
            total += 1
            waiting += node.children
        return total


_REQUESTS = """SELECT crawl_id, visit_id, request_id, hop, frame_id, url, method, resource_type, document_url,
  status, error, redirect_url, domain, is_third_party, script_url, call_stack, body_sha256, time_stamp
FROM requests WHERE crawl_id = ? AND visit_id = ? ORDER BY time_stamp, request_id, hop LIMIT ?"""
_EDGES = """SELECT script_url, how, parent_url FROM script_edges
WHERE crawl_id = ? AND visit_id = ? AND parent_url <> '' AND coalesce(script_loc_eval, '') = ''"""


def asked(data: RunData, crawl: int, visit: int) -> tuple[list[Node], int]:
    """The roots of a visit's tree, and how many requests were left out."""
    if "requests" not in data.tables:
        return [], 0
    rows = data.rows(_REQUESTS, [crawl, visit, TREE_REQUESTS + 1]).dicts
    edges = data.rows(_EDGES, [crawl, visit]).dicts if "script_edges" in data.tables else []
    left = 0
    if len(rows) > TREE_REQUESTS:
        counted = "SELECT count(*) AS n FROM requests WHERE crawl_id = ? AND visit_id = ?"
        left = data.one(counted, [crawl, visit])["n"] - TREE_REQUESTS
    return tree(rows[:TREE_REQUESTS], edges), left


def tree(rows: Sequence[Mapping[str, Any]], edges: Sequence[Mapping[str, Any]]) -> list[Node]:
    """The roots of the tree of requests, which are in the order of time.

    A request belongs to the script on its stack, else, if it is a script, to the script that brought it,
    else to its document. A script or document belongs to the request that brought it last before.
    """
    brought = {edge["script_url"]: edge["parent_url"] for edge in edges}
    answered: dict[str, Node] = {}  # the latest script or document by its address
    by_request: dict[str, Node] = {}
    roots: list[Node] = []
    for row in map(dict, rows):
        if row["hop"] and row["request_id"] in by_request:
            node = by_request[row["request_id"]]
            node.hops.append(row)
        else:
            node = Node([row])
            if row["request_id"]:
                by_request[row["request_id"]] = node
            above, node.how = _above(row, brought, answered)
            (above.children if above else roots).append(node)
        if row["resource_type"] in (*_PAGES, "script"):
            answered[_address(row["url"])] = node
    return roots


def _above(
    row: Mapping[str, Any], brought: Mapping[str, str], answered: Mapping[str, Node]
) -> tuple[Node | None, str]:
    """What a request belongs to, among what was answered before it, and how it was made."""
    script = row["script_url"] or (brought.get(row["url"]) if row["resource_type"] == "script" else None)
    document = _address(row["document_url"] or "")
    if script:
        return answered.get(_address(script)) or answered.get(document), "script"
    how = {"main_frame": "document", "sub_frame": "frame"}.get(row["resource_type"], "parser")
    return answered.get(document), how


def _address(url: str) -> str:
    """An address without what no server sees."""
    return url.partition("#")[0]
