"""Errors that nobody caught, and what scripts write on their console: all of it, as text.

No code of the page is run for it.
"""

import pytest

from tests.crawl.instrument.harness import Instrumented, Web
from tests.crawl.instrument.page_files import read_lines, read_page

pytestmark = [pytest.mark.firefox, pytest.mark.asyncio(loop_scope="session")]
DONE = "setTimeout(()=>window.D=1,150)"


async def said(browser: Instrumented, web: Web, code: str) -> set[tuple[str, str, str, int]]:
    """(level, message, path, line) of what a page with this script said."""
    web.add("/said.js", f"{code};\n{DONE}", "text/javascript")
    visit = await browser.visit(
        web.base + web.add("/said", "<!doctype html><script src=/said.js></script>"), "window.D"
    )
    found = [
        (m["level"], m["message"], m["url"].removeprefix(web.base), m["line"]) for m in visit.of("console")
    ]
    assert len(found) == len(set(found))
    assert not visit.of("gap")
    return set(found)


async def test_errors_that_nobody_caught(browser: Instrumented, web: Web) -> None:
    web.add("/broken.js", "let x = ;", "text/javascript")
    web.add("/thrown.js", "\nthrow Error('in a worker')", "text/javascript")
    web.add("/frame", "<script>\nnull.x</script>")
    code = "\n".join(read_lines("console/uncaught.js"))
    assert await said(browser, web, code) == {
        ("error", "RangeError: one", "/said.js", 1),
        ("error", "uncaught exception: two", "/said.js", 2),
        ("error", "SyntaxError: expected expression, got ';'", "/broken.js", 1),
        ("error", 'TypeError: can\'t access property "x" of null', "/frame", 2),
        ("error", "Error: in a worker", "/thrown.js", 2),
    }


async def test_rejections_that_nobody_handled(browser: Instrumented, web: Web) -> None:
    """With what they say where they are errors, whatever they have been made to look like."""
    code = "\n".join(read_lines("console/rejections.js"))
    errors = ["Error: one", "TypeError: two", "AbortError: three", "Error: four", "Error: "]
    others = ['{"a":1}', "{}", "null", "text", "Symbol(s)"]
    assert await said(browser, web, code) == {
        *(("error", f"unhandled rejection: {text}", "/said.js", 1) for text in errors),
        *(("error", f"unhandled rejection: {text}", "", None) for text in others),
        ("error", "ran undefined", "/said.js", 1),
    }


async def test_errors_of_scripts_of_other_origins(browser: Instrumented, web: Web) -> None:
    """Whole, where a page is told "Script error." or nothing."""
    code = "setTimeout(()=>{throw new TypeError('later')});Promise.reject(Error('rejected'));\nnull.x"
    web.add("/run.js", code, "text/javascript")
    web.add("/broken.js", "let x = ;", "text/javascript")
    page = read_page("console/other_origins.html")
    visit = await browser.visit(
        web.base + web.add("/others", page), "T.length===3&&T.filter(t=>t==='Script error.').length===2"
    )
    assert sorted((m["message"], m["url"], m["line"]) for m in visit.of("console")) == [
        ("SyntaxError: expected expression, got ';'", f"{web.other}/broken.js", 1),
        ('TypeError: can\'t access property "x" of null', f"{web.other}/run.js", 2),
        ("TypeError: later", f"{web.other}/run.js", 1),
        ("unhandled rejection: Error: rejected", f"{web.other}/run.js", 1),
    ]


async def test_what_a_page_keeps_from_its_console(browser: Instrumented, web: Web) -> None:
    """As a page that does so is told of it."""
    web.add("/broken.js", "let x = ;", "text/javascript")
    code = "\n".join(read_lines("console/kept_from_console.js"))
    assert await said(browser, web, code) == {
        ("error", "unhandled rejection: Error: rejected", "/said.js", 1),
        ("error", "Error: thrown", "/said.js", 1),
        ("error", "Script error.", f"{web.other}/broken.js", None),
    }


async def test_what_scripts_write_on_their_console(browser: Instrumented, web: Web) -> None:
    web.add("/writes.js", "console.error('of a worker', {a: 1})", "text/javascript")
    code = "\n".join(read_lines("console/written.js"))
    assert await said(browser, web, code) == {
        (
            "error",
            'one {"a":[1,{"b":2}],"g":"ACCESSOR"} null undefined 1.5 null Error: two',
            "/said.js",
            2,
        ),
        ("warning", "three", "/said.js", 3),
        ("error", "four", "/said.js", 3),
        ("error", "", "/said.js", 5),
        ("error", "five", "/said.js", 5),
        ("error", 'of a worker {"a":1}', "/writes.js", 1),
        ("error", "undefined", "/said.js", 6),
    }


async def test_a_page_that_writes_without_end_is_cut(browser: Instrumented, web: Web) -> None:
    """Errors and warnings each for themselves: neither hides the other."""
    web.add("/writes", read_page("console/endless.html"))
    visit = await browser.visit(f"{web.base}/writes", "window.D")
    found = visit.of("console")
    assert [m["level"] for m in found] == ["warning"] * 200 + ["error"]
    assert [len(m["message"]) for m in found] == [5000] * 201
    (gap,) = visit.of("gap")
    assert (gap["name"], gap["n"]) == ("console messages over the limit of a document", 1)


async def test_errors_while_a_page_is_left_are_its_own(browser: Instrumented, web: Web) -> None:
    after = web.add("/after", "<!doctype html><p>after")
    code = f"addEventListener('pagehide',()=>{{throw Error('thrown')}});setTimeout(()=>location='{after}')"
    web.add("/left.js", code, "text/javascript")
    page = web.add("/left", "<!doctype html><script src=/left.js></script>")
    visit = await browser.visit(
        web.base + page, f"location.pathname==='{after}'&&document.readyState==='complete'"
    )
    (one,) = visit.of("console")
    assert (one["message"], one["url"], one["top"]) == (
        "Error: thrown",
        f"{web.base}/left.js",
        web.base + page,
    )
