"""Mining on planted pages: each miner at its level, and near misses with the condition that failed."""

import base64
import hashlib
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overscripted import npm
from overscripted.analyses.mining import wasm_code
from overscripted.analyses.mining.primitives import HASHES, OTHER, WORK, judge
from overscripted.analyses.model import Finding
from overscripted.analyses.run import analyze
from overscripted.demo import wasm_miner
from overscripted.errors import OutsideError, SoftwareMissing
from overscripted.run import Run
from tests.analyses.planted import TIME, call, planted_run, write

MINER, LIBRARY = wasm_miner.module(), wasm_miner.module((), b"")
TWO = bytes.fromhex(
    "0061736d010000000105016000017f03020100070701037477 6f00000a0601040041020b".replace(" ", "")
)
BLOB, TARGET = "0c0c" + "9f" * 38, "b88d0600"


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"))


LOGIN = _json({"type": "auth", "params": {"site_key": "abc", "type": "anonymous"}})
JOB = _json({"type": "job", "params": {"job_id": "7", "blob": BLOB, "target": TARGET}})
SUBMIT = _json({"type": "submit", "params": {"job_id": "7", "nonce": "1a2b3c4d", "result": "00" * 32}})
MONERO = [
    ("sent", _json({"method": "login", "params": {"login": "4A", "pass": "x", "agent": "w"}, "id": 1})),
    ("received", _json({"id": 1, "result": {"job": {"blob": BLOB, "job_id": "b", "target": TARGET}}})),
]
TALK = [("sent", LOGIN), ("received", JOB), ("sent", SUBMIT)]
CODED = [(direction, base64.b64encode(text.encode()).decode()) for direction, text in MONERO]
CHAT = [("sent", '{"type":"login","login":"ann"}'), ("received", '{"type":"message","text":"a job for you"}')]
BOARD = [("received", JOB), ("received", '{"type":"job","job_id":"8","state":"done"}')]

# Visit -> its modules, workers and cores, messages, cores used and the workers' part of it, and its level.
Page = tuple[list[bytes], tuple[int, int | None], list[tuple[str, str]], tuple[float, float], int]
NO_WORKERS, IDLE, BUSY = (1, None), (0.05, 0.0), (1.5, 0.95)
PAGES: dict[int, Page] = {
    1: ([MINER], (2, 2), TALK, BUSY, 3),
    2: ([], NO_WORKERS, CODED, BUSY, 3),  # JavaScript alone, and base64
    3: ([TWO, LIBRARY], NO_WORKERS, MONERO, IDLE, 3),  # ended before it could be looked at: hung
    4: ([MINER], (7, 8), [], IDLE, 2),  # its pool is asked by HTTP
    5: ([MINER], NO_WORKERS, [], BUSY, 2),
    20: ([MINER], NO_WORKERS, [], (0.25, 0.95), 2),  # the crawl holds it back
    6: ([], NO_WORKERS, TALK, IDLE, 1),
    7: ([], NO_WORKERS, [], IDLE, 1),  # asks a listed host
    8: ([LIBRARY], (2, 2), [], BUSY, 1),  # as a captcha that asks for work does
    9: ([MINER], NO_WORKERS, [], IDLE, 1),
    # Near misses: a library of cryptography; a codec; a pool that waits; a chat; a board of builds; a hash in
    # some workers for a moment.
    10: ([LIBRARY], NO_WORKERS, [], IDLE, 0),
    11: ([TWO], (2, 2), [], BUSY, 0),
    12: ([], (4, 4), [], IDLE, 0),
    13: ([TWO], NO_WORKERS, CHAT, IDLE, 0),
    14: ([], NO_WORKERS, BOARD, IDLE, 0),
    15: ([LIBRARY], (4, None), [], (0.25, 0.95), 0),
    # None: a game draws in its window; few workers; a page that was acted on.
    16: ([TWO], NO_WORKERS, [], (1.0, 0.1), 0),
    17: ([], (4, 16), [], IDLE, 0),
    18: ([], NO_WORKERS, [], BUSY, 0),
    # A wall, which is no page.
    19: ([MINER], (2, 2), TALK, BUSY, 0),
}
OUTCOMES = {3: "hung", 19: "challenge"}
SECONDS = {20: 60.0}  # of looks at its process; of others 8


