"""Which modules of WebAssembly a page compiles, with their bytes, and that the page sees nothing of that."""

import gzip
import hashlib
import json
from collections import Counter
from typing import Any

import pytest
from aiohttp import web as server

from overscripted.crawl.firefox.process import Firefox
from tests.crawl.instrument.harness import Instrumented, Visit, Web, bare_page, seen_page
from tests.crawl.instrument.page_files import read_page

pytestmark = [pytest.mark.firefox, pytest.mark.asyncio(loop_scope="session")]

# (module (func (export "two") (result i32) i32.const 2))
TWO = bytes.fromhex("0061736d010000000105016000017f030201000707010374776f00000a0601040041020b")
SHA256 = hashlib.sha256(TWO).hexdigest()
UNKNOWN = "webassembly module without its bytes"
LIMIT = "webassembly module over the limit"
ROWS = "webassembly modules over the limit"


def rows(visit: Visit) -> list[dict[str, Any]]:
    """The modules of a visit, in the order of their calls."""
    return sorted(visit.of("wasm_module"), key=lambda row: (row["time_stamp"], row["script_line"]))


def gaps(visit: Visit) -> Counter[str]:
    """What could not be recorded."""
    counted: Counter[str] = Counter()
    for message in visit.of("gap"):
        counted[message["name"]] += message["n"]
    return counted


def serve(web: Web) -> None:
    """The modules that pages fetch."""
    web.add("/wasm/two.wasm", TWO, "application/wasm")
    web.add("/wasm/encoded.wasm", gzip.compress(TWO), "application/wasm", Content_Encoding="gzip")
    web.add("/wasm/plain.wasm", TWO, "application/octet-stream")
    web.redirects["/wasm/moved.wasm"] = "/wasm/two.wasm"


def compiles(done: str) -> str:
    """A script that compiles modules in every way; ``done`` is what it runs in the end."""
    return f"const done = (failed) => {{ {done} }};\n" + read_page("wasm/compile.js", BYTES=list(TWO))


@pytest.mark.parametrize("where", ["document", "frame", "worker"])
async def test_each_module_has_its_bytes_and_its_place(browser: Instrumented, web: Web, where: str) -> None:
    serve(web)
    worker = where == "worker"
    target = {"document": "window", "frame": "top", "worker": ""}[where]
    code = compiles("postMessage(failed)" if worker else f"{target}.D = failed + 1")
    script = web.base + web.add(f"/wasm/{where}.js", code, "text/javascript")
    inner = web.add(f"/wasm/in-{where}", f"<!doctype html><script src={script}></script>")
    pages = {
        "document": f"<!doctype html><script src={script}></script>",
        "frame": f"<!doctype html><iframe src={inner}></iframe>",
        "worker": f"<!doctype html><script>(window.w = new Worker('{script}'))"
        ".onmessage = ({ data }) => { window.D = data + 1 }</script>",
    }
    page = web.base + web.add(f"/wasm/of-{where}", pages[where])
    visit = await browser.visit(page, "window.D === 1")
    lines = {text.strip(): number for number, text in enumerate(code.split("\n"), 1)}
    in_memory, unknown = (len(TWO), SHA256, ""), (None, None, "")
    constructed = in_memory if worker else unknown
    expected = [
        ("compile", "const module = await WebAssembly.compile(bytes);", in_memory),
        ("instantiate", "await WebAssembly.instantiate(bytes.buffer, {});", in_memory),
        ("compile", "await WebAssembly.compile.call(null, new DataView(resizable.buffer));", in_memory),
        (
            "compile",
            "await Reflect.apply(WebAssembly.compile, WebAssembly, [large.subarray(77, 77 + bytes.length)]);",
            in_memory,
        ),
        (
            "compileStreaming",
            'await WebAssembly.compileStreaming(fetch("/wasm/two.wasm"));',
            (len(TWO), SHA256, "/wasm/two.wasm"),
        ),
        (
            "instantiateStreaming",
            'await WebAssembly.instantiateStreaming(await fetch("/wasm/encoded.wasm"));',
            (len(TWO), SHA256, "/wasm/encoded.wasm"),
        ),
        (
            "instantiateStreaming",
            'await WebAssembly.instantiateStreaming(fetch("/wasm/moved.wasm"));',
            (len(TWO), SHA256, "/wasm/two.wasm"),
        ),
        (
            "compileStreaming",
            "await WebAssembly.compileStreaming(new Response(bytes, "
            '{ headers: { "Content-Type": "application/wasm" } }));',
            unknown,
        ),
        ("Module", "new WebAssembly.Module(bytes);", constructed),
        ("compile", "await WebAssembly.compile(shared);", unknown if worker else in_memory),
    ]
    found = Counter(
        (
            row["made_by"].removeprefix("WebAssembly."),
            row["script_url"],
            row["script_line"],
            (row["size"], row.get("sha256"), row["source"].removeprefix(web.base)),
        )
        for row in rows(visit)
    )
    assert found == Counter((made_by, script, lines[line], what) for made_by, line, what in expected)
    assert {row["location"] for row in rows(visit)} == {
        {"document": page, "frame": web.base + inner, "worker": script}[where]
    }
    assert {row["realm"] for row in rows(visit)} == {"worker" if worker else "window"}
    assert {row["frame"] == 0 for row in rows(visit)} == {where != "frame"}
    assert gaps(visit) == {UNKNOWN: sum(what == unknown for _, _, what in expected)}
    contents = [row["content"] for row in rows(visit) if "file" in row]
    assert contents and set(contents) == {TWO}
    assert len(contents) <= 2  # once by the content process, and once by the parent process
    asked = {m["request_id"]: m["url"] for m in visit.of("request")}
    streamed = [asked[row["request_id"]] for row in rows(visit) if row.get("request_id")]
    assert Counter(streamed) == {
        f"{web.base}/wasm/two.wasm": 2,
        f"{web.base}/wasm/encoded.wasm": 1,
    }


