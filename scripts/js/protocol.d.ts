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
  readonly DOCUMENT_IN_NO_VISIT: "document in a process of no visit";
  readonly WORKER_IN_NO_VISIT: "worker in a process of no visit";
  readonly DYNAMIC_CODE: "code made from text in a window that has gone";
  readonly VIEWER: "document of a viewer of the browser";
  readonly CUT_SHORT: "document cut short";
  readonly SHARED_STATE: "visit shares HSTS and permissions with others";
  readonly CONSOLE: "console messages over the limit of a document";
  readonly MESSAGE_SIZE: "message over the limit";
  readonly BODY_SIZE: "script body over the limit";
  readonly BODY_CUT_SHORT: "script body cut short";
  readonly BODY_UNREADABLE: "script body unreadable";
  readonly BODIES_SIZE: "script bodies over the limit";
  readonly CONTENTS_SIZE: "contents over the limit";
  readonly MALFORMED: "malformed message";
  readonly TOTALS_LIMIT: "call totals over the limit";
  readonly FRAMES: "frames over the limit";
}

interface Protocol_message {
  readonly REQUEST: "request";
  readonly BODY: "body";
  readonly CALLSTACK: "callstack";
  readonly FRAME: "frame";
  readonly CALLS: "calls";
  readonly COOKIE: "cookie";
  readonly CONSOLE: "console";
  readonly MESSAGES: "messages";
  readonly SERVER_SENT_EVENTS: "server_sent_events";
  readonly WEBSOCKET_MESSAGES: "websocket_messages";
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
    from_cache?: boolean | null;
    request_headers?: string | null;
    response_headers?: string | null;
    size?: number | null;
    body_sha256?: string | null;
    redirect_url?: string | null;
    time_stamp?: number | null;
    ended?: number | null;
  }

  interface Body {
    container_id: string;
    request_id: string;
    encoding: string;
    file: string;
    type: "body";
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
