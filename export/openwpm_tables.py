"""The tables of OpenWPM 0.35, and the SQL over our tables that answers each column.

``visit_of`` (crawl_id, visit_id, browser_id) and ``request_of`` (crawl_id, visit_id, request_id, number) are
made beforehand (`overscripted.export.openwpm`).
"""

from dataclasses import dataclass

from overscripted.outcomes import GOOD, Outcome
from overscripted.sql import quoted

_VISIT = "JOIN visit_of USING (crawl_id, visit_id)"
_REQUEST = "JOIN request_of USING (crawl_id, visit_id, request_id)"
# How OpenWPM says that the command ended which loads a page.
_STATUS: dict[str, str] = {
    Outcome.COMPLETE: "ok",
    Outcome.HTTP_ERROR: "ok",
    Outcome.TIMEOUT: "timeout",
    Outcome.NET_ERROR: "neterror",
}


def _time(column: str) -> str:
    return f"strftime({column}, '%Y-%m-%dT%H:%M:%S.%gZ')"


def _words(column: str, words: dict[str, str], other: str) -> str:
    cases = " ".join(f"WHEN {quoted(str(ours))} THEN {quoted(theirs)}" for ours, theirs in words.items())
    return f"CASE {column} {cases} ELSE {quoted(other)} END"


@dataclass(frozen=True)
class OpenWPMTable:
    """A table of OpenWPM: its rows are ``SELECT values FROM rows`` in DuckDB. Other columns are NULL."""

    name: str
    rows: str
    values: dict[str, str]


_CALLS = f"""(
  SELECT crawl_id, visit_id, ordinal, frame_id, script_url, CAST(script_line AS VARCHAR) AS script_line,
    CAST(script_col AS VARCHAR) AS script_col, func_name, script_loc_eval, location, top_level_url,
    call_stack, symbol, operation, coalesce(value, value_1000) AS value, arguments,
    {_time("time_stamp")} AS time_stamp
  FROM calls
  UNION ALL BY NAME
  SELECT crawl_id, visit_id, ordinal, frame_id, script_url, script_line, script_col, func_name,
    script_loc_eval, location, top_level_url, call_stack, symbol, operation, value, arguments, time_stamp
  FROM invalid_calls)"""
_REFERRER = """coalesce(list_filter(CAST(try_cast(request_headers AS JSON) AS VARCHAR[][]),
  lambda pair: lower(pair[1]) = 'referer')[1][2], '')"""
# OpenWPM lists the pieces of a body. Here the body is one piece.
_SENT = "CASE WHEN body IS NOT NULL THEN CAST(to_json([[NULL, to_base64(body)]]) AS VARCHAR) END"
# Our table has an object with an argument under each number. OpenWPM has a list.
_ARGUMENTS = """CASE WHEN json_valid(arguments) AND json_type(arguments) = 'OBJECT' AND arguments <> '{}'
  THEN CAST(to_json(json_extract(arguments, '$.*')) AS VARCHAR) ELSE nullif(arguments, '{}') END"""
_CANONICAL = """CASE WHEN canonical_names IS NOT NULL
  THEN coalesce(list_last(CAST(try_cast(canonical_names AS JSON) AS VARCHAR[])), host) END"""
# Causes that the browser's API webNavigation has a word for.
_QUALIFIERS = """CASE WHEN server_redirects > 0 THEN '["server_redirect"]'
  WHEN cause = 'meta_refresh' THEN '["client_redirect"]'
  WHEN cause = 'history' THEN '["forward_back"]' ELSE '[]' END"""
_TRANSITION = """CASE WHEN cause = 'form' THEN 'form_submit' WHEN cause = 'reload' THEN 'reload'
  WHEN parent_frame_id = -1 THEN 'link' ELSE 'auto_subframe' END"""
# Each frame is ``name@place;cause``, with the word null where one is missing.
_STACK = r"regexp_replace(regexp_replace(call_stack, '(?m)^@', 'null@', 'g'), '(?m)$', ';null', 'g')"
_FAILED = ", ".join(quoted(str(outcome)) for outcome in Outcome if outcome not in GOOD)

