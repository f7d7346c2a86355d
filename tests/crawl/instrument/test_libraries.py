"""Real libraries work instrumented as they do in a plain browser: same errors, same results."""

# ruff: noqa: E501 (code of pages)

import asyncio
from pathlib import Path

import pytest

from overscripted import npm
from overscripted.crawl.firefox.process import Firefox
from overscripted.errors import OutsideError, SoftwareMissing
from tests.crawl.instrument.harness import Instrumented, Visit, Web

pytestmark = [pytest.mark.firefox, pytest.mark.asyncio(loop_scope="session")]

_RESULT = "document.getElementById('out').innerHTML"
# Name -> (files, what to do with them, the result, symbols that must have been recorded).
LIBRARIES = {
    "jquery": (["jquery/dist/jquery.js"], "$('#out').append($('<b>').text('x').on('click',()=>$('#out').append('!'))).find('b').trigger('click');"
               "$.get('/frame.html').then(()=>window.D=1)", _RESULT, ["XMLHttpRequest.open"]),
    "react": (["react/umd/react.development.js", "react-dom/umd/react-dom.development.js"],
              "const e=React.createElement;function A(){const[n,s]=React.useState(0);React.useEffect(()=>{if(n<3)s(n+1);else window.D=1});"
              "return e('p',{onClick:()=>0},'n',n)}ReactDOM.createRoot(document.getElementById('out')).render(e(A))", _RESULT,
              ["EventTarget.addEventListener"]),
    "vue": (["vue/dist/vue.global.js"], "Vue.createApp({data:()=>({n:1}),template:'<p @click=\"n++\">{{n}}</p>',mounted(){this.n=5;"
            "this.$nextTick(()=>window.D=1)}}).mount('#out')", _RESULT, ["window.Function"]),
    "preact": (["preact/dist/preact.umd.js"], "preact.render(preact.h('i',{onClick(){}},'p'),document.getElementById('out'));window.D=1", _RESULT, []),
    "alpine": (["alpinejs/dist/cdn.js"], "document.getElementById('out').innerHTML='<p x-data=\"{a:2}\" x-text=\"a*3\"></p>';"
               "setTimeout(()=>window.D=1,300)", _RESULT, ["AsyncFunction"]),
    "knockout": (["knockout/build/output/knockout-latest.debug.js"], "document.getElementById('out').innerHTML='<p data-bind=\"text:a\"></p>';"
                 "ko.applyBindings({a:'k'});window.D=1", _RESULT, ["window.Function"]),
    "handlebars": (["handlebars/dist/handlebars.js"], "document.getElementById('out').innerHTML=Handlebars.compile('<u>{{a}}</u>')({a:'<x>'});"
                   "window.D=1", _RESULT, ["window.Function"]),
    "htmx": (["htmx.org/dist/htmx.js"], "const o=document.getElementById('out');o.setAttribute('hx-get','/frame.html');"
             "o.setAttribute('hx-trigger','go');htmx.process(o);htmx.on('htmx:afterSwap',()=>setTimeout(()=>window.D=1,300));htmx.trigger(o,'go')", _RESULT,
             ["XMLHttpRequest.send"]),
    "d3": (["d3/dist/d3.js"], "d3.select('#out').append('svg').selectAll('rect').data([1,2]).join('rect').attr('x',d=>d);window.D=1", _RESULT, []),
    "bootstrap": (["bootstrap/dist/js/bootstrap.bundle.js"], "document.getElementById('out').innerHTML='<div class=modal id=m></div>';"
                  "new bootstrap.Modal('#m').show();window.D=1", "document.body.className", ["EventTarget.addEventListener"]),
    "lodash and underscore": (["lodash/lodash.js", "underscore/underscore-umd.js"], "document.getElementById('out').textContent="
                              "_.template('<%= a %>')({a:1})+_.range(3);window.D=1", _RESULT, ["window.Function"]),
    "core-js": (["core-js-bundle/index.js"], "document.getElementById('out').textContent=[1,[2]].flat()+String(structuredClone({a:1}).a)+"
                "new URL('/x','http://h/').href;window.D=1", _RESULT, []),
    "fingerprintjs": (["@fingerprintjs/fingerprintjs/dist/fp.umd.js"], "FingerprintJS.load({monitoring:false}).then(a=>a.get()).then(r=>{"
                      "window.V=Object.keys(r.components).map(k=>k+('error' in r.components[k])).join()+r.components.canvas.value.geometry.length+r.components.audio.value;window.D=1})", "V",
                      ["HTMLCanvasElement.toDataURL", "window.navigator.plugins", "OfflineAudioContext.startRendering"]),
    "clientjs": (["clientjs/dist/client.min.js"], "const c=new ClientJS();window.V=[c.getBrowser(),c.getOS(),c.getCanvasPrint().length,c.isCanvas(),"
                 "c.getPlugins()].join();window.D=1", "V", ["CanvasRenderingContext2D.fillText"]),
    "rrweb": (["rrweb/dist/rrweb.js"], "const v=[];rrweb.record({emit:e=>v.push(e.type)});setTimeout(()=>{document.getElementById('out').append('z');"
              "setTimeout(()=>{window.V=[...new Set(v)].sort().join();window.D=1},200)},200)", "V", ["MutationObserver.observe", "EventTarget.addEventListener"]),
    "logrocket": (["logrocket/dist/build.umd.js"], "setTimeout(()=>{window.V=typeof LogRocket;window.D=1},300);LogRocket.init('a/b')", "V", []),
    "clarity": (["clarity-js/build/clarity.min.js"], "window.V=typeof clarity;setTimeout(()=>window.D=1,100)", "V", []),
    "posthog": (["posthog-js/dist/array.full.js"], "posthog.init('k',{api_host:location.origin,autocapture:true,persistence:'localStorage'});"
                "window.V=typeof posthog.get_distinct_id();setTimeout(()=>window.D=1,300)", "V", ["window.Storage.setItem"]),
    "mixpanel": (["mixpanel-browser/dist/mixpanel.umd.js"], "mixpanel.init('t',{api_host:location.origin});mixpanel.track('e');window.V=typeof mixpanel."
                 "get_distinct_id();setTimeout(()=>window.D=1,100)", "V", ["window.document.cookie"]),
    "amplitude": (["amplitude-js/amplitude.umd.js"], "amplitude.getInstance().init('k');window.V=typeof amplitude.getInstance().options.deviceId;"
                  "setTimeout(()=>window.D=1,100)", "V", ["window.document.cookie"]),
}  # fmt: skip
# Errors that the page sees, as its own listeners do.
_SPY = "window.ERRORS=[];addEventListener('error',e=>ERRORS.push(e.message));addEventListener('unhandledrejection',e=>ERRORS.push(String(e.reason)))"
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
    path = web.add(f"/library/{name.split()[0]}", f"<!doctype html><title>t</title><script>{_SPY}</script><body>"
                   f"<div id=out></div>{scripts}<script>{code}</script>")  # fmt: skip
    made = await plain.bidi.command("browsingContext.create", {"type": "window"})
    bare, visit = Visit(plain, "", 0, made["context"], ""), await browser.open()
    theirs, ours = await asyncio.gather(*(use(it, web.base + path, result) for it in (bare, visit)))
    await plain.bidi.command("browsingContext.close", {"context": made["context"]})
    await browser.flush(visit)
    await browser.close(visit)
    assert ours == theirs
    assert not [symbol for symbol in symbols if symbol not in {c["s"] for c in visit.calls}]
