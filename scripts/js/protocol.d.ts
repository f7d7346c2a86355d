// Generated from crawl/instrument/protocol.py by `make docs`; a test keeps it current.

interface Protocol_operation {
  readonly GET: 0;
  readonly SET: 1;
  readonly CALL: 2;
  readonly SET_FAILED: 3;
}

interface Protocol_gap {
  readonly WORKER_FROM_URL: "worker from url";
  readonly WORKER_FROM_BLOB: "worker from blob";
  readonly WORKER_FROM_DATA: "worker from data";
  readonly WORKER_TASK: "worker task not watched to its end";
  readonly WORKER_DEPTH: "worker not watched after deep recursion";
  readonly WORKER_CALL: "worker call not recorded";
  readonly CALL: "call not recorded";
  readonly WORKLET: "worklet";
  readonly WEBSOCKET: "websocket not watched";
  readonly WEBSOCKETS_COUNT: "websocket messages no longer counted";
  readonly EVENT_SOURCE: "event source not watched";
  readonly DOCUMENT: "document not instrumented";
  readonly REPEATABLE: "not repeatable";
  readonly DOCUMENT_IN_NO_VISIT: "document in a process of no visit";
  readonly WORKER_IN_NO_VISIT: "worker in a process of no visit";
  readonly DYNAMIC_CODE: "code made from text in a window that has gone";
  readonly VIEWER: "document of a viewer of the browser";
  readonly CUT_SHORT: "document cut short";
  readonly SHARED_STATE: "visit shares HSTS and permissions with others";
  readonly EARLIER_VISIT: "message of an earlier visit";
  readonly CONSOLE: "console messages over the limit of a document";
  readonly MESSAGE_SIZE: "message over the limit";
  readonly BODY_SIZE: "script body over the limit";
  readonly BODY_CUT_SHORT: "script body cut short";
  readonly BODY_UNREADABLE: "script body unreadable";
  readonly BODIES_SIZE: "script bodies over the limit";
  readonly REQUEST_BODY_SIZE: "request body over the limit";
  readonly REQUEST_BODIES_SIZE: "request bodies over the limit";
  readonly REQUEST_BODY_UNREADABLE: "request body unreadable";
  readonly RESPONSE_BODY_SIZE: "response body over the limit";
  readonly RESPONSE_BODIES_SIZE: "response bodies over the limit";
  readonly RESPONSE_BODY_CUT_SHORT: "response body cut short";
  readonly RESPONSE_BODY_UNREADABLE: "response body unreadable";
  readonly ARCHIVE_SIZE: "archived bodies over the limit";
  readonly ARCHIVE_REQUESTS: "archived requests over the limit";
  readonly ARCHIVE_FAILED: "archived request not written";
  readonly ARCHIVE_FRAMES: "archived websocket messages over the limit";
  readonly CONTENTS_SIZE: "contents over the limit";
  readonly CONTENT_LOST: "content not handed over";
  readonly FILES_LATE: "contents written too late";
  readonly WASM_SIZE: "webassembly module over the limit";
  readonly WASM_ROWS: "webassembly modules over the limit";
  readonly WASM_UNKNOWN: "webassembly module without its bytes";
  readonly MALFORMED: "malformed message";
  readonly TOTALS_LIMIT: "call totals over the limit";
  readonly STORED_ITEMS: "stored items over the limit";
  readonly STORED_VALUES: "stored values over the limit";
  readonly STORED_TIME: "storage not read in time";
  readonly STORED_UNREAD: "storage not read";
  readonly STORED_FILES: "files of an origin not read";
  readonly FRAMES: "frames over the limit";
  readonly RECEIVERS: "receivers over the limit";
}

