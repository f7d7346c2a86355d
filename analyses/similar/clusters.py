"""Clusters of bodies that are nearly the same: pairs by locality-sensitive hashing, then their union."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from overscripted.analyses.similar.shingles import PERMUTATIONS

if TYPE_CHECKING:
    from datasketch import MinHash, MinHashLSH

ALIKE = 0.8  # of the shingles of both: Jaccard's similarity as MinHash estimates it


def clusters(sketches: "Mapping[str, MinHash]") -> list[list[str]]:
    """Groups of two bodies or more, each near to another one of its group; names and groups in order."""
    seen = index({})
    above: dict[str, str] = {}

    def root(name: str) -> str:
        while above[name] != name:
            above[name] = name = above[above[name]]
        return name

    for name in sorted(sketches):
        above[name] = name
        for other in seen.query(sketches[name]):
            if root(other) != root(name) and sketches[name].jaccard(sketches[other]) >= ALIKE:
                low, high = sorted((root(name), root(other)))
                above[high] = low
        seen.insert(name, sketches[name])
    groups: dict[str, list[str]] = {}
    for name in sorted(above):
        groups.setdefault(root(name), []).append(name)
    return [members for _first, members in sorted(groups.items()) if len(members) > 1]


def index(sketches: "Mapping[str, MinHash]") -> "MinHashLSH":
    """The index that gives the candidates which are alike."""
    from datasketch import MinHashLSH  # half a second, which no other command needs

    made = MinHashLSH(threshold=ALIKE, num_perm=PERMUTATIONS)
    for name, sketch in sketches.items():
        made.insert(name, sketch)
    return made
