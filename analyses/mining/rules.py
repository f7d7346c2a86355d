"""How much speaks for it that a page mines: five signs, and the levels that they make together.

The set of rules is ours (``overscripted2026``). No sign alone is a proof: a chat has sockets, a captcha
hashes, a game computes. ``minesweeper2018`` is the set of Konoth et al. (CCS 2018), as far as its tool
decides by modules and messages: a module that fits three of its five families, or a message with its pattern.
"""

from dataclasses import dataclass, field

from overscripted.analyses.mining.exchange import Exchange
from overscripted.analyses.mining.primitives import HASHES, MIN_FAMILIES, OTHER, WORK, Judged
from overscripted.analyses.mining.workers import Load, Pool

SUSPECTED, WORKS, MINES = 1, 2, 3
LEVELS = {MINES: "mines", WORKS: "works", SUSPECTED: "suspected", 0: "none"}
_RANK = {OTHER: 0, HASHES: 1, WORK: 2}


@dataclass
class Signs:
    """What one visit shows.

    ``hosts``: listed miners' hosts that it asks. ``modules``: (SHA-256, script, what it computes). ``talks``:
    sockets on which anything of an exchange with a pool was said.
    """

    hosts: list[str] = field(default_factory=list)
    modules: list[tuple[str, str, Judged]] = field(default_factory=list)
    talks: list[Exchange] = field(default_factory=list)
    pool: Pool | None = None
    load: Load | None = None

    @property
    def module(self) -> tuple[str, str, Judged] | None:
        """The module that hashes most; None without any."""
        best = max(self.modules, key=lambda one: (_RANK[one[2].kind], one[2].share, one[0]), default=None)
        return best if best and best[2].kind != OTHER else None

    @property
    def hashes(self) -> bool:
        """Whether a module hashes."""
        return self.module is not None

    @property
    def work(self) -> bool:
        """Whether a module is a proof of work."""
        return self.module is not None and self.module[2].kind == WORK

    @property
    def talk(self) -> Exchange | None:
        """The socket with the most of an exchange."""
        return max(self.talks, key=lambda talk: (talk.whole, len(talk.said), talk.url), default=None)

    @property
    def exchange(self) -> bool:
        """Whether there was an exchange with a pool."""
        return any(talk.whole for talk in self.talks)

    @property
    def full(self) -> bool:
        """Whether there are as many workers as cores."""
        return self.pool is not None and self.pool.full

    @property
    def computes(self) -> bool:
        """Whether workers compute while nothing happens on the page."""
        return self.load is not None and self.load.computes

    @property
    def scripts(self) -> list[tuple[str, str]]:
        """The scripts behind the signs, each with what it does; those that are known."""
        found = []
        if self.module:
            found.append((self.module[1], "compiles a module"))
        if self.pool and self.full:
            found.append((self.pool.maker or self.pool.worker_url, "makes workers"))
        if self.talk and self.exchange:
            found.append((self.talk.script_url, "talks with a pool"))
        return [(script, does) for script, does in found if script]

    @property
    def level(self) -> int:
        """The level of ``overscripted2026``: `MINES`, `WORKS`, `SUSPECTED` or 0."""
        if self.exchange and (self.hashes or self.computes):
            return MINES
        if self.work and (self.full or self.computes):
            return WORKS
        if self.exchange or self.work or self.hosts or (self.hashes and self.full and self.computes):
            return SUSPECTED
        return 0

    @property
    def near(self) -> bool:
        """Whether there is any sign, or half an exchange."""
        return self.hashes or self.full or self.computes or bool(self.talks)

    @property
    def minesweeper(self) -> bool:
        """Whether it is a miner by ``minesweeper2018``."""
        fits = any(len(judged.families) >= MIN_FAMILIES for _sha256, _script, judged in self.modules)
        return fits or any(talk.minesweeper for talk in self.talks)

    @property
    def lacks(self) -> str:
        """The signs that are not there, each with the condition that failed."""
        lacking = []
        if not self.exchange:
            lacking.append(f"no exchange with a pool{f' ({self.talk.lacks})' if self.talk else ''}")
        if not self.hashes:
            best = max((judged.share for _sha256, _script, judged in self.modules), default=None)
            lacking.append("no module" if best is None else f"no module that hashes (at most {best:.0%})")
        if not self.full:
            lacking.append(f"no worker for each core{f' ({self.pool.lacks})' if self.pool else ''}")
        if not self.computes:
            lacking.append("workers do not compute all the time")
        return "; ".join(lacking)
