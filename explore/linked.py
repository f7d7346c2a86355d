"""Which page a value links to: by its column, and the other values of its row."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from overscripted.explore.views import View


class Target(NamedTuple):
    """A page: its path below the run, and the parameters of its address."""

    path: str
    keys: tuple[tuple[str, str], ...]


_DOMAINS = {
    "domain",
    "site",
    "location_domain",
    "script_domain",
    "site_domain",
    "final_domain",
    "context_domain",
}
_HOSTS = {"host", "location_host", "script_host", "context_host"}
_SCRIPTS = {"script_url", "parent_url", "script"}
_DOCUMENTS = {
    *("location", "top_level_url", "context_url", "document_url", "final_url", "site_url", "page", "seed"),
}
_VISITS = {"visit_id", "parent_visit_id"}
_OWNERS = {"owner", "entity", "holder_owner", "receiver_owner"}
# Tables whose `sha256` is a script's, whose `url` is a document's, and whose `name` is a cookie's.
_OF_BODIES = {"scripts", "finding_similar_bodies", "finding_similar_members"}
_OF_DOCUMENTS = {"frames", "navigations", "page_texts", "saved_documents"}
_OF_COOKIES = {"cookies", "stored_cookies", "cookie_names"}


def target(view: View, column: str, row: Mapping[str, Any]) -> Target | None:
    """The page that the value of a column in a row belongs to; None for values that have none."""
    value = row.get(column)
    if value is None or value == "":
        return None
    if column in _VISITS and row.get("crawl_id") is not None:
        return _page("visit", crawl=row["crawl_id"], id=value)
    if column in _DOMAINS:
        return _page("site", domain=value)
    if column in _HOSTS:
        return _page("host", name=str(value).removeprefix("."))
    if column in _SCRIPTS and _is_url(value):
        return _page("script", url=value)
    if column in _DOCUMENTS and _is_url(value):
        return _page("document", url=value)
    if column == "symbol":
        return _page("symbol", name=value)
    if column in _OWNERS:
        return _page("entity", name=value)
    if column == "body_sha256" or (column == "sha256" and view.name in _OF_BODIES):
        return _page("script", sha256=value)
    return _of_table(view, column, value, row)


def _is_url(value: Any) -> bool:
    return str(value).partition(":")[0] in ("http", "https", "blob", "data", "about")


def _of_table(view: View, column: str, value: Any, row: Mapping[str, Any]) -> Target | None:
    """The page of a value whose meaning depends on the table."""
    if view.name in _OF_COOKIES and column == "name":
        return _page("cookie", name=value, host=row.get("host") or "")
    if view.name in ("stored_items", "storage_keys") and column == "key":
        return _page("item", key=value, origin=row.get("origin") or "", kind=row.get("kind") or "")
    if view.name in _OF_DOCUMENTS and column == "url":
        return _page("document", url=value)
    asked = column == "request_id" or (view.name == "requests" and column == "url")
    if asked and row.get("request_id") and row.get("visit_id") is not None:
        return _page("request", crawl=row.get("crawl_id"), visit=row["visit_id"], id=row["request_id"])
    return None


def _page(path: str, **keys: Any) -> Target:
    return Target(path, tuple((name, str(value)) for name, value in keys.items() if value is not None))
