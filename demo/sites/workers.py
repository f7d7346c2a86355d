"""Workers of every kind, and WebAssembly."""

import hashlib

from overscripted.demo.documents import Document, Script
from overscripted.demo.http_messages import Response
from overscripted.demo.page_style import paragraph
from overscripted.demo.planted import NOTHING, Code, calls
from overscripted.demo.sites.directory import ORIGIN
from overscripted.demo.world import World

_HERE = ORIGIN["workshop.stellarforge-software.io"]
_READ = calls("userAgent")
# (module (func (export "two") (result i32) i32.const 2))
_WASM = bytes.fromhex(
    "0061736d010000000105016000017f03020100070701037477 6f00000a0601040041020b".replace(" ", "")
)


def add(world: World) -> None:
    """Add a page per kind."""
    for name, construction in (
        ("dedicated", "new Worker('/workers/dedicated.js')"),
        ("shared", "new SharedWorker('/workers/shared.js')"),
        ("module", "new Worker('/workers/module.js', { type: 'module' })"),
    ):
        _from_url(world, name, f"window.helper = {construction};")
    _from_url(world, "service", "navigator.serviceWorker.register('/workers/service.js');")
    _blob(world)
    _inline(world)
    _wasm(world)


def _page(name: str) -> Document:
    url = f"{_HERE}/{name}"
    return Document(url, f"A page with a {name} worker").add(paragraph(url))


def _from_url(world: World, name: str, js: str) -> None:
    url = f"{_HERE}/workers/{name}.js"
    world.script(Script(url, _READ))
    realm = {"shared": "sharedworker", "service": "serviceworker"}.get(name, "worker")
    page = _page(name).add(f"<script>{js}</script>").inline(calls("cookie"))
    world.page(page.plant(_READ, url, location=url, realm=realm))


def _blob(world: World) -> None:
    page = _page("blob").inline(calls("cookie"))
    js = f"new Worker(URL.createObjectURL(new Blob(['{_READ.js}'], {{ type: 'text/javascript' }})))"
    page.add(f"<script>window.helper = {js};</script>")
    world.page(page.plant(_READ, "blob:", location="blob:", realm="worker"))


def _inline(world: World) -> None:
    """Workers without a file: from data: URLs (dedicated and shared), and one that a blob: worker creates."""
    page, url = _page("inline").inline(calls("cookie")), f"data:text/javascript,{_READ.js}"
    page.add(f"""<script>
var nested = new Blob(["new Worker('{url}//nested')"], {{ type: 'text/javascript' }});
window.helpers = [new Worker('{url}'), new SharedWorker('{url}//shared')];
window.helpers.push(new Worker(URL.createObjectURL(nested)));
</script>""")
    for tail, realm in (("", "worker"), ("//shared", "sharedworker"), ("//nested", "worker")):
        page.plant(_READ, url + tail, location=url + tail, realm=realm)
    world.page(page)


def _wasm(world: World) -> None:
    """A module that is compiled from memory, from a response, and from memory in a worker."""
    streamed, page_url = f"{_HERE}/two.wasm", f"{_HERE}/webassembly"
    world.route(streamed, Response(200, _WASM, "application/wasm"))
    compiling = Script(
        f"{_HERE}/workers/compiling.js", Code(f"new WebAssembly.Module(new Uint8Array({[*_WASM]}));")
    )
    world.script(compiling)
    page = Document(page_url, "WebAssembly").inline(NOTHING).inline(calls("userAgent"))
    page.add(f"""<script>
WebAssembly.instantiateStreaming(fetch('/two.wasm')).then(function (made) {{
  window.two = made.instance.exports.two();
}});
WebAssembly.compile(new Uint8Array({[*_WASM]}));
WebAssembly.validate(new Uint8Array([0]));
window.compiling = new Worker('{compiling.url}');
</script>""")
    sha256 = hashlib.sha256(_WASM).hexdigest()
    for made_by, source, script, realm in (
        ("instantiateStreaming", streamed, page_url, "window"),
        ("compile", "", page_url, "window"),
        ("Module", "", compiling.url, "worker"),
    ):
        page.expect(
            "wasm_modules",
            {
                "made_by": f"WebAssembly.{made_by}",
                "source": source,
                "script_url": script,
                "realm": realm,
                "sha256": sha256,
                "size": len(_WASM),
            },
        )
    page.expect(
        "script_edges", {"script_url": compiling.url, "how": "worker", "parent_url": page_url, "n": 1}
    )
    world.page(page)
