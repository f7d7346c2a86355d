"""Scripts by what they call: for each the share of its calls that goes to each symbol.

As in Mozilla's dye-score (2019): a script's counts by symbol, divided by their sum, are its vector. The
distance of two vectors is Chebyshev's, the greatest difference of a share. Dye-score divides a script
further, by the function that calls. The roll-up ``symbol_counts`` does not have it, so the unit here is the
script: its URL without query and fragment. Shares are in millionths, so both engines have the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from ibis import _

from overscripted.analyses.model import Inputs
from overscripted.analyses.settings import MAX_NODE_LENGTH, MAX_VECTORS

WHOLE = 1_000_000  # millionths: the share of a script that calls one symbol only
Numbers = npt.NDArray[np.integer[Any]]
_BLOCK = 2048  # vectors compared at once: some megabytes


def script_of(url: ir.StringValue) -> ir.StringValue:
    """The script of a URL: the URL without query and fragment, of bounded length."""
    return url.re_extract(r"^[^?#]*", 0).substr(0, MAX_NODE_LENGTH)


def shares(inputs: Inputs) -> ir.Table:
    """One row for each script and symbol that it uses: ``share`` of the script's calls, in millionths."""
    counts = inputs.table("symbol_counts")
    counts = counts.mutate(script=script_of(counts.script_url)).filter(_.n_calls > 0)
    n = counts.group_by("script", "symbol").agg(n=_.n_calls.sum().cast("float64"))
    totals = n.group_by("script").agg(calls=_.n.sum())
    rows = n.inner_join(totals, "script")
    share = (rows.n * WHOLE / rows.calls).floor().cast("int64")
    return rows.select("script", "symbol", share=share, calls=rows.calls.cast("int64"))


def scripts(inputs: Inputs, parts: ir.Table) -> ir.Table:
    """One row for each script: the name of its vector, calls, pages, sites. Equal vectors have one name."""
    texts = parts.mutate(part=parts.symbol + "=" + parts.share.cast("string"))
    named = texts.group_by("script").agg(
        parts=_.part.collect(), calls=_.calls.max(), symbols=_.symbol.nunique()
    )
    named = named.mutate(vector=named.parts.sort().join("\n").hexdigest("md5")).drop("parts")
    refs = inputs.table("script_refs")
    refs = refs.mutate(script=script_of(refs.script_url))
    seen = refs.group_by("script").agg(
        script_domain=_.script_domain.min(),
        pages=_.visit_id.nunique(),
        sites=_.location_domain.nunique(),
    )
    return named.inner_join(seen, "script")


@dataclass(frozen=True)
class Vectors:
    """Distinct vectors. ``names``: of each; ``examples``: the script with it that most pages have.

    The parts of all vectors follow each other: ``ends`` says where each vector's end in ``symbols``, which
    are numbers, and ``shares``.
    """

    names: list[str]
    examples: list[str]
    ends: Numbers
    symbols: Numbers
    shares: Numbers

    def distances(self, to: Numbers) -> tuple[Numbers, Numbers]:
        """Distances, in millionths, of all vectors (rows) to those at these places (columns).

        Chebyshev's; and the part of the calls that differs, which is half the sum of all differences.
        """
        greatest, differing = (np.empty((len(self.ends), len(to)), np.int32) for _measure in range(2))
        for begin in range(0, len(self.ends), _BLOCK):
            block = self._dense(begin)
            rows = slice(begin, begin + len(block.rows))
            for column, place in enumerate(to):
                greatest[rows, column], differing[rows, column] = block.distances(*self._parts(place))
        return greatest, differing

    def _parts(self, place: int) -> tuple[Numbers, Numbers]:
        begin = self.ends[place - 1] if place else 0
        return self.symbols[begin : self.ends[place]], self.shares[begin : self.ends[place]]

    def _dense(self, begin: int) -> "_Block":
        ends = self.ends[begin : begin + _BLOCK]
        first = self.ends[begin - 1] if begin else 0
        begins = np.concatenate([[first], ends[:-1]]) - first
        symbols, shares = (values[first : ends[-1]] for values in (self.symbols, self.shares))
        rows = np.zeros((len(ends), int(self.symbols.max()) + 1), np.int32)
        rows[np.repeat(np.arange(len(ends)), ends - first - begins), symbols] = shares
        return _Block(rows, symbols, shares, begins)


@dataclass(frozen=True)
class _Block:
    """Some vectors: ``rows`` has all their shares by symbol, the rest the shares that are not 0."""

    rows: Numbers
    symbols: Numbers
    shares: Numbers
    begins: Numbers

    def distances(self, symbols: Numbers, shares: Numbers) -> tuple[Numbers, Numbers]:
        """Both distances of each vector to one with these parts, from the few symbols that either has."""
        own = self.rows[:, symbols]
        asked = np.zeros(self.rows.shape[1], np.bool_)
        asked[symbols] = True
        others = np.maximum.reduceat(np.where(asked[self.symbols], 0, self.shares), self.begins)
        greatest = np.maximum(np.abs(own - shares).max(axis=1), others)
        total = np.add.reduceat(self.shares, self.begins) + shares.sum()
        return greatest, total // 2 - np.minimum(own, shares).sum(axis=1)


def vectors(inputs: Inputs, parts: ir.Table, of: ir.Table, first: Iterable[str] = ()) -> tuple[Vectors, int]:
    """The distinct vectors of scripts, and how many were left out: at most `MAX_VECTORS` are compared.

    Those with a name of ``first`` come first, then those of the scripts that most pages have.
    """
    order = [ibis.desc("pages"), "script"]
    ranked = of.mutate(place=ibis.row_number().over(group_by="vector", order_by=order))
    one = ranked.filter(ranked.place == 0)
    preferred = list(first)
    rank = one.vector.isin(preferred).ifelse(0, 1) if preferred else ibis.literal(1)
    one = one.mutate(rank=rank)
    kept = one.order_by("rank", ibis.desc("pages"), "vector").limit(MAX_VECTORS).select("vector", "script")
    left = int(inputs.totals(one.aggregate(n=one.count()))["n"]) - MAX_VECTORS
    rows = inputs.arrow(parts.drop("calls").inner_join(kept, "script").order_by("vector", "symbol"))
    return _packed(rows), max(0, left)


def _packed(rows: pa.Table) -> Vectors:
    names = rows["vector"].combine_chunks().dictionary_encode()
    codes = names.indices.to_numpy()
    begins = np.flatnonzero(np.diff(codes, prepend=-1))
    ends = np.append(begins[1:], len(codes)) if len(codes) else np.empty(0, np.int64)
    symbols = rows["symbol"].combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64)
    return Vectors(
        names.dictionary.to_pylist(),
        rows["script"].take(pa.array(begins, pa.int64())).to_pylist(),
        ends.astype(np.int64),
        symbols,
        rows["share"].to_numpy().astype(np.int64),
    )
