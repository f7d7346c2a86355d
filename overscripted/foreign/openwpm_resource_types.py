"""What OpenWPM's requests were for, in Firefox's words for extensions.

Until 2018 OpenWPM wrote the number of nsIContentPolicy (Firefox 45 to 60) in ``content_policy_type``. The
words are those of Firefox's API webRequest, which OpenWPM writes since.
"""

from overscripted.foreign.openwpm_source import Row
from overscripted.foreign.values import text

OTHER = "other"  # Firefox's word for numbers that have none of their own
_WORDS = {
    "main_frame": (6,),
    "sub_frame": (7, 28, 29),
    "script": (2, 23, 24, 25, 35, 36),
    "image": (3, 37, 38, 41),
    "stylesheet": (4, 39, 40),
    "object": (5, 26, 27),
    "object_subrequest": (12,),
    "xmlhttprequest": (11, 20, 33, 34),
    "font": (14,),
    "media": (15, 30, 31, 32),
    "websocket": (16,),
    "csp_report": (17,),
    "xslt": (18,),
    "beacon": (19,),
    "imageset": (21,),
    "web_manifest": (22,),
    "ping": (10,),
    "xml_dtd": (13,),
}
_BY_NUMBER = {str(number): word for word, numbers in _WORDS.items() for number in numbers}


def resource_type(row: Row) -> str | None:
    """The word for what a row of ``http_requests`` asked for; None where the row does not say."""
    told = text(row.get("resource_type") or row.get("content_policy_type"))
    if not told:
        return None
    return _BY_NUMBER.get(told, OTHER) if told.isdecimal() else told
