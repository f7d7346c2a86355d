"""Modules of WebAssembly."""

from overscripted.columns import FRAME, INT, STR, TIME, VISIT, Column, Table
from overscripted.record_kinds.kind import RecordKind

WASM_MODULES = RecordKind(
    Table(
        "wasm_modules",
        "one compilation of a WebAssembly module by a document or worker",
        (
            *VISIT,
            *FRAME,
            Column("location", STR, "URL of the document or worker that compiled it"),
            Column("realm", STR, "Kind of the realm: window, worker, sharedworker or serviceworker"),
            Column(
                "made_by",
                STR,
                "What compiled it: WebAssembly.compile, WebAssembly.instantiate, WebAssembly.Module, "
                "WebAssembly.compileStreaming or WebAssembly.instantiateStreaming",
            ),
            Column(
                "source",
                STR,
                "URL of the response whose body was compiled; empty if the bytes were in memory",
            ),
            Column(
                "request_id",
                STR,
                "The request of that response, as in requests; NULL if there is none or it is not known",
            ),
            Column(
                "script_url",
                STR,
                "URL of the calling script; empty if the browser's own code made the call",
            ),
            Column("script_line", INT, "Line of the call; NULL if it is not known", "lines"),
            Column("script_col", INT, "Column of the call; NULL if it is not known", "characters"),
            Column(
                "sha256",
                STR,
                "SHA-256 of the module's bytes, hexadecimal, the key of the table contents; NULL if they are "
                "over a cap or not known",
            ),
            Column("size", INT, "Length of the module; NULL if it is not known", "bytes"),
            Column("time_stamp", TIME, "When it was compiled"),
        ),
    ),
    kept="one compilation of a WebAssembly module in an acknowledged visit",
    message="wasm_module",
    by_realm=False,
    order=("crawl_id", "visit_id", "time_stamp", "frame_id", "script_url"),
    has_content=True,
)
