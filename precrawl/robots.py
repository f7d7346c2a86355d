"""robots.txt (RFC 9309), for those who want it respected: one request for each origin, remembered."""

import threading
from collections import OrderedDict

from protego import Protego

from overscripted import robots, urls
from overscripted.precrawl import body
from overscripted.precrawl.client import Client
from overscripted.precrawl.failure import Failure
from overscripted.precrawl.settings import ROBOTS_CACHE

_HOPS = 5  # redirects followed, as the RFC asks
_ALL, _NONE = robots.parse(b""), robots.parse(robots.NONE_ALLOWED)


class Robots:
    """The rules of each origin, shared by the threads of a process."""

    def __init__(self) -> None:
        self._rules: OrderedDict[str, Protego] = OrderedDict()
        self._lock = threading.Lock()

    def allows(self, client: Client, url: str) -> bool:
        """Whether the URL may be fetched. Asks its origin for robots.txt the first time."""
        address = urls.join(url, "/robots.txt") or url
        with self._lock:
            rules = self._rules.get(address)
        if rules is None:
            rules = self._fetch(client, address)
            with self._lock:
                self._rules[address] = rules
                if len(self._rules) > ROBOTS_CACHE:
                    self._rules.popitem(last=False)
        return bool(rules.can_fetch(url, robots.AGENT))

    def _fetch(self, client: Client, address: str) -> Protego:
        """RFC 9309: absent (4xx) allows all, 5xx forbids all. No answer raises: it is that of the page."""
        try:
            for _ in range(_HOPS + 1):
                response = client.send("GET", address)
                try:
                    location = response.headers.get("Location")
                    if response.is_redirect and location:
                        address = urls.join(address, location) or ""
                        if not address.startswith(("http://", "https://")):
                            return _ALL
                        continue
                    if response.status_code >= 500 or response.status_code == 429:
                        return _NONE
                    if response.status_code != 200:
                        return _ALL
                    return robots.parse(body.beginning(response, client.deadline, robots.MAX_BYTES))
                finally:
                    response.raw.close()
        except Failure as failure:
            if failure.reason not in ("too_large", "encoding"):
                raise
        return _ALL