async def test_a_module_that_changes_is_recorded_as_compiled(browser: Instrumented, web: Web) -> None:
    times, at = 150, TWO.rindex(b"\x41\x02") + 1
    code = read_page("wasm/changing.js", BYTES=list(TWO), AT=at, TIMES=times)
    page = web.add(
        "/wasm/changing",
        f"<!doctype html><script>{code}</script>",
        Cross_Origin_Opener_Policy="same-origin",
        Cross_Origin_Embedder_Policy="require-corp",
    )
    visit = await browser.open()
    await browser.firefox.bidi.command(
        "browsingContext.navigate", {"context": visit.context, "url": web.base + page, "wait": "complete"}
    )
    await visit.until("window.D")
    answers = json.loads(await visit.run("JSON.stringify(answers)"))
    await browser.flush(visit)
    await browser.close(visit)
    value = {hashlib.sha256(TWO[:at] + bytes([n]) + TWO[at + 1 :]).hexdigest(): n for n in (2, 3)}
    # The first row of a module comes later, when its bytes are in their file.
    later = [value[row["sha256"]] for row in visit.of("wasm_module") if "file" not in row]
    assert later == answers
    assert set(answers) == {2, 3} and len(answers) == times


async def test_many_and_large_modules_are_cut_and_counted(browser: Instrumented, web: Web) -> None:
    flood = read_page("wasm/flood.js", BYTES=list(TWO), TIMES=1003)
    web.add("/wasm/flood.js", f"function done() {{ postMessage(1) }}\n{flood}", "text/javascript")
    page = web.add(
        "/wasm/flood",
        f"<!doctype html><script>function done() {{ window.here = 1 }}\n{flood}</script>"
        "<script>new Worker('/wasm/flood.js').onmessage = () => window.there = 1</script>",
    )
    visit = await browser.visit(web.base + page, "window.here && window.there")
    counted = Counter(row["realm"] for row in rows(visit))
    assert (
        counted["window"] == 1000
        and counted["worker"] + gaps(visit)["worker task not watched to its end"] >= 1000
    )
    assert len({row["sha256"] for row in rows(visit) if row["realm"] == "window"}) == 1000
    assert gaps(visit)[ROWS] >= 3


