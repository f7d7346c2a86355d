"""Limits of a replay, each with its unit and reason. Archives come from anywhere."""

OPEN_FILES = 64  # WARC files that are open at the same time
PIECE = 2**20  # bytes read at a time
MOST_PAGES = 10_000_000  # pages of all archives
PAGES_LINE = 1_000_000  # bytes of a line of pages.jsonl: it may hold the text of its page
MOST_CANDIDATES = 2_000  # captures of one path that are compared with a request
MAX_REQUEST_HEAD = 2**19  # bytes of a request's head: Firefox's limits of cookies and URLs are below
MAX_REQUEST_BODY = 2**30  # bytes of a request's body; longer ones end the connection
MAX_BODY = 2**28  # bytes of the body of a response without its encodings; longer ones are not given
MOST_HEADERS = 1_000  # of a response; the others are left out
READ = 65_536  # bytes of a connection read at a time
HANDSHAKE_S = 20.0  # for Firefox to say what it wants after it has connected
FRAME_WAIT_S = 60.0  # that a recorded WebSocket waits for the page's next message
MAX_FRAME = 16 * 2**20  # bytes of a message that a page sends by a WebSocket
