"""Frames of every kind, one per page: the call in each must be recorded with its document."""

import base64
from html import escape
from urllib.parse import quote

from overscripted.demo.documents import Document
from overscripted.demo.http_messages import Response
from overscripted.demo.page_style import paragraph
from overscripted.demo.planted import Code, as_dynamic, calls, in_eval
from overscripted.demo.sites.directory import ORIGIN
from overscripted.demo.world import World

_HERE = ORIGIN["labyrinth-of-frames.net"]
_THERE = "https://corner.labyrinth-annex.org"
_READ = calls("userAgent")
_INJECTED = as_dynamic(_READ)  # Firefox marks scripts of document.write as "line N > injectedScript"
_INNER_JS = f"<script>{_READ.js}</script>"


def add(world: World) -> None:
    """Add a page per kind of frame."""
    for make in (_by_url, _elements, _frameset, _nested, _sandboxed, _srcdoc, _empty):
        make(world)
    for make in (_blob, _data, _script_url, _written, _rewritten, _shadow, _popups, _of_another_site):
        make(world)


def _page(name: str, title: str) -> Document:
    url = f"{_HERE}/{name}"
    return Document(url, title).add(paragraph(url, 2))


def _framed(url: str, code: Code = _READ) -> Document:
    return Document(url, "A framed page", seed=False).inline(code)


def _by_url(world: World) -> None:
    world.page(_page("same-origin", "A frame of the same origin").frame(_framed(f"{_HERE}/inner/same")))
    world.page(_page("cross-origin", "A frame of another site").frame(_framed(f"{_THERE}/inner/cross")))
    three = _page("three", "The same frame three times")
    for _ in range(3):
        three.frame(_framed(f"{_THERE}/inner/thrice"))
    world.page(three.inline(calls("cookie")))


def _elements(world: World) -> None:
    for element, attribute in (("object", "data"), ("embed", "src")):
        page, inner = _page(element, f"An {element} element"), _framed(f"{_THERE}/inner/{element}")
        page.adopt(inner, element)
        world.page(page.add(f'<{element} type="text/html" {attribute}="{inner.location}"></{element}>'))


def _frameset(world: World) -> None:
    page = Document(f"{_HERE}/frameset", "A frameset")
    for side in ("left", "right"):
        page.adopt(_framed(f"{_THERE}/inner/{side}"), "frame")
    frames = "".join(f'<frame src="{child.location}">' for child in page.children)
    html = f"<!doctype html><title>Frameset</title><frameset cols='50%,50%'>{frames}</frameset>"
    world.page(page, Response(200, html.encode()))


def _nested(world: World) -> None:
    deepest = _framed(f"{_HERE}/inner/deep", calls("cookie") + in_eval(calls("userAgent")))
    middle = _framed(f"{_THERE}/inner/middle").frame(deepest)
    world.page(_page("nested", "Frames in frames").frame(middle).inline(calls("language")))


def _sandboxed(world: World) -> None:
    inner = _framed(f"{_THERE}/inner/sandboxed")
    world.page(_page("sandboxed", "A sandboxed frame").frame(inner, 'sandbox="allow-scripts"'))
    mute = Document(f"{_THERE}/inner/mute", "No scripts here", seed=False)
    mute.add(_INNER_JS)  # a sandbox without allow-scripts runs no script: no call
    world.page(_page("mute", "A sandbox without scripts").frame(mute, "sandbox").inline(_READ))


def _srcdoc(world: World) -> None:
    for name, sandbox in (("srcdoc", ""), ("srcdoc-sandboxed", ' sandbox="allow-scripts"')):
        page = _page(name, f"A {name} frame")
        page.adopt(Document("about:srcdoc").plant(_READ, "about:srcdoc"), "iframe")
        world.page(page.add(f'<iframe{sandbox} srcdoc="{escape(_INNER_JS)}"></iframe>'))


def _empty(world: World) -> None:
    page = _page("blank", "An about:blank frame read at once")
    page.adopt(Document("about:blank").plant(_READ, page.location), "iframe")
    page.add("""<script>
var frame = document.createElement('iframe');
document.body.appendChild(frame);
frame.contentWindow.navigator.userAgent;
</script>""")
    world.page(page)


