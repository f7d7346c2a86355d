"""robots.txt by RFC 9309: how it is requested, what it allows, and how long that holds.

Nothing here sends a request. Each stage sends them with its own client, so that its proxy and its guard
hold for robots.txt too.
"""

import codecs
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from protego import Protego

from overscripted import urls

AGENT = "overscripted"
MAX_BYTES = 512 * 1024  # read of a file; section 2.5 asks for at least 500 KiB
MAX_REDIRECTS = 5  # followed; section 2.3.1.2 asks for at least five
FRESH_S = 86_400.0  # rules are used for so long at most: section 2.4
UNREACHABLE_S = 300.0  # then the server is asked again: most of its errors pass
MAX_ORIGINS = 10_000  # origins with rules that one process remembers
DISALLOW, ALLOW = "disallow", "allow"  # what an unreachable robots.txt means

_REDIRECTS = (301, 302, 303, 307, 308)
# A product token ends where a version or anything else begins.
_AGENT_LINE = re.compile(r"^([ \t]*user[- ]?agent[ \t]*:[ \t]*(?:\*|[a-z_-]+))[^\r\n]*", re.I | re.M)
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def parse(data: bytes) -> Protego:
    """The rules of a file, of which ``data`` holds at most the first MAX_BYTES.

    A byte order mark is no rule. Bytes that are not UTF-8 become U+FFFD. A line that the limit cut in
    two is left out: the beginning of a path would forbid or allow more than the server wrote.
    """
    text = data.decode(_UTF16.get(data[:2], "utf-8"), "replace").lstrip("\ufeff")
    if len(data) >= MAX_BYTES:
        text = text[: max(text.rfind("\n"), text.rfind("\r")) + 1]
    return Protego.parse(_AGENT_LINE.sub(r"\1", text))


@dataclass(frozen=True)
class Rules:
    """What the robots.txt of one origin allows. ``unreachable``: why it could not be read, or empty."""

    parsed: Protego
    unreachable: str = ""

    def allow(self, url: str) -> bool:
        """Whether the URL may be requested. robots.txt itself always may: section 2.2.2."""
        if urls.without_fragment(url) == location(url):
            return True
        return not self.unreachable and bool(self.parsed.can_fetch(url, AGENT))

    @property
    def refusal(self) -> str:
        """Why a URL that these rules do not allow is not visited."""
        unread = f"robots.txt is unreachable ({self.unreachable}), which forbids all"
        return unread if self.unreachable else "robots.txt forbids it"


ALL_ALLOWED = Rules(parse(b""))


def location(url: str) -> str | None:
    """The URL of the robots.txt that holds for a URL; None where the URL is invalid."""
    return urls.join(url, "/robots.txt")


def holds_rules(status: int) -> bool:
    """Whether the body of an answer with this status is to be read."""
    return 200 <= status < 300


class Reading:
    """One robots.txt on its way: request ``url`` and report the answer until ``rules`` is there."""

    def __init__(self, url: str, unreachable: str = DISALLOW) -> None:
        self.url, self.redirects = url, 0
        self.rules: Rules | None = None
        self._policy = unreachable

    def answered(self, status: int, target: str | None = None, body: bytes = b"") -> None:
        """An answer came. ``target``: its Location; ``body``: its first MAX_BYTES, if `holds_rules`."""
        if status in _REDIRECTS and target is not None:
            self._redirect(target)
        elif holds_rules(status):
            self.rules = Rules(parse(body))
        elif status >= 500:
            self.failed(f"status {status}")
        else:
            # Section 2.3.1.3: the statuses 400 to 499 mean that there is no file and all is allowed. It
            # makes no exception for 401, 403 and 429.
            self.rules = ALL_ALLOWED

    def failed(self, reason: str) -> None:
        """No whole answer came: section 2.3.1.4 says that nothing is allowed then."""
        self.rules = ALL_ALLOWED if self._policy == ALLOW else Rules(ALL_ALLOWED.parsed, reason)

    def _redirect(self, target: str) -> None:
        self.redirects += 1
        url = urls.join(self.url, target)
        if self.redirects > MAX_REDIRECTS or url is None or not urls.on_network(url):
            self.rules = ALL_ALLOWED  # section 2.3.1.2: the file may be taken for one that does not exist
        else:
            self.url = urls.without_fragment(url)


class Cache:
    """The rules of each origin, by the URL of its robots.txt, while they are fresh. Safe for threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._rules: OrderedDict[str, tuple[float, Rules]] = OrderedDict()  # with the time they end at
        self._lock = threading.Lock()

    def get(self, url: str) -> Rules | None:
        """The rules; None where there are none that are fresh."""
        with self._lock:
            until, rules = self._rules.get(url, (0.0, None))
            return rules if rules and self._clock() < until else None

    def put(self, url: str, rules: Rules) -> None:
        """Remember rules; the oldest are forgotten beyond MAX_ORIGINS."""
        until = self._clock() + (UNREACHABLE_S if rules.unreachable else FRESH_S)
        with self._lock:
            self._rules[url] = until, rules
            self._rules.move_to_end(url)
            if len(self._rules) > MAX_ORIGINS:
                self._rules.popitem(last=False)
