"""Pages that store: in every place that Firefox has for them, in a frame of another site, and nowhere."""

from typing import Any

from overscripted.demo.documents import Document
from overscripted.demo.http_messages import Response
from overscripted.demo.page_style import paragraph
from overscripted.demo.planted import ApiCalls, Code, calls, stored
from overscripted.demo.sites.directory import ORIGIN
from overscripted.demo.world import World

_SHELF = ORIGIN["maplecrate-music.ca"]
_SITE = "https://maplecrate-music.ca"
_BOOTH = "https://booth.thistle-listening.net"  # its frames are in a partition of the page around them

_COLUMNS = ("origin", "partition", "kind", "container", "store", "key", "value", "value_len", "extra")
_COOKIE = {"name": "visit", "value": "1", "path": "/", "expiry": None, "is_secure": False, "size": 6}

# Two stores, one of them empty; a cache; a service worker.
_KEEP = Code(
    """var opening = indexedDB.open('records', 2);
opening.onupgradeneeded = function () {
  opening.result.createObjectStore('played').put({ title: 'R\\u00eaverie', at: [1, 2.5] }, 'last');
  opening.result.createObjectStore('wanted');
};
caches.open('covers').then(function (cache) { return cache.put('/cover', new Response('a picture')); });
navigator.serviceWorker.register('/player/worker.js');"""
)
_LOOK = Code(
    "localStorage.getItem('shelf');",
    (ApiCalls("window.localStorage", "get"), ApiCalls("window.Storage.getItem", "call")),
)


def add(world: World) -> None:
    """Add a page that stores everywhere, one whose frame stores, and one that only looks."""
    _stores(world)
    _frame_stores(world)
    _looks(world)


def _items(*rows: tuple[Any, ...]) -> list[dict[str, Any]]:
    return [dict(zip(_COLUMNS, row, strict=True)) for row in rows]


def _stores(world: World) -> None:
    worker = f"{_SHELF}/player/worker.js"
    world.route(worker, Response(200, b"// does nothing\n", "text/javascript"))
    page = Document(f"{_SHELF}/player/", "The player").add(paragraph("player"))
    page.inline(
        calls("set cookie") + stored("localStorage", "shelf") + stored("sessionStorage", "now") + _KEEP
    )
    here = (_SHELF, "")
    rows = _items(
        (*here, "local_storage", "", None, "shelf", "1", 1, None),
        (*here, "session_storage", "", None, "now", "1", 1, None),
        (*here, "indexed_db", "records", "played", "last", '{"title":"Rêverie","at":[1,2.5]}', None, "2"),
        (*here, "indexed_db", "records", "wanted", None, None, None, "2"),
        (*here, "cache", "covers", None, None, None, None, None),
        (*here, "service_worker", f"{_SHELF}/player/", None, None, None, None, worker),
    )
    page.expect("stored_items", *rows)
    host = _SHELF.removeprefix("https://")
    world.page(page.expect("stored_cookies", {"host": host, "first_party_domain": "", **_COOKIE}))


def _frame_stores(world: World) -> None:
    frame = Document(f"{_BOOTH}/listen", "Listen", seed=False)
    frame.inline(calls("set cookie") + stored("localStorage", "booth") + stored("sessionStorage", "booth"))
    page = Document(f"{_SHELF}/booth", "The listening booth").add(paragraph("booth")).frame(frame)
    there = (_BOOTH, _SITE)
    rows = _items(
        (*there, "local_storage", "", None, "booth", "1", 1, None),
        (*there, "session_storage", "", None, "booth", "1", 1, None),
    )
    page.expect("stored_items", *rows)
    host = _BOOTH.removeprefix("https://")
    world.page(page.expect("stored_cookies", {"host": host, "first_party_domain": _SITE, **_COOKIE}))


def _looks(world: World) -> None:
    page = Document(f"{_SHELF}/window-shopping", "Only looking").inline(calls("cookie") + _LOOK)
    world.page(page.expect("stored_items").expect("stored_cookies"))
