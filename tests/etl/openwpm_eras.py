"""OpenWPM's tables as they were in each era, by its schema's history, and one story told in each.

The columns are facts of https://github.com/openwpm/OpenWPM: ``automation/schema.sql`` and the extension's
``create_*_table.sql`` until 2018, ``schema.sql`` of the aggregator and of ``openwpm/storage`` since.
"""

import sqlite3
from pathlib import Path
from typing import Any

Tables = dict[str, str]

_CRAWL = "crawl_id* task_id* browser_params screen_res ua_string start_time finished*"
_PROXY_REQUEST = "id* crawl_id* url method referrer headers {visit} time_stamp"
_PROXY_RESPONSE = (
    "id* crawl_id* url method referrer response_status* response_status_text headers location {visit} "
    "time_stamp content_hash"
)
_EXT_REQUEST = (
    "id* crawl_id* visit_id* url top_level_url method referrer headers {channel} is_XHR* is_frame_load* "
    "is_full_page* is_third_party_channel* is_third_party_window* triggering_origin loading_origin "
    "loading_href req_call_stack content_policy_type* post_body time_stamp"
)
_EXT_RESPONSE = (
    "id* crawl_id* visit_id* url method referrer response_status* response_status_text is_cached* headers "
    "{channel} location time_stamp content_hash"
)
_COOKIE_2015 = (
    "id* crawl_id* {visit} change creationTime expiry is_http_only* is_session* last_accessed raw_host "
    "expires* host is_domain* is_secure* name path policy* status* value"
)
_HISTORY = "crawl_id* command arguments bool_success* dtg"
_JAVASCRIPT_2018 = (
    "id* crawl_id* visit_id* script_url script_line script_col func_name script_loc_eval document_url "
    "top_level_url call_stack symbol operation value arguments time_stamp"
)
_PARAMETERS = "symbol operation value parameter_index* parameter_value"
_PLACE = "extension_session_uuid event_ordinal* window_id* tab_id* frame_id*"


def _web(browser: str) -> Tables:
    """Since 2019: the extension is a WebExtension."""
    ids = f"id* incognito* {browser}* visit_id* {_PLACE}"
    return {
        "site_visits": f"visit_id* {browser}* site_url site_rank*",
        "http_requests": f"{ids} url top_level_url parent_frame_id* frame_ancestors method referrer headers "
        "request_id is_XHR* is_third_party_channel* triggering_origin loading_origin loading_href "
        "req_call_stack resource_type post_body post_body_raw time_stamp",
        "http_responses": f"{ids} url method response_status* response_status_text is_cached* headers "
        "request_id location time_stamp content_hash",
        "http_redirects": f"id* incognito* {browser}* visit_id* old_request_url old_request_id "
        f"new_request_url new_request_id {_PLACE} response_status* response_status_text time_stamp",
        "javascript": f"{ids} page_scoped_event_ordinal* script_url script_line script_col func_name "
        "script_loc_eval document_url top_level_url call_stack symbol operation value arguments time_stamp",
        "javascript_cookies": f"id* {browser}* visit_id* extension_session_uuid event_ordinal* record_type "
        "change_cause expiry is_http_only* is_host_only* is_session* host is_secure* name path value "
        "same_site first_party_domain store_id time_stamp",
        "navigations": f"id* incognito* {browser}* visit_id* extension_session_uuid process_id* window_id* "
        "tab_id* frame_id* parent_frame_id* uuid url transition_qualifiers transition_type "
        "before_navigate_time_stamp committed_time_stamp",
    }


def _statuses(browser: str, more: str = "") -> str:
    return f"{browser}* visit_id* command arguments retry_number* command_status error traceback {more} dtg"


