"""Pages that send something: text, bytes, by redirects that send it again and that do not."""

from hashlib import sha256

from overscripted.demo.documents import Document
from overscripted.demo.http_messages import Response
from overscripted.demo.page_style import paragraph
from overscripted.demo.planted import calls
from overscripted.demo.sites.directory import ORIGIN
from overscripted.demo.world import World

_JOBS = ORIGIN["hirewell-jobs.com"]
_COLLECTOR = "https://collect.adfern-network.com/sent"
_TEXT = "text/plain;charset=UTF-8"
# A body over the cap of 1 MiB, of which the beginning is kept.
_LARGE, _KEPT = 1_500_000, 2**20

_SEND = f"""navigator.sendBeacon('{_COLLECTOR}', new Uint8Array([0, 255, 7]));
fetch('/apply/draft', {{method: 'PUT', body: '{{"name": "Zo\\u00eb"}}'}});
fetch('/apply/moved', {{method: 'POST', body: 'sent twice'}});
fetch('/apply/seen', {{method: 'POST', body: 'sent once'}});
fetch('/apply/photo', {{method: 'POST', body: new Blob(['x'.repeat({_LARGE})], {{type: 'image/png'}})}});
fetch('/apply/nothing', {{method: 'POST'}});"""


def add(world: World) -> None:
    """Add a page that sends, and one that only asks."""
    for path in ("draft", "photo", "nothing", "arrived"):
        world.route(f"{_JOBS}/apply/{path}", Response(200, b"thank you", "text/plain"))
    world.route(f"{_JOBS}/apply/moved", Response(307, headers={"Location": "/apply/arrived"}))
    world.route(f"{_JOBS}/apply/seen", Response(303, headers={"Location": "/apply/arrived"}))
    world.route(_COLLECTOR, Response(204))
    page = Document(f"{_JOBS}/apply-now", "Apply now").add(paragraph("apply now")).inline(calls("language"))
    page.add(f"<script>{_SEND}</script>").expect(
        "request_bodies",
        _row(b"\0\xff\7", ""),
        _row('{"name": "Zoë"}'.encode(), _TEXT),
        _row(b"sent twice", _TEXT),
        _row(b"sent twice", _TEXT, hop=1),
        _row(b"sent once", _TEXT),
        _row(b"x" * _KEPT, "image/png", size=_LARGE),
    )
    world.page(page)
    asks = Document(f"{_JOBS}/openings", "Openings").add(paragraph("openings")).inline(calls("platform"))
    world.page(asks.add("<script>fetch('/apply/draft?all=1');</script>").expect("request_bodies"))


def _row(body: bytes, kind: str, hop: int = 0, size: int | None = None) -> dict[str, object]:
    return {
        "hop": hop,
        "content_type": kind,
        "size": len(body) if size is None else size,
        "n_kept": len(body),
        "sha256": sha256(body).hexdigest(),
    }
