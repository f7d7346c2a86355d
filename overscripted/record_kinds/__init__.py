"""Kinds of records: each is one declaration, and Firefox sends its rows as messages.

From the declaration follow the message (`crawl.instrument.protocol`), its rows in ``raw/`` (`crawl.records`)
and the table in ``tables/`` with its order and redaction. The etl copies the rows to that table. A new kind
also needs the code that finds its rows: JavaScript in ``crawl/instrument/js/document/records/`` for documents
and in ``crawl/instrument/js/parent_process/records/`` for Firefox's parent process.
"""

from overscripted.record_kinds.actions import ACTIONS
from overscripted.record_kinds.certificates import CERTIFICATES
from overscripted.record_kinds.consents import CONSENTS
from overscripted.record_kinds.console import CONSOLE
from overscripted.record_kinds.cookies import COOKIES
from overscripted.record_kinds.dns_names import DNS_NAMES
from overscripted.record_kinds.kind import RecordKind as RecordKind
from overscripted.record_kinds.messages import MESSAGES
from overscripted.record_kinds.mixed_content import MIXED_CONTENT
from overscripted.record_kinds.navigations import NAVIGATIONS
from overscripted.record_kinds.page_texts import PAGE_TEXTS
from overscripted.record_kinds.replayed_requests import REPLAYED_REQUESTS
from overscripted.record_kinds.request_bodies import REQUEST_BODIES
from overscripted.record_kinds.response_bodies import RESPONSE_BODIES
from overscripted.record_kinds.saved_documents import SAVED_DOCUMENTS
from overscripted.record_kinds.screenshots import SCREENSHOTS
from overscripted.record_kinds.script_insertions import SCRIPT_INSERTIONS
from overscripted.record_kinds.script_loads import SCRIPT_LOADS
from overscripted.record_kinds.server_sent_events import SERVER_SENT_EVENTS
from overscripted.record_kinds.stored_cookies import STORED_COOKIES
from overscripted.record_kinds.stored_items import STORED_ITEMS
from overscripted.record_kinds.tls_connections import TLS_CONNECTIONS
from overscripted.record_kinds.visit_processes import VISIT_PROCESSES
from overscripted.record_kinds.wasm_modules import WASM_MODULES
from overscripted.record_kinds.websocket_messages import WEBSOCKET_MESSAGES

RECORD_KINDS = (
    ACTIONS,
    CONSENTS,
    COOKIES,
    CONSOLE,
    MESSAGES,
    NAVIGATIONS,
    REQUEST_BODIES,
    RESPONSE_BODIES,
    SCRIPT_INSERTIONS,
    SCRIPT_LOADS,
    SERVER_SENT_EVENTS,
    VISIT_PROCESSES,
    WASM_MODULES,
    WEBSOCKET_MESSAGES,
    DNS_NAMES,
    TLS_CONNECTIONS,
    CERTIFICATES,
    MIXED_CONTENT,
    STORED_COOKIES,
    STORED_ITEMS,
    SCREENSHOTS,
    SAVED_DOCUMENTS,
    PAGE_TEXTS,
    REPLAYED_REQUESTS,
)
