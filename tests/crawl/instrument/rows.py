"""The coverage rows: a page each, and how often its code reads `navigator.oscpu` in which document.

Workers, which have no `oscpu`, read `navigator.platform`.

``{READ}`` in a page stands for one read; ``expected`` counts them by the document's location ("" is the
page itself, "/…" a path of the same origin, "other/…" of another, else the URL's beginning).
"""

from dataclasses import dataclass, field

from tests.crawl.instrument.page_files import read_page

HTML = "text/html; charset=utf-8"
JS = "text/javascript"


@dataclass(frozen=True)
class Row:
    """A kind of realm. ``until`` is true in the top document when the page is done."""

    name: str
    html: str
    expected: dict[str, int]
    until: str = "true"
    kind: str = HTML
    headers: dict[str, str] = field(default_factory=dict)
    more: dict[str, tuple[str, str]] = field(default_factory=dict)  # path -> body, content type
    gaps: dict[str, int] = field(default_factory=dict)
    read: str = "oscpu"  # of navigator
    told: dict[str, int] | None = None  # where Firefox tells of as many evals, if elsewhere


_FRAME = {"/frame.html": ("<script>{READ}</script>", HTML)}
_IN = "const add=(html)=>{const t=document.createElement('div');document.body.append(t);t.innerHTML=html};"


def _worker(name: str, code: str, expected: dict[str, int], more: dict[str, str] | None = None) -> "Row":
    """A row whose reads are made in workers; ``window.D`` when they are."""
    files = {"/w.js": "{READ}postMessage(1)", **(more or {})}
    kinds = {path: (body, HTML if path.endswith("html") else JS) for path, body in files.items()}
    return Row(name, _script(code), expected, "window.D", more=kinds, read="platform")


def _script(code: str, before: str = "") -> str:
    return f"<!doctype html><title>t</title><body>{before}<script>{code}</script>"