def _url(visit: int) -> str:
    return f"https://www.page{visit}.org/"


def _ids(visit: int) -> dict[str, Any]:
    return {"crawl_id": 7, "visit_id": visit, "attempt": 1}


def _run(folder: Path) -> Run:
    cores = "window.navigator.hardwareConcurrency"
    calls = [
        call(_url(visit), f"{_url(visit)}a.js", visit_id=visit, symbol=cores, value=str(workers[1]))
        for visit, (_modules, workers, *_rest) in PAGES.items()
        if workers[1]
    ]
    visits = [
        {
            **_ids(visit),
            "final_url": _url(visit),
            "outcome": OUTCOMES.get(visit, "complete"),
            "behaviours": "scroll" if visit == 18 else "",
        }
        for visit in PAGES
    ]
    run = planted_run(folder, calls, visits)
    tables: dict[str, list[dict[str, Any]]] = {
        name: []
        for name in ("wasm_modules", "contents", "script_edges", "websocket_messages", "visit_processes")
    }
    tables["requests"] = [{**_ids(7), "request_id": "r", "hop": 0, "host": "www.coinhive.com"}]
    for visit, (modules, workers, messages, load, _level) in PAGES.items():
        tables["wasm_modules"] += _compiled(visit, modules)
        tables["script_edges"] += _workers(visit, workers[0])
        tables["visit_processes"].append(_process(visit, *load))
        socket = {**_ids(visit), "request_id": f"s{visit}", "url": f"wss://pool{visit}.net/"}
        tables["requests"].append(
            {**socket, "hop": 0, "host": f"pool{visit}.net", "script_url": f"{_url(visit)}w.js"}
        )
        tables["websocket_messages"] += [
            {
                **socket,
                "ordinal": n,
                "direction": direction,
                "opcode": "text",
                "data": text,
                "size": len(text),
            }
            for n, (direction, text) in enumerate(messages)
        ]
    for module in (MINER, LIBRARY, TWO):
        row = {"sha256": hashlib.sha256(module).hexdigest(), "size": len(module), "content": module}
        tables["contents"] += [row, row]  # of two segments
    for name, rows in tables.items():
        write(run, name, rows)
    return run


def _compiled(visit: int, modules: list[bytes]) -> Iterator[dict[str, Any]]:
    for module in modules:
        about = {**_ids(visit), "realm": "worker", "made_by": "WebAssembly.instantiate"}
        about |= {"script_url": f"{_url(visit)}w.js", "size": len(module), "time_stamp": TIME}
        yield about | {"sha256": hashlib.sha256(module).hexdigest()}
    if modules:
        yield {**_ids(visit), "realm": "window", "made_by": "WebAssembly.Module"}  # its bytes are not known


def _workers(visit: int, n: int) -> Iterator[dict[str, Any]]:
    """Workers of blob: URLs, each of its own, made at one place; and a script, which is no worker.

    On page 12 shared workers of one URL; where those are made is not known.
    """
    if visit == 12:
        yield {**_ids(visit), "script_url": f"{_url(visit)}s.js", "how": "shared worker", "n": n}
        return
    place = {**_ids(visit), "parent_url": f"{_url(visit)}a.js", "parent_line": 3, "parent_col": 9, "n": 1}
    for number in range(n):
        yield place | {"script_url": f"blob:{_url(visit)}{number}", "how": "worker"}
    yield place | {"script_url": f"{_url(visit)}b.js", "how": "inserted", "n": 9}


def _process(visit: int, cores: float, of_workers: float) -> dict[str, Any]:
    seconds = SECONDS.get(visit, 8.0)
    used = {"dwell_s": seconds, "dwell_cpu_s": cores * seconds, "cpu_s": cores * 10.0}
    return {**_ids(visit), "pid": visit, **used, "worker_cpu_s": of_workers * cores * 10.0}