async def test_responses_of_a_visit_have_so_much_memory(browser: Instrumented, web: Web) -> None:
    """Few compressed bytes are many modules. Of what is beyond the limit, only the row is kept."""
    large = 15 * 2**20  # bytes of a section that nothing reads
    length = bytes(((large >> at) & 0x7F) | 0x80 for at in (0, 7, 14)) + bytes([large >> 21])
    module = TWO + b"\0" + length + b"\1x" + bytes(large - 2)
    web.add("/wasm/bomb.wasm", gzip.compress(module, 1), "application/wasm", Content_Encoding="gzip")
    code = (
        "(async () => { for (let n = 0; n < 2; n++) for (const query of ['a', 'b', 'c', 'd', 'e', 'f'])"
        " await WebAssembly.compileStreaming(fetch(`/wasm/bomb.wasm?${query}`, {cache: 'no-store'}));"
        " window.D = 1; })()"
    )
    web.add("/wasm/bombs", f"<!doctype html><script>{code}</script>")
    same = await browser.visit(f"{web.base}/wasm/bombs", "window.D")
    assert len({row.get("sha256") for row in rows(same)}) == 1 and len(rows(same)) == 12
    assert not gaps(same)

    # With one more section, each module is another one.
    others = {name: gzip.compress(module + b"\0\2\1" + name.encode(), 1) for name in "abcdef"}

    async def other(request: server.Request) -> server.Response:
        headers = {"Content-Type": "application/wasm", "Content-Encoding": "gzip"}
        return server.Response(body=others[request.query_string], headers=headers)

    web.handlers["/wasm/bomb.wasm"] = other
    different = await browser.visit(f"{web.base}/wasm/bombs", "window.D")
    hashes = [row.get("sha256") for row in rows(different)]
    assert len(set(hashes[:4])) == 4 and None not in hashes[:4]
    assert hashes[4:6] == [None, None]
    assert gaps(different) == {LIMIT: 4}


async def test_a_module_of_64_mb_keeps_its_length(browser: Instrumented, web: Web) -> None:
    code = (
        f"const bytes = new Uint8Array(2 ** 26); bytes.set({list(TWO)});"
        "WebAssembly.compile(bytes).catch(() => window.D = 1)"
    )
    page = web.add("/wasm/large", f"<!doctype html><script>{code}</script>")
    visit = await browser.visit(web.base + page, "window.D")
    [row] = rows(visit)
    assert (row["size"], row.get("sha256"), "file" in row) == (2**26, None, False)
    assert gaps(visit) == {LIMIT: 1}


async def test_another_window_s_functions_compile_there(browser: Instrumented, web: Web) -> None:
    code = f"""
const bytes = new Uint8Array({list(TWO)});
const frame = document.createElement("iframe");
document.documentElement.append(frame);
const {"{ compile, instantiate }"} = frame.contentWindow.WebAssembly;
compile(bytes).then(() => {{
  frame.remove();
  instantiate(bytes); // this window is gone, so the promise stays pending
  window.D = 1;
}});
"""
    page = web.base + web.add("/wasm/realms", f"<!doctype html><body><script>{code}</script>")
    visit = await browser.visit(page, "window.D")
    assert [(row["made_by"], row["location"], row["sha256"], row["script_url"]) for row in rows(visit)] == [
        (f"WebAssembly.{name}", "about:blank", SHA256, page) for name in ("compile", "instantiate")
    ]


async def test_a_page_sees_its_own_bytes_and_errors(browser: Instrumented, plain: Firefox, web: Web) -> None:
    code = read_page("wasm/seen.js", BYTES=list(TWO))
    page = web.base + web.add("/wasm/seen", "<!doctype html><title>t</title>")
    ours, theirs = await seen_page(browser, page), await bare_page(plain, page)
    found = [json.loads(await visit.run(code)) for visit in (ours, theirs)]
    await browser.close(ours)
    assert found[0] == found[1] and len(found[1]) == 13