TABLES = (
    OpenWPMTable(
        "task",
        "(SELECT min(started) AS started, coalesce(min(user_agent), '') AS browser FROM visits)",
        {
            "task_id": "1",
            "start_time": _time("started"),
            "manager_params": "'{}'",
            "openwpm_version": "{version}",
            "browser_version": "browser",
        },
    ),
    OpenWPMTable(
        "crawl",
        f"(SELECT browser_id, min(started) AS started FROM visits {_VISIT} GROUP BY browser_id)",
        {
            "browser_id": "browser_id",
            "task_id": "1",
            "browser_params": "'{}'",
            "start_time": _time("started"),
        },
    ),
    OpenWPMTable(
        "site_visits",
        f"visits {_VISIT} ORDER BY started, visit_id",
        {"visit_id": "visit_id", "browser_id": "browser_id", "site_url": "coalesce(site_url, '')"},
    ),
    OpenWPMTable(
        "crawl_history",
        f"visits {_VISIT} ORDER BY ended, visit_id",
        {
            "browser_id": "browser_id",
            "visit_id": "visit_id",
            "command": "'GetCommand'",
            "arguments": "CAST(to_json({'url': site_url, 'sleep': dwell_s}) AS VARCHAR)",
            "retry_number": "n_attempts - 1",
            "command_status": _words("outcome", _STATUS, "error"),
            "error": "nullif(error, '')",
            "duration": "date_diff('millisecond', started, ended)",
            "dtg": "strftime(ended, '%Y-%m-%d %H:%M:%S')",
        },
    ),
    OpenWPMTable(
        "http_requests",
        f"""requests {_VISIT} {_REQUEST}
        LEFT JOIN (SELECT crawl_id, visit_id, request_id, hop, any_value(contents.content) AS body
          FROM request_bodies JOIN contents USING (sha256) WHERE request_bodies.n_kept = request_bodies.size
          GROUP BY ALL) USING (crawl_id, visit_id, request_id, hop)
        ORDER BY crawl_id, visit_id, time_stamp, number, hop""",
        {
            "browser_id": "browser_id",
            "visit_id": "visit_id",
            "frame_id": "frame_id",
            "url": "coalesce(url, '')",
            "top_level_url": "nullif(top_level_url, '')",
            "parent_frame_id": "parent_frame_id",
            "method": "coalesce(method, '')",
            "referrer": _REFERRER,
            "headers": "coalesce(request_headers, '[]')",
            "request_id": "number",
            "is_XHR": "CAST(resource_type = 'xmlhttprequest' AS INTEGER)",
            "is_third_party_to_top_window": "CAST(is_third_party AS INTEGER)",
            "loading_href": "document_url",
            "resource_type": "coalesce(resource_type, '')",
            "post_body_raw": _SENT,
            "time_stamp": f"coalesce({_time('time_stamp')}, '')",
        },
    ),
    OpenWPMTable(
        "http_responses",
        f"""requests {_VISIT} {_REQUEST} WHERE status IS NOT NULL AND redirect_url IS NULL
        ORDER BY crawl_id, visit_id, ended, number, hop""",
        {
            "browser_id": "browser_id",
            "visit_id": "visit_id",
            "frame_id": "frame_id",
            "url": "coalesce(url, '')",
            "method": "coalesce(method, '')",
            "response_status": "status",
            "response_status_text": "CAST(status AS VARCHAR)",
            "is_cached": "CAST(coalesce(from_cache, false) AS INTEGER)",
            "headers": "coalesce(response_headers, '[]')",
            "request_id": "number",
            "location": "''",
            "time_stamp": f"coalesce({_time('ended')}, '')",
            "content_hash": "body_sha256",
        },
    ),
    OpenWPMTable(
        "http_redirects",
        f"""requests {_VISIT} {_REQUEST} WHERE redirect_url IS NOT NULL
        ORDER BY crawl_id, visit_id, ended, number, hop""",
        {
            "browser_id": "browser_id",
            "visit_id": "visit_id",
            "old_request_url": "url",
            "old_request_id": "CAST(number AS VARCHAR)",
            "new_request_url": "redirect_url",
            "frame_id": "frame_id",
            "response_status": "coalesce(status, 0)",
            "response_status_text": "coalesce(CAST(status AS VARCHAR), '')",
            "headers": "coalesce(response_headers, '[]')",
            "time_stamp": f"coalesce({_time('ended')}, '')",
        },
    ),
    OpenWPMTable(
        "javascript",
        f"{_CALLS} {_VISIT} ORDER BY crawl_id, visit_id, ordinal",
        {
            "browser_id": "browser_id",
            "visit_id": "visit_id",
            "event_ordinal": "ordinal",
            "frame_id": "frame_id",
            "script_url": "script_url",
            "script_line": "script_line",
            "script_col": "script_col",
            "func_name": "func_name",
            "script_loc_eval": "script_loc_eval",
            "document_url": "location",
            "top_level_url": "nullif(top_level_url, '')",
            "call_stack": "call_stack",
            "symbol": "symbol",
            # OpenWPM writes no space before the bracket.
            "operation": "replace(operation, ' (', '(')",
            "value": "value",
            "arguments": _ARGUMENTS,
            "time_stamp": "coalesce(time_stamp, '')",
        },
    ),
    OpenWPMTable(
        "javascript_cookies",
        f"cookies {_VISIT} ORDER BY crawl_id, visit_id, time_stamp",
        {
            "browser_id": "browser_id",
            "visit_id": "visit_id",
            "record_type": "record_type",
            "change_cause": "change_cause",
            "expiry": f"coalesce({_time('expiry')}, '9999-12-31T21:59:59.000Z')",
            "is_http_only": "CAST(is_http_only AS INTEGER)",
            "is_host_only": "CAST(NOT starts_with(host, '.') AS INTEGER)",
            "is_session": "CAST(expiry IS NULL AS INTEGER)",
            "host": "host",
            "is_secure": "CAST(is_secure AS INTEGER)",
            "name": "name",
            "path": "path",
            "value": "value",
            "same_site": "same_site",
            "first_party_domain": "first_party_domain",
            "time_stamp": _time("time_stamp"),
        },
    ),
    OpenWPMTable(
        "navigations",
        f"""navigations {_VISIT} WHERE outcome = 'committed' AND NOT coalesce(same_document, false)
        ORDER BY crawl_id, visit_id, ordinal""",
        {
            "browser_id": "browser_id",
            "visit_id": "visit_id",
            "frame_id": "frame_id",
            "parent_frame_id": "parent_frame_id",
            "url": "coalesce(committed_url, url)",
            "transition_qualifiers": _QUALIFIERS,
            "transition_type": _TRANSITION,
            "before_navigate_event_ordinal": "ordinal",
            "before_navigate_time_stamp": _time("time_stamp"),
            "committed_event_ordinal": "ordinal",
            "committed_time_stamp": _time("committed"),
        },
    ),
    OpenWPMTable(
        "callstacks",
        f"""requests {_VISIT} {_REQUEST} WHERE call_stack IS NOT NULL AND hop = 0
        ORDER BY crawl_id, visit_id, number""",
        {
            "request_id": "number",
            "browser_id": "browser_id",
            "visit_id": "visit_id",
            "call_stack": _STACK,
        },
    ),
    OpenWPMTable(
        "incomplete_visits",
        f"visits {_VISIT} WHERE outcome IN ({_FAILED}) ORDER BY visit_id",
        {"visit_id": "visit_id"},
    ),
    OpenWPMTable(
        "dns_responses",
        f"""dns_names {_VISIT} LEFT JOIN (SELECT crawl_id, visit_id, requests.host, min(number) AS number
          FROM requests {_REQUEST} GROUP BY ALL) USING (crawl_id, visit_id, host)
        ORDER BY crawl_id, visit_id, time_stamp, host""",
        {
            "request_id": "coalesce(number, 0)",
            "browser_id": "browser_id",
            "visit_id": "visit_id",
            "hostname": "host",
            "addresses": "array_to_string(CAST(try_cast(addresses AS JSON) AS VARCHAR[]), ',')",
            "used_address": "used_address",
            "canonical_name": _CANONICAL,
            "is_TRR": "CAST(source = 'openwpm_trr' AS INTEGER)",
            "error": "nullif(error, '')",
            "time_stamp": f"coalesce({_time('time_stamp')}, '')",
        },
    ),
)
