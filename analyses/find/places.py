"""The places where a value may occur: columns of the run's tables."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """Texts of one table that are one place for the reader.

    ``texts``: the columns that are searched. ``host``: the column, a host or a URL, whose host is named with
    an occurrence. ``detail``: the columns that say more. ``instead``: the column that has the text where the
    first one is NULL. ``headers``: the texts are JSON lists of headers, each of which is searched by itself.
    """

    name: str
    table: str
    texts: tuple[str, ...]
    host: str
    detail: tuple[str, ...] = ()
    instead: str = ""
    headers: bool = False


@dataclass(frozen=True)
class ContentPlace:
    """Contents that one table names by their SHA-256; ``url`` is its column of URLs, if it has one.

    Without one, an occurrence has the host of the request that the table's row belongs to. ``content``: the
    table that has the contents.
    """

    name: str
    table: str
    url: str = ""
    key: str = "sha256"
    detail: tuple[str, ...] = ()
    content: str = "contents"


PLACES = (
    Place("url", "requests", ("url",), "host", ("method", "resource_type")),
    Place("request header", "requests", ("request_headers",), "host", headers=True),
    Place("response header", "requests", ("response_headers",), "host", headers=True),
    Place("navigation", "navigations", ("url", "referrer"), "url", ("cause",)),
    Place("cookie", "cookies", ("value", "name"), "host", ("name", "via")),
    Place("stored cookie", "stored_cookies", ("value", "name"), "host", ("name", "moment")),
    Place("storage", "stored_items", ("value", "key", "extra"), "origin", ("kind", "key")),
    Place("websocket", "websocket_messages", ("data", "bytes"), "url", ("direction",)),
    Place("server-sent event", "server_sent_events", ("data",), "url", ("event",)),
    Place("message", "messages", ("data",), "location", ("origin",)),
    Place("call argument", "calls", ("arguments",), "script_host", ("symbol",)),
    Place("call value", "calls", ("value",), "script_host", ("symbol",), instead="value_1000"),
    Place("console", "console", ("message",), "url", ("level",)),
)
CONTENT_PLACES = (
    ContentPlace("request body", "request_bodies", detail=("content_type",)),
    ContentPlace("response body", "response_bodies", detail=("content_type",)),
    ContentPlace("page text", "page_texts", "url", detail=("mime_type",)),
    ContentPlace("saved page", "saved_documents", "url", detail=("mime_type",)),
    ContentPlace("script", "requests", "url", "body_sha256", content="scripts"),
)
# Headers that are places of their own.
HEADER_PLACES = {"referer": "referrer", "location": "location"}
NAMES = (
    *("url", "referrer", "location", "request header", "response header", "navigation", "cookie"),
    *("stored cookie", "storage", "request body", "websocket", "server-sent event", "message"),
    *("call argument", "call value", "console", "response body", "page text", "saved page", "script"),
)