_2015_12 = {
    "crawl": _CRAWL,
    "site_visits": "visit_id* crawl_id* site_url",
    "http_requests": _PROXY_REQUEST.format(visit="visit_id*"),
    "http_responses": _PROXY_RESPONSE.format(visit="visit_id*"),
    "CrawlHistory": _HISTORY,
    "javascript": f"id* crawl_id* visit_id* script_url {_PARAMETERS}",
    "javascript_cookies": _COOKIE_2015.format(visit="visit_id*"),
    "profile_cookies": "id* crawl_id* visit_id* baseDomain name value host path expiry* accessed*",
}
_2016_05 = _2015_12 | {
    "javascript": f"id* crawl_id* visit_id* script_url script_line script_col call_stack {_PARAMETERS}"
}
_2016_12 = _2016_05 | {
    "http_requests": _EXT_REQUEST.format(channel=""),
    "http_responses": _EXT_RESPONSE.format(channel=""),
    "http_requests_proxy": _2015_12["http_requests"],
    "http_responses_proxy": _2015_12["http_responses"],
    "javascript": "id* crawl_id* visit_id* script_url script_line script_col func_name script_loc_eval "
    f"call_stack {_PARAMETERS} time_stamp",
}
_2017_10 = {
    **{name: columns for name, columns in _2016_12.items() if not name.endswith("_proxy")},
    "http_requests": _EXT_REQUEST.format(channel="channel_id"),
    "http_responses": _EXT_RESPONSE.format(channel="channel_id"),
    "http_redirects": "id* crawl_id* visit_id* old_channel_id new_channel_id is_temporary* is_permanent* "
    "is_internal* is_sts_upgrade* time_stamp",
    "javascript": "id* crawl_id* visit_id* script_url script_line script_col func_name script_loc_eval "
    "call_stack symbol operation value arguments time_stamp",
}
_2018_06 = _2017_10 | {"javascript": _JAVASCRIPT_2018}
_2018_07 = {name: columns for name, columns in _2018_06.items() if name != "CrawlHistory"} | {
    "crawl_history": _HISTORY
}
_2018_08 = _2018_07 | {"crawl_history": f"visit_id* {_HISTORY}"}
_2019_08 = _web("crawl_id") | {"crawl_history": _statuses("crawl_id")}
_2020_09 = _web("browser_id") | {
    "crawl": "browser_id* task_id* browser_params start_time",
    "crawl_history": _statuses("browser_id"),
    "callstacks": "id* request_id* browser_id* visit_id* call_stack",
    "incomplete_visits": "visit_id*",
    "dns_responses": "id* request_id* browser_id* visit_id* hostname addresses used_address canonical_name "
    "is_TRR* time_stamp",
}

# An era, and its tables: their columns in order, those of numbers with a star.
ERAS: dict[str, Tables] = {
    "2014-05": {
        "crawl": "crawl_id* task_id* start_time profile browser headless proxy debugging timeout* finished*",
        "xpath": "id* name url xpath absolute_xpath ctime",
        "http_requests": _PROXY_REQUEST.format(visit="top_url"),
        "http_responses": _PROXY_RESPONSE.format(visit="top_url").removesuffix(" content_hash"),
        "CrawlHistory": _HISTORY,
        "profile_cookies": "id* crawl_id* page_url baseDomain name value host path expiry* accessed*",
    },
    "2015-03": {
        "crawl": "crawl_id* task_id* start_time profile browser headless proxy debugging finished*",
        "http_requests": _PROXY_REQUEST.format(visit="top_url"),
        "http_responses": _PROXY_RESPONSE.format(visit="top_url"),
        "CrawlHistory": _HISTORY,
        "javascript": f"id* crawl_id* top_url url {_PARAMETERS}",
        "javascript_cookies": _COOKIE_2015.format(visit="top_url"),
    },
    "2015-12": _2015_12,
    "2016-05": _2016_05,
    "2016-10": {
        **{name: columns for name, columns in _2016_05.items() if not name.startswith("http")},
        "http_requests_ext": _EXT_REQUEST.format(channel=""),
        "http_responses_ext": _EXT_RESPONSE.format(channel=""),
    },
    "2016-12": _2016_12,
    "2017-10": _2017_10,
    "2018-06": _2018_06,
    "2018-07": _2018_07,
    "2018-08": _2018_08,
    "2019-01": _web("crawl_id") | {"crawl_history": f"visit_id* {_HISTORY}"},
    "2019-08": _2019_08,
    "2020-09": _2020_09,
    "2021-02": _2020_09 | {"crawl_history": _statuses("browser_id", "duration*")},
    "2026-04": _2020_09
    | {
        "crawl_history": _statuses("browser_id", "duration*"),
        "dns_responses": "id* request_id* browser_id* visit_id* hostname redirect_url addresses used_address "
        "canonical_name is_TRR* error time_stamp",
    },
}


