"""Pages with documents and workers of every kind, the one call that each makes, and whose rights it has.

A page stands for a kind. ``{READ}`` in it makes the call, ``{OTHER}`` is another site's origin.
"""

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.crawl.instrument.page_files import read_cases, read_page

HTML, JS = "text/html; charset=utf-8", "text/javascript"
READ = "navigator.userAgent;"
# A module that calls what it imports: (import "e" "f" (func)) (func (export "run") call 0).
WASM = bytes.fromhex(
    "0061736d0100000001040160000002070101650166000003020100070701 0372756e00010a0601040010000b".replace(
        " ", ""
    )
)


@dataclass(frozen=True)
class Call:
    """One call. ``location`` and ``script`` may be beginnings, ``context`` is whole.

    URLs that begin with ``/`` are of the page's site, with ``other/`` of the other one. ``""`` is the page.
    """

    location: str
    script: str
    context: str = ""
    third: bool = False
    in_iframe: bool = True
    context_in_iframe: bool = False
    realm: str = "window"
    by_browser: bool = False


@dataclass(frozen=True)
class Kind:
    """A page: what it holds, its calls, and other files of the site."""

    name: str
    html: str
    calls: tuple[Call, ...]
    more: dict[str, tuple[str | bytes, str]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


def _script(code: str) -> str:
    return f"<!doctype html><title>x</title><body><script>{code}</script>"


def _frame(attributes: str) -> str:
    return f"<!doctype html><title>x</title><body><iframe {attributes}></iframe>"


_INNER = "<script>{READ}</script>"
_ADD = read_page("add_frame.js")
_HELPERS = {name: f"{code};" for name, code in read_cases("contexts/helpers.js", BYTES=list(WASM)).items()}
_BLOB, _GET = _HELPERS["make a blob"], _HELPERS["get the user agent"]
_AT_ONCE = _script(_ADD + "add({}).contentWindow.{READ}")
_OF_BLOB = _script(_ADD + _BLOB + "add({src:blob('<script>{READ}<'+'/script>','text/html')})")
_WORKS = {"realm": "worker", "in_iframe": False}
_SHARES = {"realm": "sharedworker", "in_iframe": False}

KINDS = [
    Kind("top document", _script("{READ}"), (Call("", "", in_iframe=False),)),
    Kind(
        "frame of the site",
        _frame("src=/own"),
        (Call("/own", "/own", "/own", context_in_iframe=True),),
        {"/own": (_INNER, HTML)},
    ),
    Kind(
        "frame of another site",
        _frame("src={OTHER}/theirs"),
        (Call("other/theirs", "other/theirs", "other/theirs", third=True, context_in_iframe=True),),
        {"/theirs": (_INNER, HTML)},
    ),
    Kind("about:blank read at once", _AT_ONCE, (Call("about:blank", ""),)),
    Kind(
        "about:blank of a page that changed its address",
        _script("history.pushState(0,'','/changed?a#b');" + _ADD + "add({}).contentWindow.{READ}"),
        (Call("about:blank", "", "/changed?a#b"),),
    ),
    Kind(
        "about:blank that is removed at once",
        _script(_ADD + "const f=add({});f.contentWindow.{READ}f.remove()"),
        (Call("about:blank", ""),),
    ),
    Kind(
        "frame reached before its page has come",
        _script(_ADD + "add({src:'/own'}).contentWindow.{READ}"),
        (Call("about:blank", ""), Call("/own", "/own", "/own", context_in_iframe=True)),
    ),
    Kind(
        "document.write into a frame",
        _script(
            _ADD + "const d=add({}).contentDocument;d.open();d.write('<script>{READ}<'+'/script>');d.close()"
        ),
        (Call("", "", context_in_iframe=True),),
    ),
    Kind("srcdoc", _frame(f'srcdoc="{_INNER}"'), (Call("about:srcdoc", "about:srcdoc"),)),
    Kind(
        "srcdoc, sandboxed",
        _frame(f'sandbox=allow-scripts srcdoc="{_INNER}"'),
        (Call("about:srcdoc", "about:srcdoc"),),
    ),
    Kind(
        "srcdoc in a srcdoc",
        _frame(f"srcdoc=\"<iframe srcdoc='{_INNER}'></iframe>\""),
        (Call("about:srcdoc", "about:srcdoc"),),
    ),
    Kind(
        "data: frame", _frame(f'src="data:text/html,{_INNER}"'), (Call("data:text/html,", "data:text/html,"),)
    ),
    Kind("blob: frame", _OF_BLOB, (Call("blob:/", "blob:/"),)),
    Kind(
        "javascript: frame", _frame(f"src='javascript:\"{_INNER}\"'"), (Call("about:blank", "about:blank"),)
    ),
    Kind(
        "pop-up before its page",
        _script("const w=open();w.{READ}"),
        (Call("about:blank", "", in_iframe=False),),
    ),
    Kind(
        "pop-up of about:blank that a frame of another site opens",
        _frame("src={OTHER}/opens"),
        (Call("about:blank", "other/opens", "other/opens", in_iframe=False, context_in_iframe=True),),
        {"/opens": (_script("const w=open();w.{READ}"), HTML)},
    ),
    Kind(
        "about:blank in a frame of another site",
        _frame("src={OTHER}/blank"),
        (Call("about:blank", "other/blank", "other/blank", third=True, context_in_iframe=True),),
        {"/blank": (_AT_ONCE, HTML)},
    ),
    Kind(
        "srcdoc in a frame of another site",
        _frame("src={OTHER}/srcdoc"),
        (Call("about:srcdoc", "about:srcdoc", "other/srcdoc", third=True, context_in_iframe=True),),
        {"/srcdoc": (_frame(f'srcdoc="{_INNER}"'), HTML)},
    ),
    Kind(
        "blob: that another site made, in its frame",
        _frame("src={OTHER}/blob"),
        (Call("blob:other/", "blob:other/", "other/blob", third=True, context_in_iframe=True),),
        {"/blob": (_OF_BLOB, HTML)},
    ),
    Kind(
        "data: in a frame of another site, sandboxed",
        _frame("sandbox=allow-scripts src={OTHER}/data"),
        (Call("data:text/html,", "data:text/html,", "other/data", third=True, context_in_iframe=True),),
        {"/data": (_frame(f'src="data:text/html,{_INNER}"'), HTML)},
    ),
    Kind(
        "worker from an address",
        _script("new Worker('/w.js')"),
        (Call("/w.js", "/w.js", "/w.js", **_WORKS),),
        {"/w.js": ("{READ}", JS)},
    ),
    Kind(
        "worker from blob:",
        _script(_BLOB + "new Worker(blob('{READ}'))"),
        (Call("blob:/", "blob:/", **_WORKS),),
    ),
    Kind(
        "worker from data:",
        _script("new Worker('data:text/javascript,{READ}')"),
        (Call("data:text/javascript,", "data:text/javascript,", **_WORKS),),
    ),
    Kind(
        "worker of a worker from blob:",
        _script(_BLOB + "new Worker(blob('{READ}new Worker(`data:text/javascript,{READ}`)'))"),
        (
            Call("blob:/", "blob:/", **_WORKS),
            Call("data:text/javascript,", "data:text/javascript,", **_WORKS),
        ),
    ),
    Kind(
        "worker of a worker from an address that was redirected",
        _script("new Worker('/r.js')"),
        (Call("/n.js", "/n.js", "/n.js", **_WORKS), Call("data:", "data:", "/n.js", **_WORKS)),
        {"/r.js": ("/n.js", ""), "/n.js": ("{READ}new Worker(`data:text/javascript,{READ}`)", JS)},
    ),
    Kind(
        "worker from blob: in a sandboxed frame",
        _frame(f'sandbox=allow-scripts srcdoc="<script>{_BLOB}new Worker(blob(`{{READ}}`))</script>"'),
        (Call("blob:null/", "blob:null/", realm="worker"),),
    ),
    Kind(
        "worker from blob: in a frame of another site",
        _frame("src={OTHER}/worker"),
        (
            Call(
                "blob:other/",
                "blob:other/",
                "other/worker",
                third=True,
                context_in_iframe=True,
                realm="worker",
            ),
        ),
        {"/worker": (_script(_BLOB + "new Worker(blob('{READ}'))"), HTML)},
    ),
    Kind(
        "shared worker from an address",
        _script("new SharedWorker('/s.js')"),
        (Call("/s.js", "/s.js", "/s.js", **_SHARES),),
        {"/s.js": ("{READ}", JS)},
    ),
    Kind(
        "shared worker from data:",
        _script("new SharedWorker('data:text/javascript,{READ}')"),
        (Call("data:text/javascript,", "data:text/javascript,", **_SHARES),),
    ),
    Kind(
        "shared worker from blob: in a frame of another site",
        _frame("src={OTHER}/shares"),
        (Call("blob:other/", "blob:other/", "other/", third=True, **_SHARES),),
        {"/shares": (_script(_BLOB + "new SharedWorker(blob('{READ}'))"), HTML)},
    ),
    Kind(
        "native that the browser's own code calls",
        _script(_GET + "Promise.resolve().then(get)"),
        (Call("", "", in_iframe=False, by_browser=True),),
    ),
    Kind(
        "native that the browser's own code calls, in a srcdoc of another site",
        _frame("src={OTHER}/gives"),
        (
            Call(
                "about:srcdoc",
                "other/gives",
                "other/gives",
                third=True,
                context_in_iframe=True,
                by_browser=True,
            ),
        ),
        {"/gives": (_frame(f'srcdoc="<script>{_GET}Promise.resolve().then(get)</script>"'), HTML)},
    ),
    Kind(
        "WebAssembly that calls a native",
        _script(_GET + _HELPERS["run in a module"]),
        (Call("", "", in_iframe=False),),
    ),
    Kind(
        "WebAssembly from a file",
        _script(_GET + _HELPERS["run in a module from a file"]),
        (Call("", "/m.wasm", in_iframe=False),),
        {"/m.wasm": (WASM, "application/wasm")},
    ),
]


class Web:
    """Serves the kinds on two sites of this machine, ``base`` and ``other``."""

    def __enter__(self) -> "Web":
        server = self._server = ThreadingHTTPServer(("0.0.0.0", 0), _handler(self))
        port = server.server_address[1]
        self.base, self.other = f"http://127.0.0.1:{port}", f"http://localhost:{port}"
        self.files = {f"/kind/{n}": (kind.html, HTML) for n, kind in enumerate(KINDS)}
        for kind in KINDS:
            self.files |= kind.more
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def seed(self, kind: Kind) -> str:
        """The page of a kind."""
        return f"{self.base}/kind/{KINDS.index(kind)}"

    def url(self, short: str, kind: Kind) -> str:
        """A URL, or its beginning, as `Call` writes it."""
        scheme = "blob:" if short.startswith("blob:") and short != "blob:null/" else ""
        rest = short.removeprefix(scheme)
        if rest.startswith("/"):
            return scheme + self.base + rest
        if rest.startswith("other/"):
            return scheme + self.other + rest.removeprefix("other")
        return short or self.seed(kind)


def _handler(web: Web) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body, kind = web.files.get(self.path, ("", ""))
            if not kind:
                self.send_response(302 if body else 404)
                self.send_header("Location", str(body))
                self.end_headers()
                return
            text = (
                body.replace("{READ}", READ).replace("{OTHER}", web.other) if isinstance(body, str) else body
            )
            data = text.encode() if isinstance(text, str) else text
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
