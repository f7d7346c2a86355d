"""What a data set of OpenWPM's can tell: which of our raw columns its tables and columns fill.

A table without rows tells nothing, unless the parameters of the browsers say that it was recorded: OpenWPM
makes all tables, whatever it was set to record.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from overscripted.foreign.openwpm_settings import parameters
from overscripted.foreign.openwpm_source import Source
from overscripted.foreign.values import truth
from overscripted.recorded import Recorded, joined, of_tables, together
from overscripted.schemas import RAW

SOURCE = "OpenWPM"
# Our column -> OpenWPM's columns, of which one is enough; none: every row has what it is made of.
Columns = Mapping[str, tuple[str, ...]]


def _same(names: str) -> Columns:
    """Columns that have our names in OpenWPM."""
    return {name: (name,) for name in names.split()}


def _always(names: str) -> Columns:
    return dict.fromkeys(names.split(), ())


@dataclass(frozen=True)
class Filled:
    """A raw table: its columns by what fills them. ``more``: columns that other tables of OpenWPM fill."""

    table: str  # of OpenWPM, whose rows become its rows
    columns: Columns
    more: Mapping[str, Columns] = field(default_factory=dict)


_VISIT = _always("crawl_id visit_id attempt")
_TOP = {"top_level_url": ("top_level_url", "top_document_url")}
_NUMBER = {"request_id": ("request_id", "channel_id")}
_KIND = ("resource_type", "content_policy_type")
FILLS = {
    "visits": Filled(
        "site_visits",
        {**_VISIT, **_always("site_url outcome started n_calls")},
        {
            "crawl_history": {**_same("error"), "ended": ("dtg",)},
            "http_requests": dict.fromkeys(("final_url", "http_status", "user_agent"), _KIND),
            "navigations": {"final_url": ("url",)},
        },
    ),
    "calls": Filled(
        "javascript",
        {
            **_VISIT,
            **_TOP,
            **_always("file_name row ordinal location context_url in_iframe realm time_stamp"),
            **_same("frame_id symbol operation value script_url script_line script_col func_name"),
            **_same("script_loc_eval call_stack"),
            "arguments": ("arguments", "parameter_index"),
        },
    ),
    "requests": Filled(
        "http_requests",
        {
            **_VISIT,
            **_TOP,
            **_NUMBER,
            **_always("hop"),
            **_same("frame_id parent_frame_id url method time_stamp"),
            "resource_type": _KIND,
            "document_url": ("loading_href", "referrer"),
            "request_headers": ("headers",),
        },
        {
            "http_responses": {
                "status": ("response_status",),
                "from_cache": ("is_cached",),
                "response_headers": ("headers",),
                "redirect_url": ("location",),
                "body_sha256": ("content_hash",),
                "ended": ("time_stamp",),
            },
            "http_redirects": {"redirect_url": ("new_request_url",)},
            "dns_responses": {"ip": ("used_address",), **_same("error")},
        },
    ),
    "request_bodies": Filled(
        "http_requests",
        {
            **_VISIT,
            **_NUMBER,
            **_always("hop content_type time_stamp"),
            **dict.fromkeys(("size", "n_kept", "sha256"), ("post_body", "post_body_raw")),
        },
    ),
    "callstacks": Filled("callstacks", {**_VISIT, **_always("request_id call_stack script_url")}),
    "cookies": Filled(
        "javascript_cookies",
        {
            **_VISIT,
            "host": ("host", "raw_host"),
            **_same("name value path expiry is_secure is_http_only same_site first_party_domain"),
            "record_type": ("record_type", "change"),
            **_same("change_cause"),
            "time_stamp": ("time_stamp", "creationtime"),
        },
    ),
    "dns_names": Filled(
        "dns_responses",
        {
            **_VISIT,
            "host": ("hostname",),
            "canonical_names": ("canonical_name",),
            **_same("addresses used_address error time_stamp"),
            **_always("source"),
        },
    ),
    "frames": Filled(
        "navigations",
        {**_VISIT, **_same("frame_id parent_frame_id url"), **_always("context_url kind time_stamp")},
    ),
    "navigations": Filled(
        "navigations",
        {
            **_VISIT,
            **_same("frame_id parent_frame_id url"),
            **_always("ordinal from_url committed_url same_document outcome time_stamp"),
            "cause": ("transition_type",),
            "server_redirects": ("transition_qualifiers",),
            "committed": ("committed_time_stamp",),
        },
    ),
}
# Raw tables of files beside the tables, and of browsers' parameters. They are known where a row was kept.
BESIDE = {
    "instruments": "crawl_id symbol object property excluded source",
    "scripts": "sha256 size content",
    "contents": "sha256 size content",
    "response_bodies": "crawl_id visit_id attempt request_id hop content_type size sha256",
    "screenshots": "crawl_id visit_id attempt frame_id parent_frame_id top_level_url url mime_type width "
    "height is_cut sha256 size",
    "saved_documents": "crawl_id visit_id attempt frame_id parent_frame_id top_level_url url is_cut sha256 "
    "size",
}
# What is known in part, whatever the era.
PARTLY = {
    "calls": "only those of documents, none of workers",
    "navigations": "only documents that came",
    "navigations.cause": "not of links and scripts, which OpenWPM does not tell apart",
    "requests.error": "only of look-ups of names",
    "screenshots": "only those of the user's commands",
    "saved_documents": "only those of the user's commands",
}
# What is assumed where OpenWPM's table has none of these columns.
ASSUMED = {
    "visits.outcome": ("crawl_history", ("command_status", "bool_success"), "not known, taken as complete"),
    "calls.in_iframe": ("javascript", ("frame_id", "document_url"), "not known, taken as false"),
    "calls.location": ("javascript", ("document_url", "url"), "not known, taken as the URL of the visit"),
    "calls.time_stamp": ("javascript", ("time_stamp",), "only when the visit began"),
}
# OpenWPM's tables -> the parameter of a browser that has them recorded (`BrowserParams`).
_PARAMETERS = {
    "javascript": "js_instrument",
    **dict.fromkeys(("http_requests", "http_responses", "http_redirects"), "http_instrument"),
    "javascript_cookies": "cookie_instrument",
    "navigations": "navigation_instrument",
    "callstacks": "callstack_instrument",
    "dns_responses": "dns_instrument",
}


# Columns of visits that a crawl with OpenWPM as its engine does not know.
_NOT_OF_OPENWPM = ("title", "loaded", "starved", "cpu_s", "worker_cpu_s", "peak_memory", "saved")


def of_engine(browser: Mapping[str, Any]) -> Recorded:
    """What a crawl with OpenWPM as its engine can tell, from the parameters of its browsers.

    OpenWPM's tables have all their columns of today. Visits are the crawl's own.
    """
    there = {table for table in _PARAMETERS if _is_on(browser, table)}
    tables = {name: {fills.table: fills.columns, **fills.more} for name, fills in FILLS.items()}
    filled = {
        name: [*dict.fromkeys(column for table in there & made_of.keys() for column in made_of[table])]
        for name, made_of in tables.items()
        if FILLS[name].table in there
    }
    filled["visits"] = [name for name in RAW["visits"].names if name not in _NOT_OF_OPENWPM]
    saved = browser.get("save_content")
    beside = ["instruments", "contents", *(["scripts"] if saved else [])]
    if saved is True or (isinstance(saved, str) and saved != "script"):
        beside.append("response_bodies")
    filled |= {name: BESIDE[name].split() for name in beside}
    return Recorded(SOURCE, filled, of_tables(PARTLY, filled))


def of_data_sets(data_sets: Sequence[Recorded]) -> Recorded:
    """What data sets can tell together. What only some of them can is known in part."""
    return together(SOURCE, data_sets, "data sets")


def of_data_set(
    source: Source, columns: Mapping[str, set[str]], rows: Mapping[str, int], kept: set[str]
) -> Recorded:
    """What a data set can tell.

    ``columns``: those of each table of OpenWPM, in lower case. ``rows``: how many each has. ``kept``: our raw
    tables that got a row.
    """
    browsers = [parameters(row.get("browser_params")) for row in source.rows("crawl")]
    on = {table for table in _PARAMETERS if any(_is_on(one, table) for one in browsers)}
    there = {table for table in columns if rows.get(table) or table in on} | {"site_visits"}
    filled = {name: _filled(fills, columns, there) for name, fills in FILLS.items() if fills.table in there}
    filled |= {name: BESIDE[name].split() for name in BESIDE if name in kept}
    if "callstacks" in kept:  # until 2020 a column of requests
        filled["callstacks"] = [*FILLS["callstacks"].columns]
    if "sha256" not in filled.get("request_bodies", ()):
        filled.pop("request_bodies", None)
    partly = joined(PARTLY, _of_some(browsers))
    for name, (table, any_of, what) in ASSUMED.items():
        if table not in there or columns.get(table, set()).isdisjoint(any_of):
            partly[name] = what
    return Recorded(SOURCE, filled, of_tables(partly, filled))


def _filled(fills: Filled, columns: Mapping[str, set[str]], there: set[str]) -> list[str]:
    """The columns of a raw table that the tables that are there fill."""
    tables = {fills.table: fills.columns, **fills.more}
    found = (
        name
        for table, ours in tables.items()
        if table in there
        for name, any_of in ours.items()
        if not any_of or not columns.get(table, set()).isdisjoint(any_of)
    )
    return [*dict.fromkeys(found)]


def _of_some(browsers: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The raw tables that only some browsers recorded."""
    found: dict[str, str] = {}
    for name, fills in FILLS.items():
        n = sum(truth(one.get(_PARAMETERS.get(fills.table, ""))) is False for one in browsers)
        if 0 < n < len(browsers):
            found[name] = f"{n:,} of {len(browsers):,} browsers did not record it"
    return found


def _is_on(browser: Mapping[str, Any], table: str) -> bool:
    return truth(browser.get(_PARAMETERS[table])) is True