def _blob(world: World) -> None:
    page = _page("blob", "A blob: frame")
    page.adopt(Document("blob:").plant(_READ, "blob:"), "iframe")
    page.add(f"""<script>
var blob = new Blob([{_js(_INNER_JS)}], {{ type: 'text/html' }});
var frame = document.createElement('iframe');
frame.src = URL.createObjectURL(blob);
document.body.appendChild(frame);
</script>""")
    world.page(page)


def _data(world: World) -> None:
    page = _page("data", "A data: frame")
    url = "data:text/html;base64," + base64.b64encode(_INNER_JS.encode()).decode()
    page.adopt(Document(url).plant(_READ, url), "iframe")
    world.page(page.add(f'<iframe src="{url}"></iframe>'))


def _script_url(world: World) -> None:
    page = _page("javascript", "A javascript: frame")
    page.adopt(Document("about:blank").plant(_READ, "about:blank"), "iframe")
    html = quote("'" + f"<script>{_READ.js}<\\/script>" + "'", safe="'")
    world.page(page.add(f'<iframe src="javascript:{html}"></iframe>'))


def _written(world: World) -> None:
    page = _page("written", "A frame written by document.write")
    page.adopt(Document(page.location).plant(_INJECTED, page.location), "iframe")
    page.add(f"""<script>
var frame = document.createElement('iframe');
document.body.appendChild(frame);
frame.contentDocument.open();
frame.contentDocument.write({_js(_INNER_JS)});
frame.contentDocument.close();
</script>""")
    world.page(page)


def _rewritten(world: World) -> None:
    """The page replaces its own document after its load."""
    page = _page("rewritten", "A page that rewrites itself").inline(calls("cookie"))
    page.plant(_INJECTED, page.location)
    page.add(f"""<script>
addEventListener('load', function () {{
  setTimeout(function () {{
    document.open();
    document.write({_js("<title>Rewritten</title>" + _INNER_JS)});
    document.close();
  }}, 50);
}});
</script>""")
    world.page(page)


def _shadow(world: World) -> None:
    page, inner = _page("shadow", "A frame in a shadow tree"), _framed(f"{_THERE}/inner/shadow")
    page.adopt(inner, "iframe")
    page.add(f"""<div id="host"></div><script>
var frame = document.createElement('iframe');
frame.src = '{inner.location}';
document.getElementById('host').attachShadow({{ mode: 'closed' }}).appendChild(frame);
</script>""")
    world.page(page)


def _of_another_site(world: World) -> None:
    """Documents without a network address in a frame of another site; they have the rights of that frame."""
    inner = _framed(f"{_THERE}/inner/holder", calls("cookie"))
    for location, script in (("about:blank", inner.location), ("about:srcdoc", "about:srcdoc")):
        inner.adopt(Document(location).plant(_READ, script), "iframe")
    inner.add(f"""<iframe srcdoc="{escape(_INNER_JS)}"></iframe><script>
var frame = document.createElement('iframe');
document.body.appendChild(frame);
frame.contentWindow.navigator.userAgent;
</script>""")
    world.page(_page("theirs", "Frames in a frame of another site").frame(inner))


def _popups(world: World) -> None:
    """Two pop-ups: an empty one, read immediately, and a page of another site. Both are top documents."""
    page = _page("popups", "Pop-ups").inline(calls("cookie"))
    page.plant(_READ, page.location, location="about:blank")
    page.add("<script>var blank = window.open('about:blank'); blank.navigator.userAgent;</script>")
    other = Document(f"{_THERE}/advert", "An advert", seed=False).inline(_READ)
    page.children.append(other)
    page.frames += [("about:blank", "popup"), (other.location, "popup")]
    page.plant(_READ, other.location, location=other.location)
    world.page(page.add(f"<script>window.open('{other.location}');</script>"))


def _js(text: str) -> str:
    return "'" + text.replace("'", "\\'").replace("</", "<\\/") + "'"