interface Protocol_message {
  readonly REQUEST: "request";
  readonly BODY: "body";
  readonly ARCHIVE_BODY: "archive_body";
  readonly CALLSTACK: "callstack";
  readonly FRAME: "frame";
  readonly CALLS: "calls";
  readonly COOKIE: "cookie";
  readonly CONSOLE: "console";
  readonly MESSAGES: "messages";
  readonly NAVIGATION: "navigation";
  readonly REQUEST_BODIES: "request_bodies";
  readonly RESPONSE_BODIES: "response_bodies";
  readonly SCRIPT_INSERTIONS: "script_insertions";
  readonly SCRIPT_LOAD: "script_load";
  readonly SERVER_SENT_EVENTS: "server_sent_events";
  readonly WASM_MODULE: "wasm_module";
  readonly WEBSOCKET_MESSAGES: "websocket_messages";
  readonly DNS_NAMES: "dns_names";
  readonly TLS_CONNECTIONS: "tls_connections";
  readonly CERTIFICATES: "certificates";
  readonly MIXED_CONTENT: "mixed_content";
  readonly STORED_COOKIE: "stored_cookie";
  readonly STORED_ITEM: "stored_item";
  readonly SCREENSHOTS: "screenshots";
  readonly SAVED_DOCUMENTS: "saved_documents";
  readonly PAGE_TEXTS: "page_texts";
  readonly GAP: "gap";
  readonly LOST: "lost";
  readonly FLUSHED: "flushed";
}

declare const PROTOCOL: {
  readonly operation: Protocol_operation;
  readonly gap: Protocol_gap;
  readonly message: Protocol_message;
  readonly labels: readonly string[];
  readonly ofRealms: readonly string[];
};

/** The options of `crawl --save` that are on, each with its arguments. */
declare const SAVED: { readonly [option: string]: readonly string[] };
/** Caps of bodies in bytes, of a crawl with --record; else null. */
declare const ARCHIVE: { readonly [cap: string]: number } | null;

/** Caps that replace those of our scripts, by their names. */
declare const CAPS: { readonly [name: string]: number };

declare namespace Protocol {
  /** A message as a realm sends it. Firefox's parent process adds the visit and frame. */
  type FromRealm<T> = Omit<T, keyof Realm | "type">;

  interface Realm {
    container_id: string;
    tab: number;
    frame: number;
    parent: number;
    top: string;
    context?: string;
    framed?: boolean;
    origin?: string;
  }

  interface Call {
    time: number;
    symbol: string;
    operation: string;
    arguments?: string;
    value: string;
    value_len?: number;
    caller: string;
    by_browser?: boolean;
    call_stack?: string;
    receiver?: number;
    receiver_owner?: number;
    canvas_width?: number;
    canvas_height?: number;
  }

  interface Total {
    script_url: string;
    symbol: string;
    operation: string;
    n_calls: number;
    n_recorded: number;
  }

  interface Item {
    object: string;
    name: string;
    properties?: (string)[];
    excluded?: (string)[];
    stack?: boolean;
    functions?: boolean;
    bytes?: boolean;
    onlyInWorkers?: boolean;
    setsFonts?: boolean;
    when?: string | (string)[];
  }

  interface Settings {
    mark: string;
    instruments: (Item)[];
    reference?: string;
    caps?: { [name: string]: number };
  }

  interface Request {
    container_id: string;
    tab: number;
    frame: number;
    parent: number;
    top: string;
    completed?: boolean;
    type: "request";
    request_id?: string | null;
    hop?: number | null;
    url?: string | null;
    method?: string | null;
    resource_type?: string | null;
    document_url?: string | null;
    status?: number | null;
    error?: string | null;
    ip?: string | null;
    http_version?: string | null;
    from_cache?: boolean | null;
    request_headers?: string | null;
    response_headers?: string | null;
    size?: number | null;
    body_sha256?: string | null;
    redirect_url?: string | null;
    upgraded_by?: string | null;
    time_stamp?: number | null;
    ended?: number | null;
  }

  interface Body {
    container_id: string;
    request_id: string;
    hop: number;
    encoding: string;
    file: string;
    type: "body";
  }

  interface ArchiveBody {
    container_id: string;
    request_id: string;
    hop: number;
    encoding: string;
    cut: boolean;
    file?: string;
    type: "archive_body";
  }

  interface CallStack {
    container_id: string;
    request_id: string;
    call_stack: string;
    type: "callstack";
  }

  interface Frame {
    container_id: string;
    tab: number;
    frame: number;
    parent: number;
    top: string;
    context?: string;
    framed?: boolean;
    origin?: string;
    url: string;
    kind: string;
    time: number;
    type: "frame";
  }

  interface Calls {
    container_id: string;
    tab: number;
    frame: number;
    parent: number;
    top: string;
    context?: string;
    framed?: boolean;
    origin?: string;
    doc: string;
    location: string;
    realm: string;
    receivers?: string;
    calls: (Call)[];
    totals: (Total)[];
    type: "calls";
  }

