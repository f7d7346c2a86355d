"""Every table of a run, column by column: the contract between the stages.

`RAW` is what the crawl and the importers write below ``raw/``, `TABLES` what the etl makes of it
below ``tables/``. Documentation (``docs/reference/tables.md``) and validation are derived from here. Names
follow OpenWPM where it has one, and the study for the 30 columns it published.
"""

import pyarrow as pa

from overscripted.columns import BOOL as BOOL
from overscripted.columns import BYTES as BYTES
from overscripted.columns import FLOAT as FLOAT
from overscripted.columns import FRAME as _FRAME
from overscripted.columns import INT as INT
from overscripted.columns import STR as STR
from overscripted.columns import TIME as TIME
from overscripted.columns import VISIT as _VISIT
from overscripted.columns import Column as Column
from overscripted.columns import Table as Table
from overscripted.record_kinds import RECORD_KINDS

# Whose rights a document or worker has: as found. What becomes of it is said of the table calls.
_RAW_CONTEXT = (
    Column("context_url", STR, "Origin document, as in calls of the tables; empty where not known"),
    Column("context_in_iframe", BOOL, "That document is not a top one"),
)

CALL_FIELDS = (
    Column("location", STR, "URL of the document (or worker) whose realm was called, the frame's own"),
    Column("in_iframe", STR, "'true' where the document is not a top one; else 'false'"),
    Column("realm", STR, "window, worker, sharedworker, serviceworker or worklet"),
    Column(
        "symbol", STR, "Name of the API, e.g. window.navigator.userAgent or CanvasRenderingContext2D.fillText"
    ),
    Column("operation", STR, "get, set, call, set (failed); importers may bring others"),
    Column("arguments", STR, "Arguments as a JSON object in text, keys '0', '1', …; NULL for none"),
    Column("value", STR, "Value read or written, as text; return values of calls where recorded"),
    Column("script_url", STR, "Script that called: innermost frame of the page's own code"),
    Column("script_line", STR, "Line in that script, as recorded"),
    Column("script_col", STR, "Column in that script, as recorded; may be empty"),
    Column("func_name", STR, "Function that called; empty for top-level code"),
    Column(
        "script_loc_eval",
        STR,
        "Where the code was made at run time: 'line N > eval' a level; empty if static",
    ),
    Column(
        "call_stack", STR, "Whole stack, innermost frame first, one 'FUNC@URL:LINE:COL' a line; may be empty"
    ),
    Column("time_stamp", STR, "Time of the call, ISO 8601 in UTC with milliseconds"),
)

# Of a request.
_CALLER = (
    Column(
        "call_stack",
        STR,
        "Stack of the script that asked for it, innermost first, as Firefox writes frames; NULL where no "
        "script did (the parser, the user, a worker) or none is known",
    ),
    Column("script_url", STR, "Script of the innermost frame of call_stack; else NULL"),
)

