"""Limits of a replay, each with its unit and reason. Archives come from anywhere."""

OPEN_FILES = 64  # WARC files that are open at the same time
PIECE = 2**20  # bytes read at a time
MOST_PAGES = 10_000_000  # pages of all archives
MOST_HAR_PAGES = 100_000  # pages of a HAR file; those of later ones are left out
MAX_NAME = 1_000  # characters of the id of a page in a HAR file
PAGES_LINE = 1_000_000  # bytes of a line of pages.jsonl: it may hold the text of its page
MOST_CANDIDATES = 2_000  # captures of one path that are compared with a request
MAX_CANDIDATES = 2**24  # characters of their addresses; one may have 100,000
MAX_REQUEST_HEAD = 2**19  # bytes of a request's head: Firefox's limits of cookies and URLs are below
MAX_REQUEST_BODY = 2**30  # bytes of a request's body; longer ones end the connection
MAX_BODY = 2**28  # bytes of the body of a response without its encodings; longer ones are not given
MAX_HELD = 2**30  # bytes of all bodies that are being sent, and of messages of WebSockets that may be
SMALL_ANSWER = 2**16  # bytes below which an answer is not counted among them
HELD_WAIT_S = 10.0  # that an answer waits for room among them; Firefox takes a body in much less
SOCKET_MEMORY = 8  # bytes of memory for a byte of the messages of a WebSocket, which are many small objects
MOST_PROTOCOLS = 100_000  # protocols of WebSockets that are remembered while the archives are read
MOST_HEADERS = 1_000  # of a response; the others are left out
READ = 65_536  # bytes of a connection read at a time
HANDSHAKE_S = 20.0  # for Firefox to say what it wants after it has connected
FRAME_WAIT_S = 60.0  # that a recorded WebSocket waits for the page's next message
MAX_FRAME = 16 * 2**20  # bytes of a message that a page sends by a WebSocket