  interface Cookie {
    container_id: string;
    type: "cookie";
    host?: string | null;
    name?: string | null;
    value?: string | null;
    path?: string | null;
    expiry?: number | null;
    is_secure?: boolean | null;
    is_http_only?: boolean | null;
    same_site?: string | null;
    first_party_domain?: string | null;
    record_type?: string | null;
    change_cause?: string | null;
    via?: string | null;
    time_stamp?: number | null;
  }

  interface Console {
    container_id: string;
    tab: number;
    frame: number;
    parent: number;
    top: string;
    context?: string;
    framed?: boolean;
    origin?: string;
    type: "console";
    level?: string | null;
    message?: string | null;
    url?: string | null;
    line?: number | null;
    time_stamp?: number | null;
  }

  interface MessagesRow {
    sender: number;
    location?: string | null;
    origin?: string | null;
    data?: string | null;
    time_stamp?: number | null;
  }

  interface Messages {
    container_id: string;
    tab: number;
    frame: number;
    parent: number;
    top: string;
    context?: string;
    framed?: boolean;
    origin?: string;
    type: "messages";
    messages: MessagesRow[];
    cut: number;
  }

  interface Navigation {
    container_id: string;
    tab: number;
    frame: number;
    parent: number;
    top: string;
    type: "navigation";
    initiator: number;
    ordinal?: number | null;
    from_url?: string | null;
    url?: string | null;
    committed_url?: string | null;
    cause?: string | null;
    same_document?: boolean | null;
    outcome?: string | null;
    error?: string | null;
    status?: number | null;
    server_redirects?: number | null;
    request_id?: string | null;
    referrer?: string | null;
    referrer_policy?: string | null;
    initiator_url?: string | null;
    script_url?: string | null;
    call_stack?: string | null;
    user_activation?: boolean | null;
    load_type?: number | null;
    time_stamp?: number | null;
    committed?: number | null;
  }

  interface RequestBodies {
    container_id: string;
    type: "request_bodies";
    file?: string;
    request_id?: string | null;
    hop?: number | null;
    content_type?: string | null;
    size?: number | null;
    n_kept?: number | null;
    sha256?: string | null;
    time_stamp?: number | null;
  }

  interface ResponseBodies {
    container_id: string;
    type: "response_bodies";
    file?: string;
    request_id?: string | null;
    hop?: number | null;
    content_type?: string | null;
    encoding?: string | null;
    size?: number | null;
    sha256?: string | null;
  }

  interface ScriptInsertionsRow {
    location?: string | null;
    how?: string | null;
    script_url?: string | null;
    is_inline?: boolean | null;
    caller?: string | null;
    time_stamp?: number | null;
  }

  interface ScriptInsertions {
    container_id: string;
    tab: number;
    frame: number;
    parent: number;
    top: string;
    context?: string;
    framed?: boolean;
    origin?: string;
    type: "script_insertions";
    insertions: ScriptInsertionsRow[];
    cut: number;
  }

  interface ScriptLoad {
    container_id: string;
    type: "script_load";
    request_id?: string | null;
    loaded_as?: string | null;
    by_parser?: boolean | null;
    referrer?: string | null;
    time_stamp?: number | null;
  }

  interface ServerSentEventsRow {
    ordinal?: number | null;
    event?: string | null;
    event_id?: string | null;
    data?: string | null;
    data_len?: number | null;
    time_stamp?: number | null;
  }

  interface ServerSentEvents {
    container_id: string;
    tab: number;
    frame: number;
    parent: number;
    top: string;
    type: "server_sent_events";
    events: ServerSentEventsRow[];
    cut: number;
    request_id?: string | null;
    url?: string | null;
  }

  interface WasmModule {
    container_id: string;
    tab: number;
    frame: number;
    parent: number;
    top: string;
    type: "wasm_module";
    file?: string;
    location?: string | null;
    realm?: string | null;
    made_by?: string | null;
    source?: string | null;
    request_id?: string | null;
    script_url?: string | null;
    script_line?: number | null;
    script_col?: number | null;
    sha256?: string | null;
    size?: number | null;
    time_stamp?: number | null;
  }

  interface WebsocketMessagesRow {
    ordinal?: number | null;
    direction?: string | null;
    opcode?: string | null;
    size?: number | null;
    data?: string | null;
    bytes?: string | null;
    close_code?: number | null;
    time_stamp?: number | null;
  }

