"""The route of a replay's Firefoxes: to our archive server, and nowhere else."""

from pathlib import Path

from overscripted.certificates import Authority
from overscripted.crawl.browser import Browser
from overscripted.crawl.firefox.profile import Pref
from overscripted.crawl.frontier.queue import Lease
from overscripted.crawl.javascript import function
from overscripted.crawl.network.route import Route, socks_prefs
from overscripted.crawl.repeat import Repeat
from overscripted.crawl.replay.answers import VisitReplay
from overscripted.crawl.replay.matching import normal
from overscripted.crawl.replay.opening import Archives
from overscripted.crawl.replay.server import ArchiveServer
from overscripted.crawl.settings import Options

_REPLAY = function("replay", "js/parent_process/replay.js")

# What could make a connection that no request of a page asks for, or one that cannot be answered.
_NO_OTHER_WAY: dict[str, Pref] = {
    "network.http.altsvc.enabled": False,  # other servers that an answer names: they are not in the archive
    "network.dns.disablePrefetch": True,
    "network.dns.upgrade_with_https_rr": False,
    "network.dns.use_https_rr_as_altsvc": False,
    "network.http.speculative-parallel-limit": 0,  # a connection without a request would look like a miss
}


# Sites that Firefox knows to want https. Archives from before that have them by http. Of our own recordings
# the list is a part: they have what it led to.
_AS_CAPTURED: dict[str, Pref] = {"network.stricttransportsecurity.preloadlist": False}


class ArchiveRoute(Route):
    """The route; `start` it before the first Firefox, and `attach` each of them."""

    def __init__(self, archives: Archives, options: Options) -> None:
        self.proxy, self.guard, self.monitor, self.robots = "", None, None, None
        folder = archives.folder / "authority"
        folder.mkdir(mode=0o700)
        authority = Authority(folder, "Overscripted replay")
        self.authority: Path = authority.ca_file
        self.answers = archives.answers
        self._prefs = {} if archives.index.has_ours() else _AS_CAPTURED
        self._clock, self._random = options.replay_clock, options.replay_random
        self.server = ArchiveServer(self.answers, authority)

    async def start(self) -> None:
        """Start the server."""
        await self.server.start()

    async def stop(self) -> None:
        """Stop the server."""
        await self.server.stop()

    def prefs(self) -> dict[str, Pref]:
        """Firefox's preferences for this route, once it has started."""
        return socks_prefs(self.server.port) | _NO_OTHER_WAY | self._prefs

    async def visit(self, lease: Lease) -> VisitReplay:
        """The archive for a visit."""
        follows = lease.parent_visit_id is not None
        visit = await self.answers.visit(lease.url, lease.seed, lease.variant, lease.wave, follows)
        if self._clock or self._random:
            captured = await self.answers.captured(normal(lease.url), visit) if self._clock else ""
            words = (lease.seed, lease.url, lease.variant, lease.wave, follows)
            visit.repeat = Repeat.of(captured, words if self._random else ())
        return visit

    async def attach(self, browser: Browser) -> None:
        """Let the visits of a browser be answered."""
        password = self.server.admit(browser.tabs.records)
        browser.at_end.callback(self.server.dismiss, password)
        await browser.ask(_REPLAY, str(self.server.port), password)