RAW: dict[str, Table] = {
    t.name: t
    for t in (
        Table(
            "calls",
            "one recorded JavaScript call, as it came, valid or not",
            (
                *_VISIT,
                *_FRAME,
                Column(
                    "file_name", STR, "<crawl_id>_<SHA-224 of location>.json: the study's file of the call"
                ),
                Column("row", INT, "Row within the study's file; for crawls the ordinal"),
                Column(
                    "ordinal",
                    INT,
                    "Number of the call within its visit attempt, from 0; rises with time within a frame",
                ),
                *CALL_FIELDS,
                *_RAW_CONTEXT,
                Column("by_browser", BOOL, "The browser's own code called, no script"),
                Column(
                    "value_len",
                    INT,
                    "Length of the whole value where only its beginning is kept; NULL where value is whole",
                    "characters",
                ),
            ),
            ("crawl_id", "visit_id", "attempt", "ordinal"),
        ),
        Table(
            "call_totals",
            "one script's use of one symbol in one frame: exact totals, whatever the caps cut",
            (
                *_VISIT,
                *_FRAME,
                Column("location", STR, "URL of the document"),
                *_RAW_CONTEXT,
                Column("script_url", STR, "Script that called"),
                Column("symbol", STR, "Name of the API"),
                Column("operation", STR, "As in calls"),
                Column("n_calls", INT, "Calls made", "calls"),
                Column("n_recorded", INT, "Calls kept whole in raw calls", "calls"),
            ),
        ),
        Table(
            "visits",
            "one attempt at one seed, written after all its other records",
            (
                *_VISIT,
                Column("site_url", STR, "The seed, as given"),
                Column("worker_id", STR, "Crawl worker that made the attempt"),
                Column("outcome", STR, "complete, timeout, net_error, http_error, crashed, blocked, …"),
                Column("error", STR, "What the browser or the worker said; empty if nothing"),
                Column("final_url", STR, "URL of the top document after redirects"),
                Column("http_status", INT, "Status of the top document's response"),
                Column("started", TIME, "Window opened"),
                Column("loaded", TIME, "Load event of the top document"),
                Column("ended", TIME, "Window closed"),
                Column("dwell_s", FLOAT, "Time between load and close", "s"),
                Column(
                    "starved",
                    FLOAT,
                    "Longest that a process of the page took to answer: how short of CPU it was",
                    "s",
                ),
                Column("n_calls", INT, "Raw calls of this attempt", "calls"),
                Column("n_dropped", INT, "Calls counted but not kept (caps)", "calls"),
                Column(
                    "known_gaps",
                    STR,
                    'JSON object: what could not be covered and how often, e.g. {"worklet": 1}',
                ),
                Column("user_agent", STR, "User-Agent of the browser"),
                Column(
                    "instrument_sha256",
                    STR,
                    "SHA-256 of the settings of what was recorded, listed in instruments; NULL in imports",
                ),
            ),
            ("crawl_id", "visit_id", "attempt"),
        ),
        Table(
            "frames",
            "one document that was loaded in a frame",
            (
                *_VISIT,
                *_FRAME,
                Column("url", STR, "URL of the document"),
                _RAW_CONTEXT[0],
                Column("kind", STR, "top, iframe, popup, or the element that embeds it, where known"),
                Column("time_stamp", TIME, "First seen"),
            ),
        ),
        Table(
            "requests",
            "one HTTP(S) or WebSocket request; each hop of a redirect is a row",
            (
                *_VISIT,
                *_FRAME,
                Column("request_id", STR, "The browser's number; the hops of a redirect share it"),
                Column("hop", INT, "0 for the first request; 1 more after each redirect, or with a password"),
                Column("url", STR, "URL asked for"),
                Column("method", STR, "GET, POST, …"),
                Column("resource_type", STR, "main_frame, sub_frame, script, xmlhttprequest, … (webRequest)"),
                Column("document_url", STR, "Document that asked"),
                Column("status", INT, "HTTP status; NULL where no response came"),
                Column("error", STR, "Network error; empty if none"),
                Column(
                    "ip", STR, "Address of the peer; the proxy's where one is used; NULL: no server asked"
                ),
                Column("from_cache", BOOL, "Answered by the browser's cache"),
                Column("request_headers", STR, "JSON list of [name, value]"),
                Column("response_headers", STR, "JSON list of [name, value]"),
                Column("size", INT, "Body as received, decoded", "bytes"),
                Column("body_sha256", STR, "SHA-256 of a script's body, key into scripts; else NULL"),
                Column("redirect_url", STR, "Where a redirect led; else NULL"),
                Column("time_stamp", TIME, "Asked"),
                Column("ended", TIME, "Answered or failed; NULL: the visit ended before"),
            ),
        ),
        Table(
            "callstacks",
            "one request that a script asked for: who called",
            (
                *_VISIT,
                Column("request_id", STR, "As in requests"),
                *_CALLER,
            ),
        ),
        Table(
            "scripts",
            "one body of a script, stored once a segment by content",
            (
                Column("sha256", STR, "SHA-256 of the body, hexadecimal"),
                Column("size", INT, "Length", "bytes"),
                Column("content", BYTES, "The body; NULL where a cap cut it"),
            ),
        ),
        *(kind.table for kind in RECORD_KINDS),
        Table(
            "instruments",
            "one API of which uses were recorded: of what is not here, none can be",
            (
                Column("crawl_id", INT, "Number of the run"),
                Column(
                    "symbol",
                    STR,
                    "As in calls; '<object>.*' for all properties of an object, whatever they are",
                ),
                Column("object", STR, "What its symbols begin with, e.g. window.navigator"),
                Column("property", STR, "The property; NULL for all of the object's"),
                Column("excluded", STR, "JSON list of properties that are not recorded; NULL: none of these"),
                Column(
                    "source", STR, "The setting that asked for it: a preset, a file, OpenWPM's, the study's"
                ),
                Column("instrument_sha256", STR, "As in visits; NULL in imports"),
            ),
        ),
    )
}