@pytest.fixture(scope="module")
def finding(tmp_path_factory: pytest.TempPathFactory, engine: str) -> Finding:
    return analyze(_run(tmp_path_factory.mktemp("mining") / "run"), ["mining"], engine)["mining"]


def test_each_page_has_its_level(finding: Finding) -> None:
    rows = finding.tables["pages"].to_pylist()
    assert [row["level"] for row in rows] == sorted((row["level"] for row in rows), reverse=True)
    assert {row["visit_id"]: row["level"] for row in rows} == {
        visit: page[-1] for visit, page in PAGES.items() if page[-1]
    }
    figures = {figure.name: (figure.n, figure.of) for figure in finding.figures}
    assert figures == {
        "mines": (3, 19),
        "works": (6, 19),
        "suspected": (10, 19),
        "listed": (1, 19),
        "listed_works": (0, 1),
        "unlisted": (6, 19),
        "wasm": (12, 19),
        "hashing": (9, 12),
        "work": (5, 12),
        "exchange": (4, 19),
        "pool": (5, 19),
        "load": (6, 19),
        "minesweeper2018": (3, 19),
    }
    assert finding.sentence == (
        "3 of 19 pages mine; 3 more compute a miner's work with no pool in sight; on 4 more something speaks "
        "for mining."
    )


def test_a_page_has_its_evidence(finding: Finding) -> None:
    rows = {row["visit_id"]: row for row in finding.tables["pages"].to_pylist()}
    miner = rows[1]
    assert (miner["means"], miner["computes"]) == ("mines", "proof of work: aes, groestl, keccak, skein")
    assert (miner["module"], miner["module_script"]) == (
        hashlib.sha256(MINER).hexdigest(),
        "https://www.page1.org/w.js",
    )
    assert (miner["workers"], miner["cores"], miner["worker_maker"]) == (2, 2, "https://www.page1.org/a.js")
    assert (miner["socket"], miner["said"], miner["encoded"]) == (
        "wss://pool1.net/",
        "login, job, submit",
        "",
    )
    assert (miner["cores_used"], miner["of_workers"], miner["lacks"]) == (1.5, 0.95, "")
    assert (rows[2]["said"], rows[2]["encoded"], rows[2]["module"]) == ("login, job", "base64", None)
    assert rows[7]["listed_host"] == "www.coinhive.com"
    assert rows[4]["lacks"] == "no exchange with a pool; workers do not compute all the time"


def test_scripts_behind_the_signs_are_named(finding: Finding) -> None:
    rows = {
        (r["script_url"], r["does"]): (r["level"], r["pages"]) for r in finding.tables["scripts"].to_pylist()
    }
    first = {key: value for key, value in rows.items() if "page1." in key[0]}
    assert first == {
        ("https://www.page1.org/w.js", "compiles a module"): (3, 1),
        ("https://www.page1.org/a.js", "makes workers"): (3, 1),
        ("https://www.page1.org/w.js", "talks with a pool"): (3, 1),
    }
    assert not any("page10." in script for script, _does in rows)  # a near miss


def test_a_near_miss_says_which_condition_failed(finding: Finding) -> None:
    rows = {row["visit_id"]: row["lacks"].split("; ") for row in finding.tables["near_misses"].to_pylist()}
    no_pool, idle = "no exchange with a pool", "workers do not compute all the time"
    assert rows == {
        10: [no_pool, "no worker for each core", idle],
        11: [no_pool, "no module that hashes (at most 0%)"],
        12: [no_pool, "no module", idle],
        13: [f"{no_pool} (no job)", "no module that hashes (at most 0%)", "no worker for each core", idle],
        15: [no_pool, "no worker for each core (no cores read)", idle],
        14: [f"{no_pool} (neither login nor submission)", "no module", "no worker for each core", idle],
    }