ROWS = [
    Row("top document", _script("{READ}"), {"": 1}),
    Row(
        "external, deferred, async and module scripts",
        read_page("rows/script_elements.html"),
        {"": 4},
        "window.M",
        more={"/a.js": ("{READ}", JS)},
    ),
    Row(
        "eval, indirect eval, Function, string timer, import() of data: and blob:",
        _script(read_page("rows/made_from_text.js")),
        {"": 6},
        "window.D",
    ),
    Row(
        "inline handlers and javascript: URLs",
        _script(
            "const b=document.createElement('b');b.setAttribute('onclick','{READ}');b.click();"
            "location.href='javascript:void({JS}window.D=1)'".replace("{JS}", "navigator.oscpu,")
        ),
        {"": 2},
        "window.D",
    ),
    Row(
        "same-origin iframe",
        "<!doctype html><body><iframe src=/frame.html></iframe>",
        {"/frame.html": 1},
        more=_FRAME,
    ),
    Row(
        "cross-origin iframe",
        "<!doctype html><body><iframe src={OTHER}/frame.html></iframe>",
        {"other/frame.html": 1},
        more=_FRAME,
    ),
    Row(
        "nested iframes of other origins",
        "<!doctype html><body><iframe src={OTHER}/mid.html></iframe>",
        {"other/mid.html": 1, "/frame.html": 1},
        more={
            "/mid.html": ("<script>{READ}</script><iframe src={BASE}/frame.html></iframe>", HTML),
            **_FRAME,
        },
    ),
    Row(
        "about:blank iframe, read at once",
        _script("const f=document.createElement('iframe');document.body.append(f);f.contentWindow.{READ}"),
        {"about:blank": 1},
    ),
    Row(
        "about:blank iframe by innerHTML",
        _script(_IN + "add('<iframe></iframe>');window[0].{READ}"),
        {"about:blank": 1},
    ),
    Row(
        "iframe reached before its page has come",
        _script(read_page("rows/early_iframe.js")),
        {"about:blank": 2, "/frame.html": 1},
        "window.D",
        more=_FRAME,
        told={"": 2, "/frame.html": 1},
    ),
    Row(
        "parsed iframe reached by index before its page has come",
        _script("window[0].{READ}", "<iframe src=/slow.html></iframe>"),
        {"about:blank": 1},
        more={"/slow.html": ("<p>x", HTML)},
        told={"": 1},
    ),
    Row(
        "getter taken from an iframe, used on the parent",
        _script(read_page("rows/iframe_getter.js")),
        {"about:blank": 1, "/frame.html": 1},
        "window.D",
        more=_FRAME,
    ),
    Row(
        "srcdoc iframe",
        "<!doctype html><body><iframe srcdoc='<script>{READ}</script>'></iframe>",
        {"about:srcdoc": 1},
    ),
    Row(
        "sandboxed srcdoc iframe",
        "<!doctype html><body><iframe sandbox=allow-scripts srcdoc='<script>{READ}</script>'></iframe>",
        {"about:srcdoc": 1},
    ),
    Row(
        "sandboxed iframe",
        "<!doctype html><body><iframe sandbox=allow-scripts src=/frame.html></iframe>",
        {"/frame.html": 1},
        more=_FRAME,
    ),
    Row("blob: iframe", _script(read_page("rows/blob_iframe.js")), {"blob:": 1}, "window.D"),
    Row(
        "data: iframe",
        "<!doctype html><body><iframe src='data:text/html,<script>{READ}</script>'></iframe>",
        {"data:": 1},
    ),
    Row(
        "javascript: URL iframe",
        "<!doctype html><body><iframe src='javascript:\"<script>navigator.oscpu</script>\"'></iframe>",
        {"about:blank": 1},
    ),
    Row(
        "object",
        "<!doctype html><body><object data=/frame.html type=text/html></object>",
        {"/frame.html": 1},
        more=_FRAME,
    ),
    Row(
        "embed",
        "<!doctype html><body><embed src=/frame.html type=text/html>",
        {"/frame.html": 1},
        more=_FRAME,
    ),
    Row(
        "frameset",
        "<!doctype html><frameset><frame src=/frame.html></frameset>",
        {"/frame.html": 1},
        more=_FRAME,
    ),
    Row(
        "iframe in a closed shadow tree",
        _script(read_page("rows/closed_shadow.js")),
        {"about:blank": 1, "/frame.html": 1},
        "window.D",
        more=_FRAME,
        told={"": 1, "/frame.html": 1},
    ),
    Row("pop-up of about:blank", _script("const w=open();w.{READ}"), {"about:blank": 1}),
    Row(
        "pop-up reached before its page has come",
        _script("const w=open('/pop.html');w.{READ}"),
        {"about:blank": 1, "/pop.html": 1},
        "window.D",
        more={"/pop.html": ("<script>{READ}onload=()=>opener.D=1</script>", HTML)},
        told={"": 1, "/pop.html": 1},
    ),
    Row(
        "XHTML document",
        "<html xmlns='http://www.w3.org/1999/xhtml'><head><title>t</title></head><body>"
        "<script>{READ}</script></body></html>",
        {"": 1},
        kind="application/xhtml+xml",
    ),
    Row(
        "SVG document",
        "<svg xmlns='http://www.w3.org/2000/svg'><script>{READ}</script></svg>",
        {"": 1},
        kind="image/svg+xml",
    ),
    Row("document.open on the page itself", _script(read_page("rows/document_open.js")), {"": 1}, "window.D"),
    Row("document.write into an iframe", _script(read_page("rows/document_write.js")), {"": 1}),
    Row(
        "strict Content-Security-Policy",
        "<!doctype html><body><script nonce=n>{READ}</script>",
        {"": 1},
        headers={"Content-Security-Policy": "default-src 'none'; script-src 'nonce-n'"},
    ),
    Row(
        "Content-Security-Policy sandbox",
        _script("{READ}"),
        {"": 1},
        headers={"Content-Security-Policy": "sandbox allow-scripts"},
    ),
    Row(
        "trusted types",
        _script("{READ}"),
        {"": 1},
        told={},  # no code is made
        headers={"Content-Security-Policy": "require-trusted-types-for 'script'"},
    ),
    Row(
        "a page that a script navigates to",
        _script("location.replace('/next.html')"),
        {"/next.html": 1},
        "location.pathname=='/next.html'&&document.readyState=='complete'",
        more={"/next.html": ("<!doctype html><script>{READ}</script>", HTML)},
    ),
    Row(
        "calls while the page is left",
        _script(read_page("rows/left_page.js")),
        {"": 2},
        "location.pathname=='/next.html'&&document.readyState=='complete'",
        more={"/next.html": ("<!doctype html><p>x", HTML)},
    ),
    Row(
        "a page restored from history",
        _script(read_page("rows/restored_page.js")),
        {"": 1},
        "window.D",
        more={
            "/back.html": (
                "<!doctype html><script>onload=()=>setTimeout(()=>history.back(),20)</script>",
                HTML,
            )
        },
    ),
    _worker("dedicated worker", "w=new Worker('/w.js');w.onmessage=()=>window.D=1", {"/w.js": 1}),
    _worker(
        "module worker, with an import",
        "w=new Worker('/m.js',{type:'module'});w.onmessage=()=>window.D=1",
        {"/m.js": 2},
        {"/m.js": "import '/i.js';{READ}postMessage(1)", "/i.js": "{READ}"},
    ),
    _worker(
        "worker from blob:",
        "w=new Worker(URL.createObjectURL(new Blob(['{READ}postMessage(1)'])));w.onmessage=()=>window.D=1",
        {"blob:": 1},
    ),
    _worker(
        "worker from data:",
        "w=new Worker('data:text/javascript,{READ}postMessage(1)');w.onmessage=()=>window.D=1",
        {"data:": 1},
    ),
    _worker(
        "nested workers",
        "w=new Worker('/n.js');w.onmessage=()=>window.D=1",
        {"/n.js": 1, "blob:": 1, "data:": 1},
        {"/n.js": read_page("rows/nested_worker.js")},
    ),
    _worker(
        "importScripts, eval, Function, string timer in a worker",
        "w=new Worker('/e.js');w.onmessage=()=>window.D=1",
        {"/e.js": 5},
        {"/e.js": read_page("rows/worker_made_from_text.js"), "/i.js": "{READ}"},
    ),
    _worker(
        "shared worker",
        "const w=new SharedWorker('/s.js');w.port.onmessage=()=>window.D=1",
        {"/s.js": 2},
        {"/s.js": "{READ}onconnect=e=>{{READ}e.ports[0].postMessage(1)}"},
    ),
    _worker(
        "shared worker from data:",
        "const w=new SharedWorker('data:text/javascript,{READ}"
        "onconnect=e=>e.ports[0].postMessage(1)');w.port.onmessage=()=>window.D=1",
        {"data:": 1},
    ),
    _worker(
        "service worker",
        read_page("rows/service_worker.js"),
        {"/sw.js": 2},
        {"/sw.js": "{READ}onactivate=()=>{{READ}}"},
    ),
    _worker(
        "worker of an iframe of another origin",
        read_page("rows/foreign_worker.js"),
        {"other/w.js": 1},
        {
            "/wf.html": "<script>new Worker('/w.js').onmessage=()=>parent.postMessage(1,'*')</script>",
        },
    ),
    _worker(
        "worker terminated at its first word",
        "const w=new Worker('/w.js');w.onmessage=()=>{w.terminate();window.D=1}",
        {"/w.js": 1},
    ),
    _worker(
        "worker that closes itself, and one that never ends its first task",
        read_page("rows/worker_ends.js"),
        {"/c.js": 1, "/l.js": 2},
        {"/c.js": "{READ}postMessage(1);close()", "/l.js": "{READ}postMessage(1);{READ}for(;;);"},
    ),
    Row(
        "worklet",
        _script("new OfflineAudioContext(1,1,44100).audioWorklet.addModule('/w.js').catch(()=>1)"),
        {},
        more={"/w.js": ("1", JS)},
        gaps={"worklet": 1},
    ),
]
