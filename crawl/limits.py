"""What holds a crawl back: the limit that a worker has reached, since when, and each for how long in all."""

import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from overscripted.crawl import settings
from overscripted.progress import duration


class Limit(StrEnum):
    """Why a worker has no more visits under way."""

    START = "start"  # Firefox is being started
    WINDOWS = "windows"  # all that were asked for are in use
    CPU = "cpu"
    MEMORY = "memory"
    PER_DOMAIN = "per_domain"
    PACE = "pace"
    RETRIES = "retries"  # the seeds that wait are to be tried again, a little later
    SEEDS = "seeds"  # none waits
    STORE = "store"  # records cannot be written, or not fast enough
    FRONTIER = "frontier"  # its database does not answer
    PROXY = "proxy"
    STOP = "stop"  # it was asked to stop


# As the user knows them: what the line of progress and the last line of a crawl say.
NAMES = {
    Limit.START: "Firefox's start",
    Limit.WINDOWS: "--windows",
    Limit.CPU: "the CPU",
    Limit.MEMORY: "memory",
    Limit.PER_DOMAIN: "--per-domain",
    Limit.PACE: "--pace",
    Limit.RETRIES: "--retries",
    Limit.SEEDS: "the end of the seeds",
    Limit.STORE: "the store",
    Limit.FRONTIER: "--frontier",
    Limit.PROXY: "--proxy",
    Limit.STOP: "the request to stop",
}


@dataclass(frozen=True)
class Reached:
    """A limit that is reached. ``why`` has the facts and the remedy, ``value`` what the option was given."""

    limit: Limit
    why: str
    value: str = ""

    @property
    def by(self) -> str:
        """Its name, such as ``--per-domain 6``."""
        return f"{NAMES[self.limit]} {self.value}".rstrip()


START = Reached(Limit.START, "no page can be visited before")
STOP = Reached(Limit.STOP, "visits under way are finished, no other is begun")
SEEDS = Reached(Limit.SEEDS, "no seed waits, the last visits are under way")
RETRIES = Reached(Limit.RETRIES, "all waiting seeds failed or starved of CPU, and are tried again in a while")


def per_domain(most: int) -> Reached:
    """Every domain with waiting seeds has its visits."""
    visits = f"{most} visits under way, or over and not yet written"
    why = f"all waiting seeds belong to domains that have {visits}; raise --per-domain"
    return Reached(Limit.PER_DOMAIN, why, str(most))


def pace(seconds: float) -> Reached:
    """Every domain with waiting seeds had a visit just now."""
    why = "all waiting seeds belong to domains that were visited just now; lower --pace"
    return Reached(Limit.PACE, why, f"{seconds:g}")


def store(url: str, error: str) -> Reached:
    """The store is slow or away; ``error`` is the last one that it gave, if any."""
    why = f"it cannot be written ({_line(error)})" if error else "it takes long to write"
    return Reached(Limit.STORE, f"{url}: {why}")


def frontier(error: str) -> Reached:
    """The frontier's database is away."""
    return Reached(Limit.FRONTIER, _line(error))


def proxy(url: str) -> Reached:
    """The user's proxy is away."""
    return Reached(Limit.PROXY, "it is away; start it again", url)


def of_seeds(limit: Limit, most: int, pace_s: float) -> Reached:
    """A limit that the frontier named, with ``most`` visits per domain and the pace that were asked for."""
    if limit is Limit.PER_DOMAIN:
        return per_domain(most)
    if limit is Limit.PACE:
        return pace(pace_s)
    return RETRIES if limit is Limit.RETRIES else SEEDS


def _line(error: str) -> str:
    """What others said, without what a terminal would obey."""
    return "".join(c if c.isprintable() else " " for c in error)[:300]


class LimitClock:
    """Keeps the time of each limit. Told by `reach` whenever what holds the worker back was looked at."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._looked = self._since = clock()
        self._at = self._present = Limit.START  # what was seen last, and what is told
        self._words = {Limit.START: START}
        self._seconds: defaultdict[Limit, float] = defaultdict(float)
        self._lately: deque[tuple[Limit, float]] = deque()  # of the last seconds, the oldest first

    def reach(self, reached: Reached) -> None:
        """This is the limit from now on."""
        self._pass()
        self._at = reached.limit
        self._words[reached.limit] = reached

    @property
    def present(self) -> Reached:
        """The limit of most of the last seconds: limits take turns, and a line that follows says nothing."""
        self._pass()
        return self._words[self._present]

    @property
    def since_s(self) -> float:
        """Seconds since the present limit is the one."""
        return self._clock() - self._since

    def seconds(self) -> dict[str, float]:
        """Seconds of each limit since the start, the longest first."""
        self._pass()
        longest = sorted(self._seconds.items(), key=lambda item: -item[1])
        return {limit.value: round(seconds, 1) for limit, seconds in longest if round(seconds, 1)}

    def line(self) -> str:
        """The present limit, for how long, and what to do about it."""
        present = self.present
        return f"held back by {present.by} for {duration(self.since_s)}: {present.why}"

    def _pass(self) -> None:
        """Time has passed under the limit that was seen last."""
        now = self._clock()
        passed, self._looked = now - self._looked, now
        self._seconds[self._at] += passed
        if self._lately and self._lately[-1][0] is self._at:
            passed += self._lately.pop()[1]
        self._lately.append((self._at, passed))
        before = self._shares()
        self._forget()
        shares = self._shares()
        most = max(shares, key=lambda limit: (shares[limit], limit is self._present))
        if most is not self._present:
            self._present, self._since = most, now - before[most]

    def _shares(self) -> dict[Limit, float]:
        """Seconds of each limit lately."""
        shares: defaultdict[Limit, float] = defaultdict(float)
        for limit, seconds in self._lately:
            shares[limit] += seconds
        return shares

    def _forget(self) -> None:
        """What is longer ago than the last seconds."""
        over = sum(seconds for _, seconds in self._lately) - settings.LIMIT_SPAN_S
        while over > 0:
            limit, seconds = self._lately.popleft()
            if seconds > over:
                self._lately.appendleft((limit, seconds - over))
            over -= seconds
