"""How the demo's pages look: a small style sheet, and readable text."""

import hashlib
from html import escape
from urllib.parse import urlsplit

_STYLE = """
body{font:16px/1.55 Georgia,serif;max-width:46rem;margin:0 auto;padding:1.2rem;color:#222;background:#fdfcf9}
header{border-bottom:3px solid var(--ink);margin-bottom:1rem}header b{color:var(--ink);font-size:1.3rem}
h1{line-height:1.2}a{color:var(--ink)}iframe{border:1px dashed #bbb;width:100%;height:170px}
ul{padding-left:1.2rem}footer{margin-top:2rem;color:#777;font-size:.85rem}
"""

_SENTENCES = (
    "The ferry left on time, which surprised nobody more than its captain.",
    "Prices at the harbour market rose for the third week running.",
    "A spokeswoman said the bridge would open again before the apples ripen.",
    "The committee praised the lanterns and postponed everything else.",
    "Rain is expected in the valley, sunshine wherever you are not.",
    "Readers may recall that the old mill was sold twice in one afternoon.",
    "The recipe wants patience, butter, and a radio playing quietly.",
    "Engineers measured the hum and found it to be in tune.",
    "Nobody was hurt, though several hats were lost to the wind.",
    "The new timetable is printed on blue paper for reasons of tradition.",
    "Our tester carried the tent up three hills and down only one.",
    "Votes were counted twice and came out the same, to general relief.",
)


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")


def paragraph(seed: str, sentences: int = 3) -> str:
    """A paragraph of text, always the same for the same seed."""
    start = _number(seed)
    return "<p>" + " ".join(_SENTENCES[(start + 5 * i) % len(_SENTENCES)] for i in range(sentences)) + "</p>"


def decorate(title: str, lang: str, location: str, body: str, head: str = "") -> str:
    """An HTML page with this body. ``head`` is markup for its head."""
    host = urlsplit(location).hostname or "a frame of the demo web"
    ink = f"hsl({_number(host) % 360} 55% 32%)"
    return (
        f'<!doctype html>\n<html lang="{lang}"><head><meta charset="utf-8">{head}'
        f"<title>{escape(title)}</title><style>:root{{--ink:{ink}}}{_STYLE}</style></head>\n<body>"
        f"<header><b>{escape(host)}</b></header>\n<h1>{escape(title)}</h1>\n{body}\n"
        "<footer>A page of the Overscripted demo web. All names are invented; scripts act as the real "
        "ones do, and nothing leaves this machine.</footer></body></html>\n"
    )
