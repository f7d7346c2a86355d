"""Every default, cap and timeout of the precrawl, with its unit and reason."""

from dataclasses import asdict, dataclass
from typing import Any

from overscripted import robots

MIB = 2**20

DAY_S = 86_400.0  # the longest time that an option takes
TIMEOUT_S = 60.0  # for one page with its redirects; as in the study
CONNECT_TIMEOUT_S = 20.0  # for one connection; a live host answers within seconds
# Open at once per vantage point. A million sites, of which 5 % time out, take a night.
CONNECTIONS = 100
FILES = 64  # that a process has open besides its connections
PACE_S = 1.0  # a registrable domain rests between two visits of one vantage point
# A server that wants us to wait longer than this is not asked again: http_429, http_503.
MAX_RETRY_AFTER_S = 120.0
MAX_RETRIES = 2  # of a page whose server answers with Retry-After
PROXY_PATIENCE_S = 60.0  # a vantage point stops when its proxy is away for longer; it can be resumed
LEASE_SLACK_S = 30.0  # a domain that a dead process held is free again after the timeout and this
# Sites that a vantage point may be ahead of the slowest one: all shall see the web at the same time.
MAX_LEAD = 500

MAX_BODY = 16 * MIB  # bytes as sent; the largest real home pages have a third of this
MAX_DECODED = 16 * MIB  # bytes after decompression; stops decompression bombs
MAX_REDIRECTS = 20  # per page, as in Firefox
MAX_LINKS = 10_000  # recorded per page; the rest is counted
MAX_LINK_LENGTH = 8_192  # characters; longer links are only counted, as no server takes them
# A process parses pages above this size one at a time: a DOM needs ten times the memory of its page.
BIG_PAGE = 2 * MIB

# CPU time for one page. 16 MiB of ordinary HTML take half a second, a hostile page takes hours.
PARSE_S = 10.0

MAX_WAITING = 10_000  # sites of one process that wait until their registrable domain is free
SEED_SITES = 100  # sites named per seed
JOURNAL_BYTES = 8 * MIB  # a journal becomes a part of the run at this size
JOURNAL_AGE_S = 60.0  # or at this age, where the store is remote: a lost machine loses no more
SYNC_S = 1.0  # a power failure loses the results of this time at most; a killed process loses none
STOP_S = 3.0  # after Ctrl-C, pages under way have this time to end

USER_AGENT = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"  # a desktop, as in the study
)
ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
ACCEPT_ENCODING = "gzip, deflate, br, zstd"
ACCEPT_LANGUAGE = "en-US,en;q=0.5"


@dataclass(frozen=True)
class Settings:
    """The settings of one precrawl. Times in seconds, sizes in bytes."""

    links: str = "outbound"
    timeout_s: float = TIMEOUT_S
    connect_timeout_s: float = CONNECT_TIMEOUT_S
    connections: int = CONNECTIONS
    processes: int = 0  # per vantage point; 0: the cores are shared among the vantage points
    pace_s: float = PACE_S
    ca: str | None = None
    allow_private: bool = False
    contact: str | None = None
    respect_robots: bool = False
    robots_unreachable: str = robots.DISALLOW  # or ALLOW: what a robots.txt means that cannot be read
    max_body: int = MAX_BODY
    max_decoded: int = MAX_DECODED
    max_links: int = MAX_LINKS
    parse_s: float = PARSE_S
    proxy_patience_s: float = PROXY_PATIENCE_S

    @property
    def user_agent(self) -> str:
        """The User-Agent header, with the contact URL if there is one."""
        return f"{USER_AGENT} (+{self.contact})" if self.contact else USER_AGENT

    def recorded(self) -> dict[str, Any]:
        """As run.json records them."""
        return asdict(self)
