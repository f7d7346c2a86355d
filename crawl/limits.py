"""What holds a worker back: the limit that it has reached, since when, and the total time of each limit."""

import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from overscripted.crawl import settings
from overscripted.progress import duration


class Limit(StrEnum):
    """Why a worker has no more visits in progress."""

    START = "start"  # Firefox is being started
    WINDOWS = "windows"  # as many visits as allowed are in progress
    CPU = "cpu"
    MEMORY = "memory"
    PER_DOMAIN = "per_domain"
    PACE = "pace"
    RETRIES = "retries"  # all waiting seeds are to be tried again a little later
    SEEDS = "seeds"  # no seed waits
    PROFILE = "profile"  # one visit is made at a time with a kept profile
    STORE = "store"  # records cannot be written, or not fast enough
    FRONTIER = "frontier"  # the database does not answer
    PROXY = "proxy"
    STOP = "stop"  # the worker was asked to stop


# Names that the user knows, for the progress line and the last line of a crawl.
NAMES = {
    Limit.START: "Firefox's start",
    Limit.WINDOWS: "--windows",
    Limit.CPU: "the CPU",
    Limit.MEMORY: "memory",
    Limit.PER_DOMAIN: "--per-domain",
    Limit.PACE: "--pace",
    Limit.RETRIES: "--retries",
    Limit.SEEDS: "the end of the seeds",
    Limit.PROFILE: "the kept profile",
    Limit.STORE: "the store",
    Limit.FRONTIER: "--frontier",
    Limit.PROXY: "--proxy",
    Limit.STOP: "the request to stop",
}


@dataclass(frozen=True)
class Reached:
    """A limit that is reached. ``why`` gives facts and remedy, ``value`` is the value of the option."""

    limit: Limit
    why: str
    value: str = ""

    @property
    def by(self) -> str:
        """Its name, such as ``--per-domain 6``."""
        return f"{NAMES[self.limit]} {self.value}".rstrip()


START = Reached(Limit.START, "no page can be visited before it has started")
STOP = Reached(Limit.STOP, "visits in progress are finished, no other is started")
SEEDS = Reached(Limit.SEEDS, "no seed waits, the last visits are in progress")
RETRIES = Reached(Limit.RETRIES, "all waiting seeds failed or lacked CPU, and are tried again a little later")
PROFILE = Reached(Limit.PROFILE, "one page is visited at a time with it; use a run without for other seeds")


def per_domain(most: int) -> Reached:
    """Every domain with waiting seeds has as many visits as allowed."""
    visits = f"{most} visits in progress, or ended and not yet written"
    why = f"all waiting seeds belong to domains that have {visits}; raise --per-domain"
    return Reached(Limit.PER_DOMAIN, why, str(most))


def pace(seconds: float) -> Reached:
    """Every domain with waiting seeds was visited a moment ago."""
    why = "all waiting seeds belong to domains that were visited just now; lower --pace"
    return Reached(Limit.PACE, why, f"{seconds:g}")


def store(url: str, error: str) -> Reached:
    """The store is slow or away; ``error`` is its last error, if any."""
    why = f"it cannot be written ({_line(error)})" if error else "it takes long to write"
    return Reached(Limit.STORE, f"{url}: {why}")


def frontier(error: str) -> Reached:
    """The frontier's database is away."""
    return Reached(Limit.FRONTIER, _line(error))


def proxy(url: str) -> Reached:
    """The user's proxy is away."""
    return Reached(Limit.PROXY, "it is away; start it again", url)


def of_seeds(limit: Limit, most: int, pace_s: float) -> Reached:
    """A limit that the frontier named. ``most`` visits per domain and ``pace_s`` are the options."""
    if limit is Limit.PER_DOMAIN:
        return per_domain(most)
    if limit is Limit.PACE:
        return pace(pace_s)
    return RETRIES if limit is Limit.RETRIES else SEEDS


def _line(error: str) -> str:
    """An error of other software, without control characters that a terminal would obey."""
    return "".join(c if c.isprintable() else " " for c in error)[:300]


class LimitClock:
    """Measures the time under each limit. Call `reach` at each look at what holds the worker back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._looked = self._since = clock()
        self._last = self._present = Limit.START  # at the last look, and the one that is shown
        self._reached = {Limit.START: START}
        self._seconds: defaultdict[Limit, float] = defaultdict(float)
        self._recent: deque[tuple[Limit, float]] = (
            deque()
        )  # seconds under limits in the last LIMIT_SPAN_S, the oldest first

    def reach(self, reached: Reached) -> None:
        """Note that this is the limit from now on."""
        self._pass()
        self._last = reached.limit
        self._reached[reached.limit] = reached

    @property
    def present(self) -> Reached:
        """The limit of most of the last seconds: limits alternate too quickly to show each one."""
        self._pass()
        return self._reached[self._present]

    @property
    def since_s(self) -> float:
        """Seconds since the present limit became the present one."""
        return self._clock() - self._since

    def seconds(self) -> dict[str, float]:
        """Seconds under each limit since the start, the longest first."""
        self._pass()
        longest = sorted(self._seconds.items(), key=lambda item: -item[1])
        return {limit.value: round(seconds, 1) for limit, seconds in longest if round(seconds, 1)}

    def line(self) -> str:
        """The present limit, for how long it holds, and what to do about it."""
        present = self.present
        return f"held back by {present.by} for {duration(self.since_s)}: {present.why}"

    def _pass(self) -> None:
        """Add the time since the last look to the limit of that look."""
        now = self._clock()
        passed, self._looked = now - self._looked, now
        self._seconds[self._last] += passed
        if self._recent and self._recent[-1][0] is self._last:
            passed += self._recent.pop()[1]
        self._recent.append((self._last, passed))
        before = self._shares()
        self._forget()
        shares = self._shares()
        most = max(shares, key=lambda limit: (shares[limit], limit is self._present))
        if most is not self._present:
            self._present, self._since = most, now - before[most]

    def _shares(self) -> dict[Limit, float]:
        """Seconds under each limit in the last LIMIT_SPAN_S."""
        shares: defaultdict[Limit, float] = defaultdict(float)
        for limit, seconds in self._recent:
            shares[limit] += seconds
        return shares

    def _forget(self) -> None:
        """Drop what is longer ago than LIMIT_SPAN_S."""
        over = sum(seconds for _, seconds in self._recent) - settings.LIMIT_SPAN_S
        while over > 0:
            limit, seconds = self._recent.popleft()
            if seconds > over:
                self._recent.appendleft((limit, seconds - over))
            over -= seconds