_ARGUMENTS = tuple(
    Column(f"argument_{i}", STR, f"Argument {i} as text; empty where there is none") for i in range(9)
)

_BY_BROWSER = Column(
    "by_browser",
    BOOL,
    "No script called: the browser's own code did (a native given as a callback); script_url is then that of "
    "the script that passed the native, else the document's (context_url), and the line is absent",
)
_CONTEXT_URL = Column(
    "context_url",
    STR,
    "URL of the origin document: the one whose rights this document or worker has. One with a network "
    "address (http, https) is its own: location. Any other (about:, blob:, data:, javascript:, a "
    "pop-up before its page; sandboxed or not) has the nearest document that surrounds, opened or made "
    "it, with a network address and the same origin (of an opaque origin: that of its maker), by its "
    "address when this one began; a worker that a worker made has that one's. Where no such document "
    "is left, and for shared workers: the visited page where it has that origin, else the origin "
    "itself (https://host/). Imports: see docs/reference/imports.md; the study's: location",
)
_CONTEXT_IN_IFRAME = Column("context_in_iframe", BOOL, "The document of context_url is not a top one")

# The study's 30 columns first, in its order, then ours.
_CALLS = (
    *_ARGUMENTS,
    Column("arguments", STR, "All arguments, a JSON object in text; '{}' for none"),
    Column("arguments_n_keys", INT, "Number of arguments"),
    Column(
        "call_id", STR, "Unique: <file_name>__<row> (imports) or <file_name>__<visit_id>-<ordinal> (crawls)"
    ),
    Column("call_stack", STR, "Whole stack where recorded; else empty"),
    Column("crawl_id", INT, "Number of the run; 1 is the study"),
    Column("file_name", STR, "<crawl_id>_<SHA-224 of location>.json"),
    Column("func_name", STR, "Function that called"),
    Column("in_iframe", BOOL, "The document is not a top one"),
    Column("location", STR, "URL of the document whose realm was called, the frame's own"),
    Column("operation", STR, "get, set, call or set (failed)"),
    Column(
        "script_col",
        INT,
        "Column in the script; NULL where not recorded. Of WebAssembly, whose script_line is the one "
        "that made the module, the offset in the module in bytes",
        "characters",
    ),
    Column("script_line", INT, "Line in the script; NULL where by_browser", "lines"),
    Column("script_loc_eval", STR, "'line N > eval' a level for code made at run time; else empty"),
    Column("script_url", STR, "Script that called"),
    Column("symbol", STR, "Name of the API"),
    Column("time_stamp", TIME, "When"),
    Column(
        "value",
        STR,
        "Value read or written, whole; NULL where only its beginning is known (value_1000): variants of the "
        "study without value, samples made with --value-1000",
    ),
    Column("value_1000", STR, "First 1,000 characters of value"),
    Column("value_len", INT, "Length of the whole value", "characters"),
    Column("valid", BOOL, "True in calls, false in invalid_calls"),
    Column("errors", STR, "Names of the cleaning rules broken, comma-separated; empty in calls"),
)
_CALLS_MORE = (
    Column("visit_id", INT, "The visit; in imports of the study, one a location"),
    Column("frame_id", INT, "Frame within the visit; 0 is the visited page's top document"),
    Column("parent_frame_id", INT, "Frame that embeds it; -1 for a top document; NULL where unknown"),
    Column("top_level_url", STR, "URL of the top document; empty where unknown (the study)"),
    Column("ordinal", INT, "Number of the call within its visit, from 0"),
    Column("realm", STR, "window, worker, sharedworker, serviceworker or worklet"),
    Column("location_host", STR, "Host of location"),
    Column("location_domain", STR, "Registrable domain (eTLD+1) of location"),
    _CONTEXT_URL,
    Column("context_host", STR, "Host of context_url"),
    Column("context_domain", STR, "Registrable domain of context_url"),
    _CONTEXT_IN_IFRAME,
    Column(
        "script_host",
        STR,
        "Host of script_url, of a blob: URL that of its origin (but in the study's data); empty where "
        "it has none",
    ),
    Column("script_domain", STR, "Registrable domain of script_url"),
    Column(
        "is_third_party",
        BOOL,
        "script_domain differs from the page's (of top_level_url where known, else of context_url); a script "
        "without a host in a document or worker without a network address has context_domain for its own",
    ),
    _BY_BROWSER,
    Column("eval_kind", STR, "Kind of the outermost run-time code: eval, Function, …; empty if static"),
    Column("eval_depth", INT, "Levels of run-time code", "levels"),
    Column("repaired", BOOL, "The script's position was malformed and was read again from the frame"),
)

