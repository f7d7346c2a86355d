"""Every table of a run, column by column: the contract between the stages.

The crawl and the importers write the tables in `RAW` below ``raw/``. From them the etl makes the tables in
`TABLES` below ``tables/``. The reference (``docs/reference/tables.md``) and the validation come from here.
The 30 columns that the study published have its names. Others have OpenWPM's names, where OpenWPM has one.
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

# The document that gives a document or worker its rights, as recorded. The etl completes it (_CONTEXT_URL).
_RAW_CONTEXT = (
    Column(
        "context_url",
        STR,
        "URL of the origin document, as recorded (see context_url of the table calls); empty if unknown",
    ),
    Column("context_in_iframe", BOOL, "Whether the origin document is not a top document"),
)

# The object on which a call was made.
_RECEIVER = (
    Column(
        "receiver",
        INT,
        "Number of the object on which the call was made, for example a canvas, context, audio node, "
        "connection or element. An object keeps its number for the visit, whichever document's function is "
        "called on it, and no other object of the visit has it. Numbers begin with 1 in the order of first "
        "recorded calls; those of a further origin, process or worker begin with 1,000,000,001, and so on. "
        "NULL for objects that a document has only once (navigator, window, screen, document, storage) and "
        "in imports",
    ),
    Column(
        "receiver_owner",
        INT,
        "Number of the object that the receiver belongs to: the canvas of a context, the audio context of an "
        "audio node; NULL if there is none",
    ),
    Column(
        "canvas_width",
        INT,
        "Width of the canvas before the call, if the call reads its pixels (toDataURL, toBlob, "
        "convertToBlob, transferToImageBitmap, getImageData, readPixels); else NULL",
        "pixels",
    ),
    Column("canvas_height", INT, "Height of that canvas", "pixels"),
)

CALL_FIELDS = (
    Column(
        "location",
        STR,
        "URL of the document or worker in which the called API lives (its realm); in a frame,"
        " the URL of the frame's own document",
    ),
    Column("in_iframe", STR, "'true' if the document is not a top document, else 'false'"),
    Column("realm", STR, "Kind of the realm: window, worker, sharedworker, serviceworker or worklet"),
    Column(
        "symbol", STR, "Name of the API, e.g. window.navigator.userAgent or CanvasRenderingContext2D.fillText"
    ),
    Column("operation", STR, "get, set, call or set (failed); imports may contain others"),
    Column(
        "arguments",
        STR,
        "Arguments, as the text of a JSON object with the keys '0', '1', …; NULL if there are none",
    ),
    Column(
        "value",
        STR,
        "Value that was read or written, as text; for a call, the returned value if it was recorded",
    ),
    Column(
        "script_url",
        STR,
        "URL of the script that made the call: the innermost stack frame of the page's own code",
    ),
    Column("script_line", STR, "Line of the call in that script, as recorded"),
    Column("script_col", STR, "Column of the call in that script, as recorded; may be empty"),
    Column("func_name", STR, "Name of the function that made the call; empty for top-level code"),
    Column(
        "script_loc_eval",
        STR,
        "Where code was created at run time: one 'line N > eval' per level; empty for static code",
    ),
    Column(
        "call_stack",
        STR,
        "Whole stack, innermost frame first, one 'FUNC@URL:LINE:COL' per line; may be empty",
    ),
    Column("time_stamp", STR, "Time of the call, ISO 8601 in UTC with milliseconds"),
)

# Columns of a request.
_CALLER = (
    Column(
        "call_stack",
        STR,
        "Stack of the script that made the request, innermost frame first, in Firefox's "
        "notation. NULL if the parser, the user or a worker made it, or if no stack is known",
    ),
    Column("script_url", STR, "URL of the script of the innermost frame of call_stack; NULL without a stack"),
)

RAW: dict[str, Table] = {
    t.name: t
    for t in (
        Table(
            "calls",
            "one recorded JavaScript call, unchanged, valid or not",
            (
                *_VISIT,
                *_FRAME,
                Column(
                    "file_name",
                    STR,
                    "<crawl_id>_<SHA-224 of location>.json: the name that the call's file has in the study",
                ),
                Column("row", INT, "Number of the row in the study's file; in crawls, the same as ordinal"),
                Column(
                    "ordinal",
                    INT,
                    "Number of the call within its attempt, from 0; within a frame it increases with time",
                ),
                *CALL_FIELDS,
                *_RAW_CONTEXT,
                Column("by_browser", BOOL, "Whether the browser's own code made the call, not a script"),
                Column(
                    "value_len",
                    INT,
                    "Length of the whole value if only its beginning is kept; NULL if value is complete",
                    "characters",
                ),
                *_RECEIVER,
            ),
            ("crawl_id", "visit_id", "attempt", "ordinal"),
        ),
        Table(
            "call_totals",
            "one script's use of one symbol in one frame: exact totals, which include calls beyond the caps",
            (
                *_VISIT,
                *_FRAME,
                Column("location", STR, "URL of the document"),
                *_RAW_CONTEXT,
                Column("script_url", STR, "URL of the calling script"),
                Column("symbol", STR, "Name of the API"),
                Column("operation", STR, "As in calls"),
                Column("n_calls", INT, "Calls made", "calls"),
                Column("n_recorded", INT, "Calls that have a row of their own in raw calls", "calls"),
            ),
        ),
        Table(
            "visits",
            "one attempt at one seed, written after all other records of the attempt",
            (
                *_VISIT,
                Column(
                    "site_url", STR, "The seed, as given; of a visit with a parent, the URL that it began at"
                ),
                Column("variant", STR, "Name of the variant of the seed; empty without variants"),
                Column(
                    "wave",
                    INT,
                    "Which crawl of the run's seeds the visit belongs to, from 1; NULL in imports",
                ),
                Column(
                    "parent_visit_id",
                    INT,
                    "Visit that this one followed in the same container; NULL if the visit began at a seed",
                ),
                Column(
                    "behaviours",
                    STR,
                    "What was done on the page after its load, as --do writes it; empty if nothing was",
                ),
                Column("worker_id", STR, "Crawl worker that made the attempt"),
                Column(
                    "outcome",
                    STR,
                    "How the attempt ended: complete, timeout, net_error, … (docs/reference/outcomes.md "
                    "lists all)",
                ),
                Column("error", STR, "Error message of the browser or the worker; empty if there is none"),
                Column("final_url", STR, "URL of the top document after redirects"),
                Column("http_status", INT, "Status of the top document's response"),
                Column("title", STR, "Title of the top document at the end; NULL in most imports"),
                Column(
                    "challenge",
                    STR,
                    "Name of the rule that recognised a bot wall or captcha "
                    "(lists/builtin/challenges.json); NULL if none did",
                ),
                Column("started", TIME, "When the window was opened"),
                Column("loaded", TIME, "When the load event of the top document came"),
                Column("ended", TIME, "When the window was closed"),
                Column("dwell_s", FLOAT, "Time between the load event and the closing of the window", "s"),
                Column(
                    "starved",
                    FLOAT,
                    "Longest time that a process of the page took to answer, which shows how much the "
                    "page lacked CPU",
                    "s",
                ),
                Column("cpu_s", FLOAT, "CPU time of its content processes, see `visit_processes`", "s"),
                Column("worker_cpu_s", FLOAT, "Part of cpu_s in threads of workers", "s"),
                Column(
                    "peak_memory", INT, "Highest memory of all these processes together at one look", "bytes"
                ),
                Column("n_calls", INT, "Number of raw calls of this attempt", "calls"),
                Column("n_dropped", INT, "Calls that were counted but not kept, because of a cap", "calls"),
                Column(
                    "known_gaps",
                    STR,
                    'JSON object of what could not be recorded and how often, e.g. {"worklet": 1}',
                ),
                Column(
                    "saved",
                    STR,
                    "JSON object of the kinds of records that --save turned on, each with its arguments; "
                    "NULL in imports",
                ),
                Column("user_agent", STR, "User-Agent of the browser"),
                Column(
                    "instrument_sha256",
                    STR,
                    "SHA-256 of the settings that select which APIs are recorded (listed in instruments);"
                    " NULL in imports",
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
                Column(
                    "kind", STR, "top, iframe, popup, or the name of the element that embeds it, where known"
                ),
                Column("time_stamp", TIME, "When the document was first seen"),
            ),
        ),
        Table(
            "requests",
            "one HTTP(S) or WebSocket request; each hop of a redirect is a row of its own",
            (
                *_VISIT,
                *_FRAME,
                Column(
                    "request_id",
                    STR,
                    "Number that the browser gave the request; the hops of a redirect share it",
                ),
                Column(
                    "hop",
                    INT,
                    "0 for the first request; 1 more after each redirect, and for a repetition with a "
                    "password",
                ),
                Column("url", STR, "URL that was requested"),
                Column("method", STR, "GET, POST, …"),
                Column("resource_type", STR, "main_frame, sub_frame, script, xmlhttprequest, … (webRequest)"),
                Column("document_url", STR, "URL of the document that made the request"),
                Column("status", INT, "HTTP status; NULL if no response came"),
                Column("error", STR, "Network error; empty if none"),
                Column(
                    "ip",
                    STR,
                    "IP address of the server, or with --proxy of what the browser connects to in its "
                    "place; NULL if no server was asked",
                ),
                Column(
                    "http_version",
                    STR,
                    "Version of HTTP by which the response came: http/1.1, h2, h3, …; NULL if none came, and "
                    "in imports that do not know it",
                ),
                Column("from_cache", BOOL, "Whether the browser's cache answered"),
                Column("request_headers", STR, "JSON list of [name, value]"),
                Column("response_headers", STR, "JSON list of [name, value]"),
                Column("size", INT, "Size of the received body, decoded", "bytes"),
                Column(
                    "body_sha256",
                    STR,
                    "SHA-256 of the body if it is a script's, the key of the table scripts; else NULL",
                ),
                Column("redirect_url", STR, "URL that a redirect led to; NULL if it was no redirect"),
                Column(
                    "upgraded_by",
                    STR,
                    "Why the browser went from http to https by itself: hsts, upgrade-insecure-requests, "
                    "mixed-content, https-first, https-only, https-record (of the DNS), browser (another "
                    "reason); NULL if a server redirected, or nothing did",
                ),
                Column("time_stamp", TIME, "When the request was made"),
                Column(
                    "ended",
                    TIME,
                    "When the request was answered or failed; NULL if the visit ended before that",
                ),
            ),
        ),
        Table(
            "callstacks",
            "one request that a script made, with the stack of that script",
            (
                *_VISIT,
                Column("request_id", STR, "As in requests"),
                *_CALLER,
            ),
        ),
        Table(
            "scripts",
            "one body of a script; a segment stores the same content once",
            (
                Column("sha256", STR, "SHA-256 of the body, hexadecimal"),
                Column("size", INT, "Length of the body", "bytes"),
                Column("content", BYTES, "The body; NULL if it was over a cap"),
            ),
        ),
        *(kind.table for kind in RECORD_KINDS),
        Table(
            "contents",
            "one stored content that is not a script's body; a segment stores the same content once",
            (
                Column("sha256", STR, "SHA-256 of the content, hexadecimal"),
                Column("size", INT, "Length of the content", "bytes"),
                Column("content", BYTES, "The content; NULL if it was over a cap"),
            ),
        ),
        Table(
            "instruments",
            "one API that was instrumented; uses of an API without a row cannot have been recorded",
            (
                Column("crawl_id", INT, "Number of the run"),
                Column(
                    "symbol",
                    STR,
                    "As in calls; '<object>.*' stands for all properties of an object, whatever their names",
                ),
                Column("object", STR, "Beginning of the API's symbols, e.g. window.navigator"),
                Column("property", STR, "Name of the property; NULL for all properties of the object"),
                Column(
                    "excluded", STR, "JSON list of properties that are not recorded; NULL if there are none"
                ),
                Column(
                    "source", STR, "Setting that selected the API: a preset, a file, OpenWPM's or the study's"
                ),
                Column("instrument_sha256", STR, "As in visits; NULL in imports"),
            ),
        ),
        Table(
            "variants",
            "one variant in which every seed of the run is visited",
            (
                Column("crawl_id", INT, "Number of the run"),
                Column("variant", STR, "Its name, as in visits"),
                Column("ordinal", INT, "Its place in the file of --variants, from 0"),
                Column("settings", STR, "JSON object of its settings, as the file of --variants names them"),
            ),
        ),
    )
}

_ARGUMENTS = tuple(
    Column(f"argument_{i}", STR, f"Argument {i} as text; empty if there is none") for i in range(9)
)

_BY_BROWSER = Column(
    "by_browser",
    BOOL,
    "Whether the browser's own code made the call, not a script, because a native "
    "function was given as a callback. Then script_url is the script that passed the "
    "native function, else the document (context_url), and script_line is NULL",
)
_CONTEXT_URL = Column(
    "context_url",
    STR,
    "URL of the origin document, which gives this document or worker its rights. A "
    "document or worker with a network address (http, https) is its own origin document: "
    "the URL is location. Any other one (about:, blob:, data:, javascript:, or a pop-up "
    "before its page; sandboxed or not) gets its rights from the nearest document that "
    "surrounds, opened or created it and has a network address and the same origin. For "
    "an opaque origin, the origin of its creator counts. The URL is the address that the "
    "origin document had when this one began. A worker that a worker created has the URL "
    "of its creator. If no such document is left, and for shared workers, the URL is the "
    "visited page's if that page has the origin, else the origin itself (https://host/). "
    "For imports, see docs/reference/imports.md; in the study's data, the URL is location",
)
_CONTEXT_IN_IFRAME = Column(
    "context_in_iframe", BOOL, "Whether the document of context_url is not a top document"
)

# The study's 30 columns first, in its order, then ours.
_CALLS = (
    *_ARGUMENTS,
    Column("arguments", STR, "All arguments, as the text of a JSON object; '{}' if there are none"),
    Column("arguments_n_keys", INT, "Number of arguments"),
    Column(
        "call_id",
        STR,
        "Unique name of the call: <file_name>__<row> (imports) or <file_name>__<visit_id>-<ordinal> (crawls)",
    ),
    Column("call_stack", STR, "Whole stack if it was recorded, else empty"),
    Column("crawl_id", INT, "Number of the run; 1 is the study"),
    Column("file_name", STR, "<crawl_id>_<SHA-224 of location>.json"),
    Column("func_name", STR, "Name of the function that made the call"),
    Column("in_iframe", BOOL, "Whether the document is not a top document"),
    Column(
        "location",
        STR,
        "URL of the document or worker in which the called API lives (its realm); in a frame,"
        " the URL of the frame's own document",
    ),
    Column("operation", STR, "get, set, call or set (failed)"),
    Column(
        "script_col",
        INT,
        "Column in the script; NULL if it was not recorded. For WebAssembly, it is the offset"
        " in the module in bytes, and script_line is the line that created the module",
        "characters",
    ),
    Column(
        "script_line",
        INT,
        "Line in the script; NULL if by_browser is true, or if an import's tool did not record it",
        "lines",
    ),
    Column("script_loc_eval", STR, "One 'line N > eval' per level for code created at run time, else empty"),
    Column("script_url", STR, "URL of the calling script"),
    Column("symbol", STR, "Name of the API"),
    Column("time_stamp", TIME, "Time of the call; NULL if an import's tool did not record it"),
    Column(
        "value",
        STR,
        "Complete value that was read or written. NULL if only its beginning is known "
        "(value_1000), as in variants of the study without value and in samples made with "
        "--value-1000",
    ),
    Column("value_1000", STR, "First 1,000 characters of value"),
    Column("value_len", INT, "Length of the whole value", "characters"),
    Column("valid", BOOL, "True in calls, false in invalid_calls"),
    Column("errors", STR, "Names of the cleaning rules that the call broke, comma-separated; empty in calls"),
)
_CALLS_MORE = (
    Column("visit_id", INT, "Number of the visit; in imports of the study, each location is one visit"),
    Column("frame_id", INT, "Number of the frame within the visit; 0 is the visited page's top document"),
    Column(
        "parent_frame_id", INT, "Number of the frame that embeds it; -1 for a top document; NULL if unknown"
    ),
    Column("top_level_url", STR, "URL of the top document; empty if unknown, as in the study's data"),
    Column("ordinal", INT, "Number of the call within its visit, from 0"),
    Column("realm", STR, "Kind of the realm: window, worker, sharedworker, serviceworker or worklet"),
    Column("location_host", STR, "Host of location"),
    Column("location_domain", STR, "Registrable domain (eTLD+1) of location"),
    _CONTEXT_URL,
    Column("context_host", STR, "Host of context_url"),
    Column("context_domain", STR, "Registrable domain of context_url"),
    _CONTEXT_IN_IFRAME,
    Column(
        "script_host",
        STR,
        "Host of script_url; for a blob: URL, the host of its origin (except in the study's "
        "data); empty if there is none",
    ),
    Column("script_domain", STR, "Registrable domain of script_url"),
    Column(
        "is_third_party",
        BOOL,
        "Whether script_domain differs from the page's domain (the domain of top_level_url if"
        " known, else of context_url). For a script without a host in a document or worker "
        "without a network address, context_domain takes the place of script_domain",
    ),
    _BY_BROWSER,
    Column(
        "eval_kind",
        STR,
        "Kind of the outermost code created at run time: eval, Function, …; empty for static code",
    ),
    Column("eval_depth", INT, "Levels of code created at run time", "levels"),
    Column(
        "repaired",
        BOOL,
        "Whether the script's position was malformed and was read again from the stack frame",
    ),
    *_RECEIVER,
)

# What tells groups of visits apart that must not be counted together (`overscripted.visit_groups`).
_REACHED_BY = Column(
    "reached_by",
    STR,
    "How the visit reached its page: seed, link (it followed a link of its parent's page), or revisit (it "
    "visited its parent's URL once more)",
)
_GROUP = (
    Column("variant", STR, "Variant of the visits, as in visits"),
    Column("wave", INT, "Wave of the visits, from 1"),
    Column("reached_by", STR, "How the visits reached their pages, as in visits"),
)

# Columns that several roll-ups have.
_OWNER = Column(
    "location",
    STR,
    "URL of the document. Calls made in a document or worker without a network address "
    "count for the document that gives it its rights (context_url of calls)",
)
_ALL_IN_FRAMES = Column(
    "in_iframe",
    BOOL,
    "Whether the document was in a frame at all of these calls (context_in_iframe of calls)",
)
_N_INHERITED = Column(
    "n_inherited",
    INT,
    "How many of n_calls were made in documents and workers without a network address of "
    "their own; such calls count for the document that gives the rights. 0 in the study's"
    " data",
    "calls",
)
_COUNTS = (
    Column("n_calls", INT, "Calls made, including calls beyond the caps", "calls"),
    Column("n_valid", INT, "Rows in calls", "calls"),
    Column("n_invalid", INT, "Rows in invalid_calls", "calls"),
    Column("n_dynamic", INT, "Valid calls made by dynamic code", "calls"),
    _N_INHERITED,
)

TABLES: dict[str, Table] = {
    t.name: t
    for t in (
        Table("calls", "one valid JavaScript call", (*_CALLS, *_CALLS_MORE), ("call_id",)),
        Table(
            "invalid_calls",
            "one call that broke a cleaning rule: the raw row, unchanged",
            (
                *RAW["calls"].columns,
                Column("call_id", STR, "As in calls"),
                Column("valid", BOOL, "Always false"),
                Column(
                    "errors",
                    STR,
                    "Names of the cleaning rules that the call broke, comma-separated, in the order of "
                    "the rules",
                ),
            ),
        ),
        Table(
            "visits",
            "the acknowledged attempt at one seed (crawl) or one location (import of the study)",
            (
                *RAW["visits"].columns,
                _REACHED_BY,
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
                Column("is_third_party", BOOL, "Whether domain differs from the top document's domain"),
                Column(
                    "request_body_sha256",
                    STR,
                    "sha256 of the body that it sent, in request_bodies and contents; NULL without one",
                ),
                Column(
                    "request_body_size", INT, "Length of the body that it sent; NULL if it sent none", "bytes"
                ),
            ),
        ),
        Table("scripts", "one distinct script body", RAW["scripts"].columns, ("sha256",)),
        *(Table(kind.table.name, kind.kept, kind.table.columns) for kind in RECORD_KINDS),
        Table(
            "contents",
            "one distinct content that another table names: a body, page or picture, but no script's body",
            RAW["contents"].columns,
            ("sha256",),
        ),
        Table(
            "script_edges",
            "one way in which a script came into a frame: who inserted, imported or made it, and where",
            (
                *_VISIT,
                _FRAME[0],
                Column(
                    "script_url", STR, "URL of the script; of code made from text, of the code that made it"
                ),
                Column(
                    "script_loc_eval",
                    STR,
                    "Where code was made from text, as in calls; empty for scripts with a URL of their own",
                ),
                Column(
                    "how",
                    STR,
                    "parser, inserted (a script element), document.write, import (of a module), worker, "
                    "shared worker, service worker, importScripts, eval (also a timer with text), Function, "
                    "AsyncFunction, GeneratorFunction, AsyncGeneratorFunction, handler (an attribute with "
                    "text) or javascript: (a URL)",
                ),
                Column(
                    "parent_url",
                    STR,
                    "URL of the script, module or worker that did it; NULL if the parser did, or if it is "
                    "not known",
                ),
                Column("parent_loc_eval", STR, "As script_loc_eval, of the parent"),
                Column("parent_line", INT, "Line in the parent; NULL if it is not known", "lines"),
                Column("parent_col", INT, "Column in the parent; NULL if it is not known", "characters"),
                Column("n", INT, "How often", "times"),
                Column("first_time", TIME, "When first"),
            ),
            (
                "crawl_id",
                "visit_id",
                "frame_id",
                "script_url",
                "script_loc_eval",
                "how",
                "parent_url",
                "parent_loc_eval",
                "parent_line",
                "parent_col",
            ),
        ),
        Table("instruments", RAW["instruments"].row, RAW["instruments"].columns),
        Table("variants", RAW["variants"].row, RAW["variants"].columns, ("crawl_id", "variant")),
        Table(
            "script_refs",
            "one script on one document, that is one distinct combination of visit, location and "
            "script_url, with counts",
            (
                Column("crawl_id", INT, "Number of the run"),
                Column("visit_id", INT, "Number of the visit"),
                *_GROUP,
                _OWNER,
                Column("script_url", STR, "URL of the script"),
                _ALL_IN_FRAMES,
                Column("top_level_url", STR, "URL of the top document; empty if unknown"),
                Column("location_scheme", STR, "http, https, …"),
                Column("location_host", STR, "Host of location"),
                Column(
                    "location_netloc",
                    STR,
                    "Host and port of location as written, which the study called 'location host'",
                ),
                Column("location_domain", STR, "Registrable domain of location"),
                Column("script_scheme", STR, "http, https, blob, …"),
                Column("script_host", STR, "Host of script_url"),
                Column("script_domain", STR, "Registrable domain of script_url"),
                Column("is_third_party", BOOL, "As in calls"),
                Column("n_calls", INT, "Calls made, including calls beyond the caps", "calls"),
                Column("n_valid", INT, "Rows in calls", "calls"),
                Column("n_invalid", INT, "Rows in invalid_calls", "calls"),
                Column(
                    "n_dynamic",
                    INT,
                    "Valid calls made by dynamic code (their script_loc_eval is not empty)",
                    "calls",
                ),
                _N_INHERITED,
                Column("n_symbols", INT, "Distinct symbols"),
                Column("eval_depth_max", INT, "Greatest number of levels of dynamic code", "levels"),
                Column("first_time", TIME, "Time of the first call"),
                Column("last_time", TIME, "Time of the last call"),
            ),
            ("crawl_id", "visit_id", "location", "script_url"),
        ),
        Table(
            "symbol_counts",
            "one operation on one symbol by one script on one document, with counts",
            (
                Column("crawl_id", INT, "Number of the run"),
                Column("visit_id", INT, "Number of the visit"),
                _OWNER,
                Column("script_url", STR, "URL of the script"),
                Column("symbol", STR, "Name of the API"),
                Column("operation", STR, "get, set, call or set (failed)"),
                Column("location_domain", STR, "Registrable domain of location, as in script_refs"),
                Column("script_domain", STR, "Registrable domain of script_url, as in script_refs"),
                Column("is_third_party", BOOL, "As in script_refs"),
                Column("n_calls", INT, "Calls made, including calls beyond the caps", "calls"),
                Column("n_valid", INT, "Rows in calls", "calls"),
                Column("n_dynamic", INT, "How many of n_valid were made by dynamic code", "calls"),
            ),
            ("crawl_id", "visit_id", "location", "script_url", "symbol", "operation"),
        ),
        Table(
            "symbol_arguments",
            "one distinct argument with which a script used a symbol on one object, in one part of the calls",
            (
                Column("crawl_id", INT, "Number of the run"),
                Column("visit_id", INT, "Number of the visit"),
                _OWNER,
                Column("script_url", STR, "URL of the script"),
                Column("realm", STR, "As in calls"),
                Column(
                    "symbol",
                    STR,
                    "One of the symbols of canvas, WebGL, fonts, listeners and observers whose arguments "
                    "rules ask for (etl/transforms/symbol_arguments.py lists them)",
                ),
                Column("operation", STR, "As in calls"),
                Column(
                    "object",
                    INT,
                    "Object that the calls belong to: receiver_owner of calls, else receiver. For a context "
                    "of a canvas it is the canvas. NULL in imports",
                ),
                Column(
                    "argument",
                    STR,
                    "First argument, of setProperty, getShaderPrecisionFormat and observe the second; of a "
                    "set the value. The first 1,000 characters; empty where it does not matter",
                ),
                Column("n_characters", INT, "Distinct characters (code points) of argument", "characters"),
                Column("ascii_length", INT, "Number of ASCII characters in argument", "characters"),
                Column("canvas_width", INT, "As in calls", "pixels"),
                Column("canvas_height", INT, "As in calls", "pixels"),
                Column(
                    "area_width", INT, "Width of the area that getImageData or readPixels reads", "pixels"
                ),
                Column("area_height", INT, "Height of that area", "pixels"),
                Column("n_calls", INT, "Valid calls; those beyond the caps are not among them", "calls"),
                Column("first_ordinal", INT, "ordinal of the first of them in calls"),
                Column("first_time", TIME, "Time of the first of them"),
            ),
        ),
        Table(
            "pages",
            "one document (visit and location) with counts",
            (
                Column("crawl_id", INT, "Number of the run"),
                Column("visit_id", INT, "Number of the visit"),
                *_GROUP,
                _OWNER,
                Column("location_host", STR, "Host of location"),
                Column("location_netloc", STR, "Host and port of location as written"),
                Column("location_domain", STR, "Registrable domain of location"),
                _ALL_IN_FRAMES,
                Column("n_scripts", INT, "Distinct scripts that made calls"),
                Column(
                    "n_third_party_scripts", INT, "How many of n_scripts are from another registrable domain"
                ),
                *_COUNTS,
            ),
            ("crawl_id", "visit_id", "location"),
        ),
        Table(
            "documents",
            "one distinct document (location), of all visits of one variant and wave that reached their "
            "pages in the same way, with counts",
            (
                *_GROUP,
                _OWNER,
                Column("location_host", STR, "Host of location"),
                Column("location_netloc", STR, "Host and port of location as written"),
                Column("location_domain", STR, "Registrable domain of location"),
                _ALL_IN_FRAMES,
                Column("n_scripts", INT, "Distinct scripts that made calls"),
                Column(
                    "n_recorded_scripts", INT, "How many of n_scripts have a call in calls or invalid_calls"
                ),
                Column("n_valid_scripts", INT, "How many of n_scripts have a call in calls"),
                Column(
                    "n_third_party_scripts",
                    INT,
                    "How many of n_scripts are from another registrable domain in any visit",
                ),
                *_COUNTS,
            ),
            ("variant", "wave", "reached_by", "location"),
        ),
        Table(
            "script_urls",
            "one distinct script_url, of all visits of one variant and wave that reached their pages in the "
            "same way, with counts",
            (
                *_GROUP,
                Column("script_url", STR, "URL of the script"),
                Column("script_host", STR, "Host of script_url; empty if there is none"),
                Column("script_domain", STR, "Registrable domain of script_url"),
                Column("n_documents", INT, "Distinct documents on which this script made calls"),
                Column(
                    "n_recorded_documents",
                    INT,
                    "How many of n_documents have a call by this script in calls or invalid_calls",
                ),
                Column(
                    "n_valid_documents", INT, "How many of n_documents have a call by this script in calls"
                ),
                Column(
                    "n_script_refs",
                    INT,
                    "Rows in script_refs: like n_documents, but each visit counts separately",
                ),
                Column(
                    "n_dynamic_documents",
                    INT,
                    "How many of n_documents have calls by dynamic code of this script",
                ),
                Column(
                    "dynamic_third_party",
                    BOOL,
                    "Whether this script is a third party (is_third_party of script_refs) on one of the "
                    "n_dynamic_documents",
                ),
                Column(
                    "dynamic_other_label",
                    BOOL,
                    "Whether, on one of the n_dynamic_documents, this script's registrable domain without"
                    " the public suffix differs from the document's. This is what the study called a "
                    "third party; google.de and google.com are then the same",
                ),
                *_COUNTS,
            ),
            ("variant", "wave", "reached_by", "script_url"),
        ),
        Table(
            "hosts",
            "one distinct host in any URL of the run",
            (
                Column("host", STR, "Host name, lower case"),
                Column("domain", STR, "Registrable domain (Public Suffix List)"),
                Column("suffix", STR, "Public suffix, e.g. co.uk"),
                Column("tld", STR, "Last label, e.g. uk"),
                Column("n_locations", INT, "Distinct documents on this host"),
                Column("n_scripts", INT, "Distinct scripts on this host"),
                Column(
                    "n_script_refs", INT, "Pairs of document and script in which the script is on this host"
                ),
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
            "one site to visit, in the order of the visits: precrawl/sites.parquet",
            (
                Column("site", STR, "Host name (with port, if any) or URL, as listed, lower case"),
                Column(
                    "rank",
                    INT,
                    "Its rank in the list, from 1; the number of its line if the list has no ranks",
                ),
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
                Column(
                    "outcome",
                    STR,
                    "reached, or the reason why not: dns, tls, timeout, http_404, … "
                    "(docs/reference/outcomes.md lists all)",
                ),
                Column("error", STR, "Error message; empty if there is none"),
                Column("page", STR, "URL of the page after redirects; NULL if it was not reached"),
                Column("status", INT, "HTTP status; NULL if there is none"),
                Column("n_links", INT, "Links kept"),
                Column("n_invalid_links", INT, "Links that are not valid URLs"),
                Column("n_cut_links", INT, "Links that the caps on number and length left out"),
                Column("size", INT, "Size of the body that was read, decoded", "bytes"),
                Column("started", TIME, "Time of the first request"),
                Column("elapsed_s", FLOAT, "Time until it was done", "s"),
            ),
            ("site",),
        ),
        Table(
            "check",
            "one URL checked for loading: precrawl/check.parquet",
            (
                Column("url", STR, "URL as linked"),
                Column("outcome", STR, "reached, or the reason why not, as in outcomes"),
                Column("error", STR, "Error message; empty if there is none"),
                Column("method", STR, "HEAD, or GET if HEAD failed"),
                Column("status", INT, "HTTP status; NULL if there is none"),
                Column("final_url", STR, "URL after redirects; NULL if it was not reached"),
                Column("redirects", pa.list_(STR), "URLs that redirects led to, in order"),
                Column("content_type", STR, "Content-Type; NULL if it was not reached"),
                Column("started", TIME, "Time of the first request"),
                Column("elapsed_s", FLOAT, "Time until it was done", "s"),
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