def test_modules_are_told_apart(finding: Finding) -> None:
    rows = [
        (row["sha256"], row["kind"], row["pages"], row["why"])
        for row in finding.tables["modules"].to_pylist()
    ]
    assert rows == [
        (hashlib.sha256(MINER).hexdigest(), WORK, 5, "has 4 of the 6 parts of CryptoNight"),
        (hashlib.sha256(LIBRARY).hexdigest(), HASHES, 4, "has 0 parts of CryptoNight (3 needed)"),
        (
            hashlib.sha256(TWO).hexdigest(),
            OTHER,
            4,
            "0% of its arithmetic is in functions that hash (25% needed)",
        ),
    ]
    assert any("Of 12 compilations the bytes" in note for note in finding.notes)


def test_a_run_that_lacks_tables_answers_the_rest(tmp_path: Path) -> None:
    run = _run(tmp_path / "run")
    for table in ("requests", "contents", "script_edges", "visit_processes"):
        run.store.delete(f"tables/{table}")
    finding = analyze(run, ["mining"])["mining"]
    assert {figure.name: figure.n for figure in finding.figures if figure.n} == {
        "suspected": 4,
        "exchange": 4,
        "wasm": 12,
        "minesweeper2018": 3,
    }
    notes = " ".join(finding.notes)
    assert all(words in notes for words in ("how many workers", "what CPU time", "3 modules were not read"))
    for table in ("wasm_modules", "websocket_messages"):
        run.store.delete(f"tables/{table}")
    assert "records neither modules" in analyze(run, ["mining"])["mining"].unsupported


BITCOIN = [("sent", '{"id":1,"method":"mining.subscribe"}'), ("received", '{"method":"mining.notify"}')]
SOCKET_IO = [
    ("received", f'42["job",{{"job_id":"1","seed_hash":"{"a" * 64}"}}]'),
    ("sent", '42["submit",{"job_id":"1","nonce":"f"}]'),
]
BUILDS = [("received", '{"job_id":"d","target":"production"}'), ("sent", '{"type":"auth","agent":"t"}')]
WALLET = [("sent", '{"nonce":"1","hash":"0x"}'), ("received", f'{{"hash":"{"a" * 64}"}}')]


def test_dialects_of_pools(tmp_path: Path) -> None:
    talks = {1: (BITCOIN, "login, job"), 2: (SOCKET_IO, "job, submit"), 3: (BUILDS, ""), 4: (WALLET, "")}
    calls = [call("https://a.org/", "https://a.org/a.js", visit_id=visit) for visit in talks]
    run = planted_run(tmp_path / "run", calls)
    about = {"request_id": "s", "url": "wss://p.net/", "opcode": "binary"}
    messages = [
        {**_ids(visit), **about, "ordinal": n, "direction": to, "bytes": text.encode(), "size": len(text)}
        for visit, (talk, _said) in talks.items()
        for n, (to, text) in enumerate(talk)
    ]
    write(run, "websocket_messages", messages)
    rows = analyze(run, ["mining"])["mining"].tables["pages"].to_pylist()
    assert {row["visit_id"]: row["said"] for row in rows} == {
        visit: said for visit, (_talk, said) in talks.items() if said
    }


def _real() -> dict[str, bytes]:
    """Modules that are published on npm: a game's physics, a codec, hashes."""
    try:
        folder = npm.installed(Path(__file__).parent / "npm_wasm")
    except (SoftwareMissing, OutsideError) as error:
        pytest.skip(f"the modules cannot be had: {error.message}")
    found = {
        "rapier": (folder / "@dimforge/rapier2d-compat/dist/rapier_wasm2d_bg.wasm").read_bytes(),
        "avif": (folder / "@jsquash/avif/codec/enc/avif_enc_mt.wasm").read_bytes(),
        "argon2-simd": (folder / "argon2-browser/dist/argon2-simd.wasm").read_bytes(),
    }
    for name in ("sha256", "sha3", "blake2b", "crc32", "xxhash64"):
        text = (folder / f"hash-wasm/dist/{name}.umd.min.js").read_text()
        found[name] = max(map(base64.b64decode, re.findall(r"AGFzbQ[A-Za-z0-9+/]+=*", text)), key=len)
    return found