# Of a roll-up's row, whatever it stands for.
_OWNER = Column(
    "location",
    STR,
    "URL of the document; calls made in documents and workers without a network address count with "
    "the document whose rights they have (context_url of calls)",
)
_ALL_IN_FRAMES = Column(
    "in_iframe", BOOL, "The document was in a frame at all of these calls (context_in_iframe of calls)"
)
_N_INHERITED = Column(
    "n_inherited",
    INT,
    "Of n_calls, those made in documents and workers without a network address of their own, which "
    "count with the document whose rights they have; 0 in the study's data",
    "calls",
)
_COUNTS = (
    Column("n_calls", INT, "Calls made, with those the caps cut", "calls"),
    Column("n_valid", INT, "Rows in calls", "calls"),
    Column("n_invalid", INT, "Rows in invalid_calls", "calls"),
    Column("n_dynamic", INT, "Valid calls by dynamic code", "calls"),
    _N_INHERITED,
)

TABLES: dict[str, Table] = {
    t.name: t
    for t in (
        Table("calls", "one valid JavaScript call", (*_CALLS, *_CALLS_MORE), ("call_id",)),
        Table(
            "invalid_calls",
            "one call that broke a cleaning rule: the raw row as it came",
            (
                *RAW["calls"].columns,
                Column("call_id", STR, "As in calls"),
                Column("valid", BOOL, "False"),
                Column("errors", STR, "Names of the cleaning rules broken, comma-separated, in rule order"),
            ),
        ),
        Table(
            "visits",
            "one seed (crawl), or one location (import of the study): its acknowledged attempt",
            (
                *RAW["visits"].columns,
                Column("n_attempts", INT, "Attempts recorded for this seed"),
                Column("site_domain", STR, "Registrable domain of the seed"),
                Column("final_domain", STR, "Registrable domain of the page"),
            ),
            ("crawl_id", "visit_id"),
        ),
        Table("frames", "one document in a frame of an acknowledged visit", RAW["frames"].columns),
        Table(
            "requests",
            "one request of an acknowledged visit",
            (
                *RAW["requests"].columns,
                *_CALLER,
                Column("host", STR, "Host of url"),
                Column("domain", STR, "Registrable domain of url"),
                Column("is_third_party", BOOL, "domain differs from the top document's"),
            ),
        ),
        Table("scripts", "one distinct script body", RAW["scripts"].columns, ("sha256",)),
        *(Table(kind.table.name, kind.kept, kind.table.columns) for kind in RECORD_KINDS),
        Table("instruments", RAW["instruments"].row, RAW["instruments"].columns),
        Table(
            "script_refs",
            "one script on one document: a distinct pair (visit, location, script_url), with counts",
            (
                Column("crawl_id", INT, "Number of the run"),
                Column("visit_id", INT, "The visit"),
                _OWNER,
                Column("script_url", STR, "Script"),
                _ALL_IN_FRAMES,
                Column("top_level_url", STR, "URL of the top document; empty where unknown"),
                Column("location_scheme", STR, "http, https, …"),
                Column("location_host", STR, "Host of location"),
                Column(
                    "location_netloc",
                    STR,
                    "Host and port of location as written: the study's 'location host'",
                ),
                Column("location_domain", STR, "Registrable domain of location"),
                Column("script_scheme", STR, "http, https, blob, …"),
                Column("script_host", STR, "Host of script_url"),
                Column("script_domain", STR, "Registrable domain of script_url"),
                Column("is_third_party", BOOL, "As in calls"),
                Column("n_calls", INT, "Calls made, with those the caps cut", "calls"),
                Column("n_valid", INT, "Rows in calls", "calls"),
                Column("n_invalid", INT, "Rows in invalid_calls", "calls"),
                Column("n_dynamic", INT, "Valid calls with script_loc_eval: made by dynamic code", "calls"),
                _N_INHERITED,
                Column("n_symbols", INT, "Distinct symbols"),
                Column("eval_depth_max", INT, "Deepest dynamic code", "levels"),
                Column("first_time", TIME, "First call"),
                Column("last_time", TIME, "Last call"),
            ),
            ("crawl_id", "visit_id", "location", "script_url"),
        ),
        Table(
            "symbol_counts",
            "one symbol's use on one document by one script",
            (
                Column("crawl_id", INT, "Number of the run"),
                Column("visit_id", INT, "The visit"),
                _OWNER,
                Column("script_url", STR, "Script"),
                Column("symbol", STR, "Name of the API"),
                Column("operation", STR, "get, set, call, set (failed)"),
                Column("location_domain", STR, "Registrable domain of location, as in script_refs"),
                Column("script_domain", STR, "Registrable domain of script_url, as in script_refs"),
                Column("is_third_party", BOOL, "As in script_refs"),
                Column("n_calls", INT, "Calls made, with those the caps cut", "calls"),
                Column("n_valid", INT, "Rows in calls", "calls"),
                Column("n_dynamic", INT, "Of them by dynamic code", "calls"),
            ),
            ("crawl_id", "visit_id", "location", "script_url", "symbol", "operation"),
        ),
        Table(
            "pages",
            "one document (visit and location) with counts",
            (
                Column("crawl_id", INT, "Number of the run"),
                Column("visit_id", INT, "The visit"),
                _OWNER,
                Column("location_host", STR, "Host"),
                Column("location_netloc", STR, "Host and port as written"),
                Column("location_domain", STR, "Registrable domain"),
                _ALL_IN_FRAMES,
                Column("n_scripts", INT, "Distinct scripts that called"),
                Column("n_third_party_scripts", INT, "Of them from another registrable domain"),
                *_COUNTS,
            ),
            ("crawl_id", "visit_id", "location"),
        ),
        Table(
            "documents",
            "one distinct document (location), of all visits together, with counts",
            (
                _OWNER,
                Column("location_host", STR, "Host"),
                Column("location_netloc", STR, "Host and port as written"),
                Column("location_domain", STR, "Registrable domain"),
                _ALL_IN_FRAMES,
                Column("n_scripts", INT, "Distinct scripts that called"),
                Column("n_recorded_scripts", INT, "Of them with a call in calls or invalid_calls"),
                Column("n_valid_scripts", INT, "Of them with a call in calls"),
                Column(
                    "n_third_party_scripts", INT, "Of n_scripts from another registrable domain in any visit"
                ),
                *_COUNTS,
            ),
            ("location",),
        ),
        Table(
            "script_urls",
            "one distinct script_url of the run, with counts",
            (
                Column("script_url", STR, "Script"),
                Column("script_host", STR, "Host of script_url; empty where it has none"),
                Column("script_domain", STR, "Registrable domain of script_url"),
                Column("n_documents", INT, "Distinct documents on which it called"),
                Column("n_recorded_documents", INT, "Of them with a call in calls or invalid_calls"),
                Column("n_valid_documents", INT, "Of them with a call in calls"),
                Column("n_script_refs", INT, "Rows in script_refs: as n_documents, each visit by itself"),
                Column(
                    "n_dynamic_documents", INT, "Of n_documents, those on which dynamic code of it called"
                ),
                Column("dynamic_third_party", BOOL, "On one of these, is_third_party as in script_refs"),
                Column(
                    "dynamic_other_label",
                    BOOL,
                    "On one of these, its registrable domain without the public suffix is another than the "
                    "document's: the study's third party, to whom google.de and google.com are one",
                ),
                *_COUNTS,
            ),
            ("script_url",),
        ),
        Table(
            "hosts",
            "one distinct host in any URL of the run",
            (
                Column("host", STR, "Host name, lower case"),
                Column("domain", STR, "Registrable domain (Public Suffix List)"),
                Column("suffix", STR, "Public suffix, e.g. co.uk"),
                Column("tld", STR, "Last label, e.g. uk"),
                Column("n_locations", INT, "Distinct documents on it"),
                Column("n_scripts", INT, "Distinct scripts on it"),
                Column("n_script_refs", INT, "Pairs of document and script where the script is on it"),
            ),
            ("host",),
        ),
    )
}

