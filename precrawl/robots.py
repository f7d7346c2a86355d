"""Reads robots.txt for `--respect-robots` with the client of a vantage point."""

from overscripted import robots
from overscripted.outcomes import Reason
from overscripted.precrawl import body
from overscripted.precrawl.client import Client
from overscripted.precrawl.failure import NETWORK_ERRORS, Failure, classify
from overscripted.robots import Reading, Rules

# No request reaches the origin: its pages share this outcome, which says more than `robots_unreachable`.
_NO_CONNECTION = {
    Reason.DNS,
    Reason.REFUSED,
    Reason.UNREACHABLE,
    Reason.TLS,
    Reason.PROXY,
    Reason.PRIVATE,
}


class Robots:
    """The rules of each origin, shared by the threads of a process.

    ``unreachable``: what it means that a robots.txt cannot be read, ``disallow`` or ``allow``.
    """

    def __init__(self, unreachable: str) -> None:
        self._unreachable = unreachable
        self._cache = robots.Cache()

    def check(self, client: Client, url: str) -> None:
        """Raise Failure where the URL may not be requested. Reads the robots.txt of a new origin."""
        if (rules := self._rules(client, url)) is None or rules.allow(url):
            return
        if rules.unreachable:
            raise Failure(Reason.ROBOTS_UNREACHABLE, f"robots.txt: {rules.unreachable}")
        raise Failure(Reason.ROBOTS, f"{url[:200]} is disallowed")

    def _rules(self, client: Client, url: str) -> Rules | None:
        if (location := robots.location(url)) is None:
            return None
        if (rules := self._cache.get(location)) is None:
            rules = self._read(client, location)
            if not client.deadline.cut:  # else the page had no time left, for whatever reason
                self._cache.put(location, rules)
        return rules

    def _read(self, client: Client, location: str) -> Rules:
        """Raises Failure where the origin cannot be connected to, and ProxyAway."""
        reading = Reading(location, self._unreachable)
        while reading.rules is None:
            try:
                self._request(client, reading)
            except (Failure, *NETWORK_ERRORS) as error:
                failure = classify(error, client.deadline.cut)
                disallow = self._unreachable == robots.DISALLOW
                if failure.reason in _NO_CONNECTION and not reading.redirects and disallow:
                    raise failure from error
                reading.failed(f"{failure.reason}: {failure.text}")
        return reading.rules

    def _request(self, client: Client, reading: Reading) -> None:
        response = client.send("GET", reading.url)
        try:
            client.deadline.remaining()  # a cut within the headers looks like their end
            status, data = response.status_code, b""
            if robots.holds_rules(status):
                data = body.beginning(response, client.deadline, robots.MAX_BYTES)
            reading.answered(status, response.headers.get("Location"), data)
        finally:
            response.raw.close()