  interface WebsocketMessages {
    container_id: string;
    tab: number;
    frame: number;
    parent: number;
    top: string;
    type: "websocket_messages";
    messages: WebsocketMessagesRow[];
    cut: number;
    request_id?: string | null;
    url?: string | null;
  }

  interface DnsNames {
    container_id: string;
    type: "dns_names";
    host?: string | null;
    canonical_names?: string | null;
    addresses?: string | null;
    used_address?: string | null;
    error?: string | null;
    names_error?: string | null;
    source?: string | null;
    time_stamp?: number | null;
  }

  interface TlsConnections {
    container_id: string;
    type: "tls_connections";
    host?: string | null;
    port?: number | null;
    address?: string | null;
    tls_version?: string | null;
    cipher_suite?: string | null;
    key_exchange?: string | null;
    signature_scheme?: string | null;
    alpn?: string | null;
    has_ech?: boolean | null;
    certificate_sha256?: string | null;
    is_built_in_root?: boolean | null;
    is_ev?: boolean | null;
    certificate_transparency?: string | null;
    error?: string | null;
    time_stamp?: number | null;
  }

  interface Certificates {
    container_id: string;
    type: "certificates";
    file?: string;
    sha256?: string | null;
    size?: number | null;
    subject?: string | null;
    issuer?: string | null;
    serial_number?: string | null;
    not_before?: number | null;
    not_after?: number | null;
    names?: string | null;
    n_names?: number | null;
  }

  interface MixedContentRow {
    location?: string | null;
    url?: string | null;
    action?: string | null;
    time_stamp?: number | null;
  }

  interface MixedContent {
    container_id: string;
    tab: number;
    frame: number;
    parent: number;
    top: string;
    context?: string;
    framed?: boolean;
    origin?: string;
    type: "mixed_content";
    reports: MixedContentRow[];
    cut: number;
  }

  interface StoredCookie {
    container_id: string;
    type: "stored_cookie";
    host?: string | null;
    name?: string | null;
    value?: string | null;
    path?: string | null;
    expiry?: number | null;
    created?: number | null;
    last_accessed?: number | null;
    is_secure?: boolean | null;
    is_http_only?: boolean | null;
    is_host_only?: boolean | null;
    is_partitioned?: boolean | null;
    same_site?: string | null;
    first_party_domain?: string | null;
    schemes?: string | null;
    size?: number | null;
    moment?: string | null;
  }

  interface StoredItem {
    container_id: string;
    type: "stored_item";
    origin?: string | null;
    partition?: string | null;
    kind?: string | null;
    container?: string | null;
    store?: string | null;
    key?: string | null;
    value?: string | null;
    value_len?: number | null;
    extra?: string | null;
    moment?: string | null;
  }

  interface Screenshots {
    container_id: string;
    tab: number;
    frame: number;
    parent: number;
    top: string;
    type: "screenshots";
    file?: string;
    url?: string | null;
    moment?: string | null;
    kind?: string | null;
    mime_type?: string | null;
    width?: number | null;
    height?: number | null;
    is_cut?: boolean | null;
    sha256?: string | null;
    size?: number | null;
    time_stamp?: number | null;
  }

  interface SavedDocuments {
    container_id: string;
    tab: number;
    frame: number;
    parent: number;
    top: string;
    type: "saved_documents";
    file?: string;
    url?: string | null;
    mime_type?: string | null;
    encoding?: string | null;
    n_shadow_roots?: number | null;
    is_cut?: boolean | null;
    sha256?: string | null;
    size?: number | null;
    time_stamp?: number | null;
  }

  interface PageTexts {
    container_id: string;
    tab: number;
    frame: number;
    parent: number;
    top: string;
    type: "page_texts";
    file?: string;
    url?: string | null;
    mime_type?: string | null;
    language?: string | null;
    language_source?: string | null;
    declared_language?: string | null;
    n_characters?: number | null;
    is_cut?: boolean | null;
    sha256?: string | null;
    size?: number | null;
    time_stamp?: number | null;
  }

  interface GapMessage {
    container_id: string;
    context?: string;
    framed?: boolean;
    origin?: string;
    name: string;
    n: number;
    tab?: number;
    frame?: number;
    parent?: number;
    top?: string;
    type: "gap";
  }

  interface Lost {
    type: "lost";
  }

  interface Flushed {
    id: number;
    title: string;
    starved: number | null;
    type: "flushed";
  }

}
