"""Which requests of an archive went to the document of a page, in archives that do not name their pages."""

from collections.abc import Mapping

from overscripted import mime, urls

_DOCUMENTS = {"text/html", "application/xhtml+xml"}
_BROWSER = "mozilla/"  # with which the User-Agent of every browser begins
_ANYTHING = "*/*"


def is_navigation(
    url: str, method: str, request: Mapping[str, str], status: int | None, content_type: str
) -> bool:
    """Whether a request, by its headers with lower-case names, went to the document of a page.

    Browsers say so since 2020 in Sec-Fetch-Dest. Else it `may_navigate` and was answered with HTML or a
    redirect.
    """
    if not urls.on_network(url):
        return False
    if destination := request.get("sec-fetch-dest"):
        return destination.strip().lower() == "document"
    if not may_navigate(url, method, request):
        return False
    if status is not None and 300 <= status < 400:
        return bool(request.get("accept"))  # else nothing says that it was for a document
    return status == 200 and mime.extract(content_type).essence in _DOCUMENTS


def may_navigate(url: str, method: str, request: Mapping[str, str]) -> bool:
    """Whether a request without Sec-Fetch-Dest may have been for the document of a page.

    It is a GET for HTML that has no Referer, or one of the same host: frames usually show another one. The
    Referer may be a recorder's own address of the page (conifer.rhizome.org/…/https://example.org/). A
    program that is no browser, such as wget, says that it takes anything, for documents, too.
    """
    if method not in ("", "GET"):
        return False
    accepted = request.get("accept", "").strip().lower()
    if not accepted.startswith(("text/html", "application/xhtml+xml")):
        program = not request.get("user-agent", "").lower().startswith(_BROWSER)
        if accepted and not (program and accepted == _ANYTHING):
            return False
    referrer = request.get("referer", "")
    recorded = url.partition(":")[2]  # http may have led to https
    return not referrer or urls.host(referrer) == urls.host(url) or referrer.endswith(recorded)
