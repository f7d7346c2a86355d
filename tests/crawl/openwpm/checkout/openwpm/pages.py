"""What the stand-in's browsers record of a page, in OpenWPM's tables."""

import hashlib
import json

USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:152.0) Gecko/20100101 Firefox/152.0"
SCRIPT = b"navigator.userAgent; navigator.platform"
SCRIPT_SHA256 = hashlib.sha256(SCRIPT).hexdigest()
_TIME = "2026-06-30T10:00:00.000Z"


def rows(url, visit_id, browser_id, status):
    """Table and record of everything that a page does: one script that makes two calls, and a cookie."""
    of = {"incognito": 0, "browser_id": browser_id, "visit_id": visit_id, "extension_session_uuid": "u"}
    place = {**of, "window_id": 1, "tab_id": 3, "frame_id": 0}
    script = url.rsplit("/", 1)[0] + "/script.js"
    for ordinal, name in enumerate(("userAgent", "platform")):
        yield (
            "javascript",
            {
                **place,
                "event_ordinal": 10 + ordinal,
                "page_scoped_event_ordinal": ordinal,
                "script_url": script,
                "script_line": "1",
                "script_col": str(1 + 20 * ordinal),
                "func_name": "",
                "script_loc_eval": "",
                "document_url": url,
                "top_level_url": url,
                "call_stack": "",
                "symbol": "window.navigator." + name,
                "operation": "get",
                "value": name,
                "time_stamp": _TIME,
            },
        )
    for number, (address, kind) in enumerate(((url, "main_frame"), (script, "script")), 70):
        asked = [["Host", "site"], ["User-Agent", USER_AGENT]]
        yield (
            "http_requests",
            {
                **place,
                "url": address,
                "top_level_url": url,
                "parent_frame_id": -1,
                "method": "GET",
                "referrer": "",
                "headers": json.dumps(asked),
                "request_id": number,
                "resource_type": kind,
                "time_stamp": _TIME,
            },
        )
        answer = {"content_hash": SCRIPT_SHA256} if kind == "script" else {}
        yield (
            "http_responses",
            {
                **place,
                **answer,
                "url": address,
                "method": "GET",
                "response_status": status if kind == "main_frame" else 200,
                "response_status_text": "",
                "is_cached": 0,
                "headers": "[]",
                "request_id": number,
                "location": "",
                "time_stamp": _TIME,
            },
        )
    yield (
        "javascript_cookies",
        {**of, "record_type": "added-or-changed", "host": "site", "name": "id", "value": "7", "path": "/"},
    )
    yield (
        "navigations",
        {**place, "parent_frame_id": -1, "url": url, "committed_time_stamp": _TIME, "uuid": "n"},
    )
