"""Every default, cap and timeout of the precrawl, with its unit and reason."""

from dataclasses import asdict, dataclass
from typing import Any

from overscripted import robots

MIB = 2**20

DAY_S = 86_400.0  # the longest time that an option may ask for
TIMEOUT_S = 60.0  # total for one page, redirects included; the study's
CONNECT_TIMEOUT_S = 20.0  # one connection; a host that is there answers within seconds
CONNECTIONS = 100  # open at once per vantage point; a night for a million sites, of which 5 % time out
FILES = 64  # that a process has open beside its connections
PACE_S = 1.0  # rest of a registrable domain between two visits of one vantage point
MAX_RETRY_AFTER_S = 120.0  # a server that asks for more patience than this has its say: http_429, http_503
MAX_RETRIES = 2  # of a page that answers Retry-After
PROXY_PATIENCE_S = 60.0  # how long a proxy may be away before the vantage point stops (resumable)
LEASE_SLACK_S = 30.0  # a registrable domain held by a worker that died is free again after timeout + this
MAX_LEAD = 500  # sites a vantage point may be ahead of the slowest beside it: same time, same web

MAX_BODY = 16 * MIB  # bytes read, as sent; the largest real home pages are a third of this
MAX_DECODED = 16 * MIB  # bytes after decompression; a bomb ends here
MAX_REDIRECTS = 20  # as Firefox
MAX_LINKS = 10_000  # kept of one page; the rest counted
MAX_LINK_LENGTH = 8_192  # characters; longer ones are counted, no server takes them
BIG_PAGE = 2 * MIB  # pages above this are parsed one at a time in a process: a DOM is ten times its page

PARSE_S = 10.0  # CPU time for one page; 16 MiB of ordinary HTML take half a second, a hostile one hours

MAX_WAITING = 10_000  # sites put aside by one process until their registrable domain is free
SEED_SITES = 100  # sites named beside a seed
JOURNAL_BYTES = 8 * MIB  # a journal becomes a part of the run at this size
JOURNAL_AGE_S = 60.0  # or at this age, where the store is remote: what a lost machine costs
SYNC_S = 1.0  # at most this much is lost when the power fails; nothing when the process is killed
STOP_S = 3.0  # after Ctrl-C, what is under way may end within this time

USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"  # desktop, as the study
ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
ACCEPT_ENCODING = "gzip, deflate, br, zstd"
ACCEPT_LANGUAGE = "en-US,en;q=0.5"


@dataclass(frozen=True)
class Settings:
    """What a user may set for one precrawl. Times in seconds, sizes in bytes."""

    links: str = "outbound"
    timeout_s: float = TIMEOUT_S
    connect_timeout_s: float = CONNECT_TIMEOUT_S
    connections: int = CONNECTIONS
    processes: int = 0  # per vantage point; 0: as many as there are cores for
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
        """What requests say they are, with the contact URL if there is one."""
        return f"{USER_AGENT} (+{self.contact})" if self.contact else USER_AGENT

    def asked(self) -> dict[str, Any]:
        """As recorded in run.json."""
        return asdict(self)
