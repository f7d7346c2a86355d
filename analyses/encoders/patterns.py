"""The texts to look for: a value in every chain of layers."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from overscripted.analyses.encoders.forms import DOMAIN
from overscripted.analyses.encoders.layers import AFTER_RAW, Layer

Chain = tuple[str, ...]
SHORTEST = 6  # bytes of an encoded text; shorter ones are in many texts by chance


class Pattern(NamedTuple):
    """A text to look for. ``bounded``: it counts only where no letter or digit stands beside it."""

    text: bytes
    chain: Chain
    bounded: bool = False


class _Node(NamedTuple):
    data: bytes
    chain: Chain
    last: Layer | None
    whole: bool  # the output of the last layer as a whole
    part: bool  # text that may stand within a longer one


Layers = tuple[Layer, ...]


def patterns(
    value: bytes, layers: Layers, depth: int, form: str = "", last: Callable[[int], Layers] | None = None
) -> Iterator[Pattern]:
    """The value in all chains of up to ``depth`` of these layers, the shortest chain first, each text once.

    Hashes of 32 bits come first in a chain or not at all: of the many hashes of hashes, a text would hold
    some by chance. For the same reason the domain of an address is sought in hashes only.

    ``last``: the layers that may come last of ``depth``, around a text of so many bytes; by default all.
    """
    if form != DOMAIN:
        yield Pattern(value, ())
    given = {value}
    reached = {(value, True), (value, False)}
    level = [_Node(value, (), None, True, True)]
    for step in range(1, depth + 1):
        is_last = step == depth
        following: list[_Node] = []
        for node in level:
            for layer in _allowed(node, layers, form, last if is_last else None):
                chain = (*node.chain, layer.name)
                for data, whole in _written(node, layer, is_last):
                    part = not whole or layer.part is None
                    if not is_last and (data, whole) not in reached:
                        reached |= {(data, whole), (data, not part)}
                        following.append(_Node(data, chain, layer, whole, part))
                    if data not in given and _sought(data, part):
                        given.add(data)
                        yield Pattern(data, chain, layer.weak)
        level = following


def _sought(data: bytes, part: bool) -> bool:
    """Whether what a layer gives is looked for.

    The whole output of an encoding is not, if a part that begins it is: it would match at the same place.
    """
    return len(data) >= SHORTEST and (part or len(data) < 2 * SHORTEST)


def _allowed(node: _Node, layers: Layers, form: str, last: Callable[[int], Layers] | None) -> Iterator[Layer]:
    raw = node.last is not None and node.last.raw
    for layer in last(len(node.data)) if last else layers:
        if node.last is None:
            if form == DOMAIN and layer.part is not None:
                continue
        elif layer.weak or (raw and layer.name not in AFTER_RAW):
            continue
        yield layer


def _written(node: _Node, layer: Layer, is_last: bool) -> Iterator[tuple[bytes, bool]]:
    """What a layer makes of a node, and whether of the whole text."""
    # Encodings shorten no text, and after the last layer a long whole text is not sought: see `_sought`.
    long = is_last and len(node.data) >= 2 * SHORTEST
    if node.whole and not (long and layer.part is not None):
        for data in layer.whole(node.data):
            yield data, True
    if node.part and layer.part is not None:
        for data in layer.part(node.data):
            yield data, False