PRECRAWL: dict[str, Table] = {
    t.name: t
    for t in (
        Table(
            "sites",
            "one site to visit, in the order of visiting: precrawl/sites.parquet",
            (
                Column("site", STR, "Host name (with port, if any) or URL, as listed, lower case"),
                Column("rank", INT, "Its rank in the list, from 1; its line where the list has no ranks"),
                Column("domain", STR, "Its registrable domain"),
            ),
            ("site",),
        ),
        Table(
            "links",
            "one link found by one vantage point: precrawl/<vantage>.parquet",
            (
                Column("site", STR, "Site as listed"),
                Column("rank", INT, "Its rank in the list, from 1"),
                Column("page", STR, "URL of the page after redirects"),
                Column("link", STR, "The link's URL, without fragment"),
                Column("position", INT, "Number of the link on its page, from 0"),
            ),
        ),
        Table(
            "outcomes",
            "one site at one vantage point: precrawl/<vantage>.outcomes.parquet",
            (
                Column("site", STR, "Site as listed"),
                Column("rank", INT, "Its rank in the list, from 1"),
                Column("outcome", STR, "reached, or the reason why not: dns, tls, timeout, http_404, …"),
                Column("error", STR, "What was said; empty if nothing"),
                Column("page", STR, "URL of the page after redirects; NULL where not reached"),
                Column("status", INT, "HTTP status; NULL where none"),
                Column("n_links", INT, "Links kept"),
                Column("n_invalid_links", INT, "Links that are no valid URL"),
                Column("n_cut_links", INT, "Links that the caps on number and length left out"),
                Column("size", INT, "Body read, decoded", "bytes"),
                Column("started", TIME, "First request"),
                Column("elapsed_s", FLOAT, "Until done", "s"),
            ),
            ("site",),
        ),
        Table(
            "check",
            "one URL checked for loading: precrawl/check.parquet",
            (
                Column("url", STR, "URL as linked"),
                Column("outcome", STR, "reached, or the reason why not, as in outcomes"),
                Column("error", STR, "What was said; empty if nothing"),
                Column("method", STR, "HEAD, or GET where HEAD did not do"),
                Column("status", INT, "HTTP status; NULL where none"),
                Column("final_url", STR, "URL after redirects; NULL where not reached"),
                Column("redirects", pa.list_(STR), "URLs redirected to, in order"),
                Column("content_type", STR, "Content-Type; NULL where not reached"),
                Column("started", TIME, "First request"),
                Column("elapsed_s", FLOAT, "Until done", "s"),
            ),
            ("url",),
        ),
        Table(
            "seeds",
            "one seed: precrawl/seeds.parquet",
            (
                Column("seed", STR, "URL to visit"),
                Column("domain", STR, "Its registrable domain"),
                Column("vantages", pa.list_(STR), "Vantage points that saw it"),
                Column("n_sites", INT, "Distinct sites that link to it"),
                Column("sites", pa.list_(STR), "Sites that link to it (the first 100 by rank)"),
            ),
            ("seed",),
        ),
    )
}
