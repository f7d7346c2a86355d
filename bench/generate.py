"""Generates data like the study's, of any size, with every count known exactly: ``truth.json``.

    python bench/generate.py OUT --calls 1000000 [--symbols CSV] [--seed 1] [--json]

Sizes and ratios are the study's: 55 calls and 3 scripts per location, 3.72 % dynamic calls, 1.58 % of
script references to session replay, 0.016 % to miners, and cookies in a third of the calls. Lengths,
repetition and order of values, arguments, stacks and positions follow the real sample (`bench.lengths`).
``OUT/parquet`` is in the published format (snappy, 30 columns less ``valid`` and ``errors``), with half a
million calls per file. ``--json`` writes ``OUT/json`` instead, with one file per location, as the study's
crawl did. All cores are used.
"""

import argparse
import csv
import hashlib
import itertools
import json
import multiprocessing
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

try:
    from bench import lengths
except ImportError:  # run as a file
    import lengths  # type: ignore[no-redef]

CALLS_PER_LOCATION, REFS_PER_CALL = 55.2, 6_064_923 / 113_790_736
DYNAMIC, REPLAY, MINING, INVALID = 0.0372, 95_570 / 6_064_923, 945 / 6_069_243, 0.001
REPLAY_HOSTS = ("mc.yandex.ru", "script.hotjar.com", "cdn.mouseflow.com", "fs.fullstory.com")
MINING_HOSTS = ("coinhive.com", "authedmine.com")
# Where no list of frequencies is given: the study's commonest symbols, in calls a thousand.
COMMON = {
    "window.document.cookie": 312,
    "window.navigator.userAgent": 137,
    "window.Storage.getItem": 93,
    "window.localStorage": 77,
    "window.Storage.setItem": 37,
    "window.sessionStorage": 36,
    "window.Storage.removeItem": 22,
    "window.name": 21,
    "CanvasRenderingContext2D.fillStyle": 18,
    "CanvasRenderingContext2D.fillText": 4,
    "window.screen.colorDepth": 15,
    "window.navigator.platform": 14,
    "window.navigator.language": 12,
    "CanvasRenderingContext2D.measureText": 10,
    "HTMLCanvasElement.getContext": 8,
}
BROKEN = ("operation", "symbol", "call_stack", "location")
CALLS_PER_FILE = 500_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--symbols", type=Path, help="CSV of symbol,count without a header")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", dest="as_json")
    options = parser.parse_args()
    print(json.dumps(generate(**vars(options)), indent=1))


def frequencies(path: Path | None) -> tuple[list[str], np.ndarray]:
    """Symbols and their share of the calls."""
    if path:
        with path.open(newline="", encoding="utf-8") as file:
            counts = {row[0]: float(row[1]) for row in csv.reader(file)}
    else:
        counts = {name: float(n) for name, n in COMMON.items()}
    shares = np.array(list(counts.values()))
    return list(counts), shares / shares.sum()


def generate(
    out: Path, calls: int, symbols: Path | None = None, seed: int = 1, as_json: bool = False
) -> dict[str, object]:
    """Write the data set; returns its truth."""
    global _plan
    _plan = plan = Plan(calls, frequencies(symbols), seed)
    folder = out / ("json" if as_json else "parquet")
    folder.mkdir(parents=True, exist_ok=True)
    parts = [(folder, as_json, *part) for part in enumerate(plan.parts(CALLS_PER_FILE))]
    # Forked: the plan is gigabytes for a hundred million calls, and every process reads all of it.
    if len(parts) > 1:
        with multiprocessing.get_context("fork").Pool(min(len(parts), os.cpu_count() or 1)) as processes:
            processes.map(_write, parts, chunksize=1)
    else:
        _write(parts[0])
    truth = plan.truth()
    (out / "truth.json").write_text(json.dumps(truth, indent=1), "utf-8")
    return truth


def _write(part: tuple[Path, bool, int, tuple[int, int]]) -> None:
    folder, as_json, number, (start, end) = part
    rows = _plan.rows(start, end)
    if as_json:
        write_json(rows, folder)
    else:
        pq.write_table(rows, folder / f"part.{number}.parquet", compression="snappy")


_plan: "Plan"


