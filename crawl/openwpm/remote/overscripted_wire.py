"""What a crawl worker and OpenWPM's processes say to each other: JSON, an object a line, over a Unix socket.

Two of OpenWPM's processes connect to the worker's socket: the one of OpenWPM's task manager (``MANAGER``) and
the one of its storage controller (``STORAGE``). Both sides import this file, so it uses nothing but the
standard library, and runs on every Python that OpenWPM 0.3x runs on.
"""

import json
from typing import Any

# Bytes of a line with its end. A longer record is not sent, but counted (`GAP`).
MAX_LINE = 32 * 2**20
# Characters of one text of a record. What is longer is cut.
MAX_TEXT = 1_000_000

# The environment variable by which every process of one OpenWPM is known. Its value is that one's folder.
MARK = "OVERSCRIPTED_OPENWPM"
# In that folder: the worker's socket, what the processes are told at their start, and bodies by their hash.
SOCKET, ORDERS, CONTENTS = "socket", "orders.json", "contents"
# Characters of a file's name among the bodies: SHA-256 in hexadecimal.
NAME_CHARS = 64

# -- Who connects: the first line of a connection is {"kind": HELLO, "role": …} ----------------------
HELLO = "hello"
MANAGER, STORAGE = "manager", "storage"

# -- The task manager's process to the worker --------------------------------------------------------
# {"kind": READY}: all browsers have started
READY = "ready"
# {"kind": FREE, "browser": index}: this browser takes a visit. Sent once for each visit, and at the start.
FREE = "free"
# {"kind": FAILED, "error": text}: OpenWPM cannot go on. The process ends.
FAILED = "failed"

# -- The worker to the task manager's process --------------------------------------------------------
# {"kind": VISIT, "browser": index, "visit_id": number, "attempt": number, "url": text}
VISIT = "visit"
# {"kind": STOP}: close OpenWPM and end
STOP = "stop"

# -- The storage controller's process to the worker --------------------------------------------------
# {"kind": RECORD, "table": name, "visit_id": number, "record": {…}, "cut": number of texts that are cut}
RECORD = "record"
# {"kind": GAP, "table": name, "visit_id": number}: a record that is too long to be sent
GAP = "gap"
# {"kind": END, "visit_id": number, "interrupted": bool}: OpenWPM takes the visit for over
END = "end"


def line(message: dict[str, Any]) -> bytes:
    """A message as one line of ASCII."""
    return json.dumps(message, separators=(",", ":")).encode("ascii") + b"\n"


def message(text: bytes) -> dict[str, Any]:
    """The message of a line. Raises ValueError for anything else."""
    try:
        found = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(found, dict) or not isinstance(found.get("kind"), str):
        raise ValueError("no message: it has no kind")
    return found