def database(path: Path, era: str, rows: dict[str, list[dict[str, Any]]]) -> Path:
    """A database of an era. Of each row the columns that the era had are kept, and rows of its tables."""
    db = sqlite3.connect(path)
    for table, columns in ERAS[era].items():
        names = [column.rstrip("*") for column in columns.split()]
        types = ["INTEGER" if column.endswith("*") else "TEXT" for column in columns.split()]
        keys = {"id": " PRIMARY KEY", "visit_id": " PRIMARY KEY" if table == "site_visits" else ""}
        made = ", ".join(
            f"{name} {kind}{keys.get(name, '')}" for name, kind in zip(names, types, strict=True)
        )
        db.execute(f"CREATE TABLE {table} ({made})")
        for row in rows.get(OLDER.get(table, table), []):
            kept = {name: value for name, value in row.items() if name in names}
            marks = ", ".join("?" * len(kept))
            db.execute(f"INSERT INTO {table} ({', '.join(kept)}) VALUES ({marks})", [*kept.values()])
    db.commit()
    db.close()
    return path


# A table's name once -> today's.
OLDER = {
    "CrawlHistory": "crawl_history",
    "http_requests_ext": "http_requests",
    "http_responses_ext": "http_responses",
}


def visit(number: int, browser: int, site: str) -> dict[str, Any]:
    """What rows of a visit have in common, in any era."""
    return {
        "visit_id": number,
        "crawl_id": browser,
        "browser_id": browser,
        "site_url": site,
        "top_url": site,
        "top_level_url": site,
        "document_url": site,
    }


def command(of: dict[str, Any], name: str, status: str, when: str) -> dict[str, Any]:
    """A row of the history, as each era wrote it."""
    success = {"ok": 1, "timeout": -1}.get(status, 0)
    return of | {
        "command": name,
        "arguments": of["site_url"],
        "bool_success": success,
        "command_status": status,
        "dtg": when,
    }


def exchange(
    of: dict[str, Any], number: str, url: str, status: int, location: str = ""
) -> list[dict[str, Any]]:
    """A request and its response."""
    shared = of | {
        "url": url,
        "method": "GET",
        "referrer": "",
        "headers": "[]",
        "time_stamp": "2018-01-01 10:00:00",
    }
    shared |= {
        "request_id": number,
        "channel_id": number,
        "resource_type": "script",
        "content_policy_type": 2,
    }
    return [shared, shared | {"response_status": status, "location": location}]


def story(era: str) -> dict[str, list[dict[str, Any]]]:
    """Two browsers. One visits a (well), b (too slow), a again (fails), c (of which no command ended)."""
    web = era >= "2019"  # whose redirects are no responses, and have one number
    visits = [visit(n, 1, f"https://{site}.example/") for n, site in ((1, "a"), (3, "b"), (5, "a"), (7, "c"))]
    other = visit(2, 2, "https://a.example/")
    first, slow, again, _ = visits
    history = [
        command(first, "GET", "ok", "2018-01-01 10:00:01"),
        command(other, "GET", "error", "2018-01-01 10:00:02"),
        command(first, "DUMP_PROFILE", "ok", "2018-01-01 10:00:03"),
        command(slow, "GET", "timeout", "2018-01-01 10:01:00"),
        command(again, "GET", "error", "2018-01-01 10:02:00"),
    ]
    pairs = [
        exchange(first, "8", "http://a.example/x.js", 302, "https://a.example/x.js"),
        exchange(first, "8" if web else "9", "https://a.example/x.js", 200),
        exchange(slow, "9", "https://b.example/y.js", 404),
    ]
    call = first | {
        "url": "https://a.example/",
        "script_url": "https://a.example/x.js",
        "script_line": "1",
        "script_col": "2",
        "symbol": "window.Storage.setItem",
        "operation": "call",
        "value": "",
        "arguments": '{"0":"k","1":"v"}',
        "time_stamp": "2018-01-01T10:00:00.500Z",
    }
    return {
        "crawl": [{"crawl_id": n, "browser_id": n, "start_time": "2018-01-01 09:59:00"} for n in (1, 2)],
        "site_visits": [*visits[:1], other, *visits[1:]],
        "crawl_history": history,
        "http_requests": [asked for asked, _ in pairs],
        "http_responses": [answer for _, answer in pairs[web:]],
        "http_redirects": [
            first
            | {"old_channel_id": "8", "new_channel_id": "9", "response_status": 302, "old_request_id": "8"}
            | {"old_request_url": pairs[0][0]["url"], "new_request_url": pairs[1][0]["url"]}
        ],
        "javascript": [call | {"parameter_index": n, "parameter_value": v} for n, v in enumerate("kv")],
        "javascript_cookies": [first | {"host": "a.example", "name": "n", "value": "v"}],
        "profile_cookies": [first | {"name": "p"}],
    }
