"""What a request was for: Firefox's words (column ``resource_type``) for the words of other tools."""

from overscripted.foreign.values import text

# Chromium's words, in DevTools' HAR, Playwright's HAR and the DevTools protocol (Network.ResourceType).
_CHROMIUM = {
    "script": "script",
    "stylesheet": "stylesheet",
    "image": "image",
    "font": "font",
    "media": "media",
    "texttrack": "media",
    "xhr": "xmlhttprequest",
    "fetch": "xmlhttprequest",
    "eventsource": "xmlhttprequest",
    "websocket": "websocket",
    "manifest": "web_manifest",
    "ping": "ping",
    "beacon": "beacon",
    "cspviolationreport": "csp_report",
    "preflight": "xmlhttprequest",
    "other": "other",
    "signedexchange": "other",
    "prefetch": "speculative",
    "fedcm": "other",
}
# Words of the request header Sec-Fetch-Dest (Fetch Metadata standard).
_DESTINATIONS = {
    "document": "main_frame",
    "iframe": "sub_frame",
    "frame": "sub_frame",
    "fencedframe": "sub_frame",
    "script": "script",
    "serviceworker": "script",
    "sharedworker": "script",
    "worker": "script",
    "audioworklet": "script",
    "paintworklet": "script",
    "style": "stylesheet",
    "image": "image",
    "font": "font",
    "audio": "media",
    "video": "media",
    "track": "media",
    "empty": "xmlhttprequest",
    "manifest": "web_manifest",
    "object": "object",
    "embed": "object",
    "report": "csp_report",
    "xslt": "xslt",
}
# Firefox's own words that no other tool has.
_OWN = {"main_frame", "sub_frame", "xmlhttprequest", "csp_report", "object", "object_subrequest", "imageset"}
_OWN |= {"web_manifest", "xslt", "xml_dtd", "speculative", "json"}
DOCUMENT = "document"  # Chromium's word for the document of a page or a frame


def resource_type(word: object, destination: object = None) -> str | None:
    """Firefox's word for a tool's ``word`` and a Sec-Fetch-Dest; None where neither tells.

    For a document, `DOCUMENT` where it is not known whether it is the page's or a frame's.
    """
    by_header = _DESTINATIONS.get((text(destination) or "").strip().lower())
    told = (text(word) or "").strip().lower()
    if told in _OWN:
        return told
    if told == DOCUMENT:
        return by_header if by_header in ("main_frame", "sub_frame") else DOCUMENT
    return _CHROMIUM.get(told, by_header)
