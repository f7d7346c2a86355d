"""Names of VisibleV8, a class and a member, as the symbols of our calls.

VisibleV8 names the class of the object that a script used: ``HTMLDivElement.appendChild``. Our instrument
names the class that has the member: ``Node.appendChild``. A name that is not listed here is kept: the class,
a point, and the member.
"""

import re

# Classes of which a document has one object, by the name that OpenWPM gave it.
_SINGLE = {
    "Window": "window",
    "global": "window",  # of V8's own shell
    "Navigator": "window.navigator",
    "Screen": "window.screen",
    "Storage": "window.Storage",
}
_DOCUMENT = re.compile(r"(HTML|XML)?Document")
_OF_DOCUMENT = {"cookie", "referrer", "fonts", "visibilityState", "hasFocus", "lastModified"}
_ELEMENT = re.compile(r"Element|(?:HTML|SVG|MathML)\w*Element")
_NODE = re.compile(r"Text|Comment|CDATASection|DocumentFragment|ShadowRoot|DocumentType")
_CANVAS = "HTMLCanvasElement"
# Members that elements and nodes inherit, by the class that has them.
_OF_ELEMENT = {
    "Element": {
        "setAttribute",
        "append",
        "prepend",
        "before",
        "after",
        "replaceWith",
        "getBoundingClientRect",
        "getClientRects",
        "clientWidth",
        "clientHeight",
        "scrollWidth",
        "scrollHeight",
    },
    "HTMLElement": {"offsetWidth", "offsetHeight"},
    "SVGGraphicsElement": {"getBBox"},
    "SVGTextContentElement": {"getComputedTextLength", "getSubStringLength", "getExtentOfChar"},
    "HTMLMediaElement": {"canPlayType"},
}
_OF_NODE = {"appendChild", "insertBefore", "replaceChild"}
_LISTEN = "addEventListener"
_CODE = {"eval": "window.eval", "Function": "window.Function"}
# Functions that make code from text and have no name in the page's window.
_MAKERS = {"AsyncFunction", "GeneratorFunction", "AsyncGeneratorFunction"}


def symbol(owner: str, member: str) -> str:
    """The symbol of a member of an object of a class."""
    if member in _CODE and owner in ("Window", "global"):
        return _CODE[member]
    if member == _LISTEN:
        return f"{owner if owner == _CANVAS else 'EventTarget'}.{member}"
    return f"{_owner(owner, member)}.{member}"


def construction(name: str) -> str:
    """The symbol of a construction, ``new Name()``: the member of the window that has the constructor."""
    return name if name in _MAKERS else f"window.{name}"


def _owner(owner: str, member: str) -> str:
    if owner in _SINGLE:
        return _SINGLE[owner]
    document, element = _DOCUMENT.fullmatch(owner), _ELEMENT.fullmatch(owner)
    if member in _OF_NODE and (document or element or _NODE.fullmatch(owner)):
        return "Node"
    if document:
        return "window.document" if member in _OF_DOCUMENT else "Document"
    if element:
        return next((name for name, members in _OF_ELEMENT.items() if member in members), owner)
    return owner
