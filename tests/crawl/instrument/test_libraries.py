"""Real libraries work instrumented as they do in a plain browser: same errors, same results."""

import asyncio
from pathlib import Path

import pytest

from overscripted import npm
from overscripted.crawl.firefox.process import Firefox
from overscripted.errors import OutsideError, SoftwareMissing
from tests.crawl.instrument.harness import Instrumented, Visit, Web
from tests.crawl.instrument.page_files import read_page

pytestmark = [pytest.mark.firefox, pytest.mark.asyncio(loop_scope="session")]

_RESULT = "document.getElementById('out').innerHTML"
# Name -> (files, what to do with them, the result, symbols that must have been recorded).
LIBRARIES = {
    "jquery": (["jquery/dist/jquery.js"], read_page("libraries/jquery.js"), _RESULT, ["XMLHttpRequest.open"]),
    "react": (
        ["react/umd/react.development.js", "react-dom/umd/react-dom.development.js"],
        read_page("libraries/react.js"),
        _RESULT,
        ["EventTarget.addEventListener"],
    ),
    "vue": (["vue/dist/vue.global.js"], read_page("libraries/vue.js"), _RESULT, ["window.Function"]),
    "preact": (
        ["preact/dist/preact.umd.js"],
        "preact.render(preact.h('i',{onClick(){}},'p'),document.getElementById('out'));window.D=1",
        _RESULT,
        [],
    ),
    "alpine": (["alpinejs/dist/cdn.js"], read_page("libraries/alpine.js"), _RESULT, ["AsyncFunction"]),
    "knockout": (
        ["knockout/build/output/knockout-latest.debug.js"],
        read_page("libraries/knockout.js"),
        _RESULT,
        ["window.Function"],
    ),
    "handlebars": (
        ["handlebars/dist/handlebars.js"],
        "document.getElementById('out').innerHTML=Handlebars.compile('<u>{{a}}</u>')({a:'<x>'});window.D=1",
        _RESULT,
        ["window.Function"],
    ),
    "htmx": (["htmx.org/dist/htmx.js"], read_page("libraries/htmx.js"), _RESULT, ["XMLHttpRequest.send"]),
    "d3": (
        ["d3/dist/d3.js"],
        "d3.select('#out').append('svg').selectAll('rect').data([1,2]).join('rect').attr('x',d=>d);window.D=1",
        _RESULT,
        [],
    ),
    "bootstrap": (
        ["bootstrap/dist/js/bootstrap.bundle.js"],
        read_page("libraries/bootstrap.js"),
        "document.body.className",
        ["EventTarget.addEventListener"],
    ),
    "lodash and underscore": (
        ["lodash/lodash.js", "underscore/underscore-umd.js"],
        "document.getElementById('out').textContent=_.template('<%= a %>')({a:1})+_.range(3);window.D=1",
        _RESULT,
        ["window.Function"],
    ),
    "core-js": (["core-js-bundle/index.js"], read_page("libraries/core_js.js"), _RESULT, []),
    "fingerprintjs": (
        ["@fingerprintjs/fingerprintjs/dist/fp.umd.js"],
        read_page("libraries/fingerprintjs.js"),
        "V",
        ["HTMLCanvasElement.toDataURL", "window.navigator.plugins", "OfflineAudioContext.startRendering"],
    ),
    "clientjs": (
        ["clientjs/dist/client.min.js"],
        read_page("libraries/clientjs.js"),
        "V",
        ["CanvasRenderingContext2D.fillText"],
    ),
    "rrweb": (
        ["rrweb/dist/rrweb.js"],
        read_page("libraries/rrweb.js"),
        "V",
        ["MutationObserver.observe", "EventTarget.addEventListener"],
    ),
    "logrocket": (
        ["logrocket/dist/build.umd.js"],
        "setTimeout(()=>{window.V=typeof LogRocket;window.D=1},300);LogRocket.init('a/b')",
        "V",
        [],
    ),
    "clarity": (
        ["clarity-js/build/clarity.min.js"],
        "window.V=typeof clarity;setTimeout(()=>window.D=1,100)",
        "V",
        [],
    ),
    "posthog": (
        ["posthog-js/dist/array.full.js"],
        read_page("libraries/posthog.js"),
        "V",
        ["window.Storage.setItem"],
    ),
    "mixpanel": (
        ["mixpanel-browser/dist/mixpanel.umd.js"],
        read_page("libraries/mixpanel.js"),
        "V",
        ["window.document.cookie"],
    ),
    "amplitude": (
        ["amplitude-js/amplitude.umd.js"],
        read_page("libraries/amplitude.js"),
        "V",
        ["window.document.cookie"],
    ),
}
# Errors that the page sees, as its own listeners do.
_SPY = read_page("libraries/errors.js")
_FILES = Path(__file__).parent / "npm"


@pytest.fixture(scope="module")
def modules() -> Path:
    """The libraries' folder."""
    try:
        return npm.installed(_FILES)
    except (SoftwareMissing, OutsideError) as error:
        pytest.skip(f"the libraries cannot be had: {error.message}")


async def use(visit: Visit, url: str, result: str) -> tuple[str, str]:
    """What a page came to: its result and its errors."""
    await visit.bidi.command(
        "browsingContext.navigate", {"context": visit.context, "url": url, "wait": "complete"}
    )
    await visit.run(
        "new Promise(r=>{const i=setInterval(()=>window.D&&(clearInterval(i),r(1)),20);setTimeout(r,15000)})"
    )
    return await visit.run(f"String({result})"), await visit.run("ERRORS.sort().join('\\n')")


@pytest.mark.parametrize("name", LIBRARIES)
async def test_a_library_works_as_in_a_plain_browser(
    browser: Instrumented, plain: Firefox, web: Web, modules: Path, name: str
) -> None:
    files, code, result, symbols = LIBRARIES[name]
    for file in files:
        web.add(f"/npm/{file}", (modules / file).read_bytes(), "text/javascript")
    web.add("/frame.html", "<p>x")
    scripts = "".join(f"<script src='/npm/{file}'></script>" for file in files)
    path = web.add(
        f"/library/{name.split()[0]}", read_page("libraries/page.html", SPY=_SPY, SCRIPTS=scripts, CODE=code)
    )
    made = await plain.bidi.command("browsingContext.create", {"type": "window"})
    bare, visit = Visit(plain, "", 0, made["context"], ""), await browser.open()
    theirs, ours = await asyncio.gather(*(use(it, web.base + path, result) for it in (bare, visit)))
    await plain.bidi.command("browsingContext.close", {"context": made["context"]})
    await browser.flush(visit)
    await browser.close(visit)
    assert ours == theirs
    assert not [symbol for symbol in symbols if symbol not in {c.symbol for c in visit.calls}]