def test_published_modules_are_read_whole_and_none_is_a_miners() -> None:
    found = {name: judge(module) for name, module in _real().items()}
    assert {name: judged.unread for name, judged in found.items() if judged.unread} == {}
    assert {name: (judged.kind, judged.primitives) for name, judged in found.items()} == {
        "rapier": (OTHER, ()),
        "avif": (OTHER, ()),
        "argon2-simd": (HASHES, ("blake2b", "blake2s")),
        "sha256": (HASHES, ("sha256",)),
        "sha3": (HASHES, ("keccak",)),
        "blake2b": (HASHES, ("blake2b",)),
        "crc32": (OTHER, ()),
        "xxhash64": (OTHER, ()),
    }


def test_a_miner_is_known_by_any_of_its_signs() -> None:
    assert judge(MINER).kind == WORK
    assert judge(wasm_miner.module((1,), b"RandomX\x03")).why == "has RandomX's salt"
    names = b"\0\x13\x04name\x01\x0c\x01\0\x09hash_cn_x"
    assert judge(LIBRARY + names).why == "hashes, and names hash_cn"
    assert judge(TWO + names).kind == OTHER  # it computes nothing
    two_parts = wasm_miner.module((0x8000000000008089, 0x8000000080008081, 0x8000000000008009))
    assert judge(two_parts[: two_parts.rindex(b"\xc6\x63\x63")]).kind == HASHES  # its tables are cut off


def _section(*bodies: bytes) -> bytes:
    """A section of code with these functions."""
    code = wasm_miner.number(len(bodies)) + b"".join(wasm_miner.number(len(body)) + body for body in bodies)
    return b"\x0a" + wasm_miner.number(len(code)) + code


@pytest.mark.parametrize(
    "body",
    [
        b"\x01\xff\xff\xff\xff\x0f\x7f\x0b",  # four billion locals
        b"\xff\xff\xff\xff\x0f",  # as many declarations
        b"\0\x0e\xff\xff\xff\xff\x0f\0\x0b",  # a jump to as many places
        b"\0" + b"\x02\x40" * 200_000 + b"\x0b" * 200_001,  # nested blocks
        b"\0\x41" + b"\x80" * 400_000,  # a number without an end
        b"\0\xfb\0\0\x0b",  # instructions of the garbage collector, which are not known
    ],
)
def test_a_hostile_function_costs_itself(body: bytes) -> None:
    started = time.process_time()
    read = wasm_code.read(b"\0asm\1\0\0\0" + _section(body, b"\0\x41\xcd\xd7\x02\x0b"))
    assert time.process_time() - started < 2
    assert (len(read.functions), read.constants) == (2, {0xABCD})  # the next one is read


@pytest.mark.parametrize(
    "content",
    [
        b"\x05\0" * 8_000_000,  # eight million sections
        b"\0\x80\x80\x80\x04\x04name" + b"\1\0" * 4_000_000,  # as many parts of the names
        b"\x0b\x80\x80\x80\x04" + b"\xc6\x63" * 4_000_000,  # data that nearly begin as a table does
    ],
)
def test_a_hostile_module_takes_little_time(content: bytes) -> None:
    started = time.process_time()
    assert judge(b"\0asm\1\0\0\0" + content).kind == OTHER
    assert time.process_time() - started < 3


def test_all_code_of_a_module_is_within_one_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wasm_code, "MAX_CODE", 2_000)
    section = _section(b"\0" + b"\x41\1\x1a" * 300 + b"\x0b")  # one function of 902 bytes
    read = wasm_code.read(b"\0asm\1\0\0\0" + section * 9)
    assert (len(read.functions), read.unread) == (2, 7)


@settings(max_examples=60)
@given(st.binary(max_size=400), st.integers(0, len(MINER)), st.booleans())
def test_any_bytes_are_read_without_an_error(noise: bytes, at: int, whole: bool) -> None:
    content = MINER[:at] + noise + (MINER[at + len(noise) :] if whole else b"")
    judged = judge(content)
    assert 0 <= judged.share <= 1
    assert judge(noise).kind == OTHER