class Plan:
    """Document, script and symbol of each call: a few numbers per call, drawn before any writing."""

    def __init__(self, n: int, symbols: tuple[list[str], np.ndarray], seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.seed, self.n = seed, n
        self.names, share = symbols
        n_locations = max(1, round(n / CALLS_PER_LOCATION))
        n_refs = min(n, max(n_locations, round(n * REFS_PER_CALL)))
        # Every location has a reference; the rest fall heavy-tailed. A location's scripts differ.
        extra = np.sort((rng.random(n_refs - n_locations) ** 1.5 * n_locations).astype(np.int64))
        self.ref_location = np.sort(np.concatenate([np.arange(n_locations), extra]))
        first = np.concatenate([[0], np.cumsum(np.bincount(self.ref_location))[:-1]])
        place = np.arange(n_refs) - first[self.ref_location]
        n_scripts = max(20, n_refs // 12)
        # A location's own scripts are consecutive numbers from a heavy-tailed start: never the same.
        start = (rng.random(n_locations) ** 4 * n_scripts).astype(np.int64)
        self.ref_script = start[self.ref_location] + place
        self.n_scripts = int(self.ref_script.max()) + 1
        special = rng.permutation(n_refs)
        self.replay = special[: round(n_refs * REPLAY)]
        self.mining = special[len(self.replay) : len(self.replay) + max(1, round(n_refs * MINING))]
        # Every reference has a call; the rest fall heavy-tailed; calls are in order of location.
        more = (rng.random(n - n_refs) ** 2 * n_refs).astype(np.int64)
        spread = rng.permutation(n_refs)
        self.call_ref = np.sort(np.concatenate([np.arange(n_refs), spread[more]]))
        again = np.flatnonzero(np.diff(self.call_ref, prepend=-1) == 0)
        bad = rng.choice(again, min(len(again), round(n * INVALID)), replace=False)
        self.broken = np.full(n, -1, dtype=np.int8)
        self.broken[bad] = np.arange(len(bad)) % len(BROKEN)
        good = np.flatnonzero(self.broken < 0)
        self.dynamic = np.zeros(n, dtype=bool)
        pages = max(1, round(n_locations * 0.0876))  # dynamic calls gather on few pages
        dense = np.flatnonzero(
            np.isin(self.ref_location[self.call_ref[good]], rng.permutation(n_locations)[:pages])
        )
        chosen = good[rng.permutation(dense)[: round(n * DYNAMIC)]]
        self.dynamic[chosen] = True
        # A script asks the same again and again: 44 % of the sample's calls repeat the one before.
        begins_run = (rng.random(n) < lengths.NEW_SYMBOL) | (np.diff(self.call_ref, prepend=-1) > 0)
        latest = np.maximum.accumulate(np.where(begins_run, np.arange(n), 0))
        self.symbol = rng.choice(len(self.names), n, p=share).astype(np.int32)[latest]
        locations = self.ref_location[self.call_ref]
        self.begins = begins = np.flatnonzero(np.diff(locations, prepend=-1))
        self.row = np.arange(n) - np.repeat(begins, np.diff(np.append(begins, n)))
        self.n_locations, self.n_refs = n_locations, n_refs
        self.location_urls = pa.array([self._location(i) for i in range(n_locations)])
        self.file_names = pa.array(
            [f"1_{hashlib.sha224(u.encode()).hexdigest()}.json" for u in self.location_urls.to_pylist()]
        )
        urls = [self._script(i) for i in self.ref_script]
        for i, ref in enumerate(self.replay):
            urls[ref] = f"https://{REPLAY_HOSTS[i % len(REPLAY_HOSTS)]}/watch/{ref}.js"
        for i, ref in enumerate(self.mining):
            urls[ref] = f"https://{MINING_HOSTS[i % len(MINING_HOSTS)]}/lib/{ref}.min.js"
        self.urls, self.ref_urls = urls, pa.array(urls)

    def _location(self, i: int) -> str:
        scheme = "https" if i % 3 else "http"
        return (
            f"{scheme}://www.site{i % max(1, self.n_locations // 6)}.{('com', 'ru', 'co.uk')[i % 3]}/page/{i}"
        )

    def _script(self, i: int) -> str:
        return f"https://cdn{i % 97}.scripts{i % 1009}.net/assets/{i}/app.min.js?v={i % 7}"

    def parts(self, size: int) -> list[tuple[int, int]]:
        """Starts and ends of parts of whole locations, each about ``size`` calls."""
        cuts = self.begins[np.searchsorted(self.begins, np.arange(0, self.n, size), side="right") - 1]
        cuts = np.unique(np.append(cuts, self.n)).tolist()
        return list(itertools.pairwise(cuts))

    def rows(self, start: int, end: int) -> pa.Table:
        """The calls ``start`` … ``end`` in the published format."""
        rng, n = np.random.default_rng([self.seed, start]), end - start
        ref = self.call_ref[start:end]
        place = self.ref_location[ref]
        symbol = self.symbol[start:end]
        broken, dynamic = self.broken[start:end], self.dynamic[start:end]
        names = np.array(self.names, dtype=object)[symbol]
        url = self.ref_urls.take(pa.array(ref))
        location = np.array(self.location_urls.take(pa.array(place)).to_pylist(), dtype=object)
        is_cookie = names == "window.document.cookie"
        is_call = np.array([("." in s and s.rsplit(".", 1)[1][:3] in _METHODS) for s in self.names])[symbol]
        operation = np.where(is_call, "call", np.where(rng.random(n) < 0.2, "set", "get")).astype(object)
        number = self.row[start:end]
        texts = lengths.Texts(self._frames)
        stack = np.array(
            [texts.stack(r, k) if c else "" for r, k, c in zip(ref, number, is_cookie, strict=True)],
            dtype=object,
        )
        for code, fault in enumerate(BROKEN):
            hit = broken == code
            if fault == "operation":
                operation[hit] = "get(failed)"
            elif fault == "symbol":
                names[hit] = "window.unknown"
            elif fault == "call_stack":
                stack[hit] = "undefined"
            else:
                location[hit] = np.array(["about:blank"] * int(hit.sum()), dtype=object)
        sites = place % max(1, self.n_locations // 6)  # pages of one site share its storage
        value = [
            texts.value(self.names[what], op, where, site, k)
            for what, op, where, site, k in zip(symbol, operation, place, sites, number, strict=True)
        ]
        given = [
            texts.arguments(self.names[what], site, k) if c else []
            for what, site, k, c in zip(symbol, sites, number, is_call, strict=True)
        ]
        file_name = self.file_names.take(pa.array(place))
        line, column = lengths.position(self.ref_script[ref], symbol)
        columns = {
            **{f"argument_{i}": [g[i] if i < len(g) else "" for g in given] for i in range(9)},
            "arguments": [json.dumps(dict(enumerate(g)), separators=(",", ":")) for g in given],
            "arguments_n_keys": [len(g) for g in given],
            "call_id": [f"{f}__{r}" for f, r in zip(file_name.to_pylist(), number.tolist(), strict=True)],
            "call_stack": stack,
            "crawl_id": np.ones(n, dtype=np.int64),
            "file_name": file_name,
            "func_name": np.array(lengths.FUNCTIONS, dtype=object)[ref % 5],
            "in_iframe": place % 4 == 0,
            "location": location,
            "operation": operation,
            "script_col": column,
            "script_line": line,
            "script_loc_eval": np.where(dynamic, "line 1 > eval", "").astype(object),
            "script_url": url,
            "symbol": names,
            "time_stamp": pa.array(1_513_400_000_000 + place * 40 + number * 3).cast(
                pa.timestamp("ms", "UTC")
            ),
            "value": value,
            "value_1000": [v[:1000] for v in value],
            "value_len": [len(v) for v in value],
        }
        return pa.table(columns)

    def _frames(self, refs: np.ndarray, places: np.ndarray) -> list[str]:
        """Lines of a stack: positions in scripts."""
        refs = refs % self.n_refs
        lines, columns = lengths.position(self.ref_script[refs], places)
        found = zip(refs.tolist(), places.tolist(), lines.tolist(), columns.tolist(), strict=True)
        return [f"{lengths.FUNCTIONS[k % 5]}@{self.urls[r]}:{line}:{column}" for r, k, line, column in found]

    def truth(self) -> dict[str, object]:
        """The counts that a correct pipeline gives."""
        good = self.broken < 0
        location_bad = self.broken == BROKEN.index("location")
        per_symbol = np.bincount(self.symbol[good], minlength=len(self.names))
        moved = {(int(r)) for r in self.call_ref[location_bad]}
        return {
            "calls": self.n,
            "valid": int(good.sum()),
            "invalid": {name: int((self.broken == i).sum()) for i, name in enumerate(BROKEN)},
            "locations": self.n_locations,
            "script_refs": self.n_refs,
            "script_refs_with_invalid": self.n_refs + len({str(self.ref_urls[r]) for r in moved}),
            "replay_refs": len(self.replay),
            "mining_refs": len(self.mining),
            "dynamic_calls": int(self.dynamic.sum()),
            "dynamic_locations": len(np.unique(self.ref_location[self.call_ref[self.dynamic]])),
            "symbols": {n: int(c) for n, c in zip(self.names, per_symbol, strict=True) if c},
        }


_METHODS = ("get", "set", "rem", "fil", "mea", "cre", "add", "con", "sta", "toD")


def write_json(rows: pa.Table, folder: Path) -> None:
    """One file per location, ``{`` records separated by commas ``}``, times as the crawler wrote them."""
    drop = {"call_id", "file_name", "value_1000", "value_len", "arguments_n_keys"}
    for name, records in itertools.groupby(rows.to_pylist(), key=lambda record: record["file_name"]):
        with (folder / name).open("w", encoding="utf-8") as file:
            for number, record in enumerate(records):
                call = {k: v for k, v in record.items() if k not in drop and not k.startswith("argument_")}
                call["time_stamp"] = record["time_stamp"].strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
                call |= {k: str(call[k]) for k in ("script_line", "script_col")}
                if call["arguments"] == "{}":
                    del call["arguments"]
                file.write(("," if number else "{") + json.dumps(call))
            file.write("}")


if __name__ == "__main__":
    main()
