"""The demo's settings: what it runs with, each value with its unit and reason."""

# Four vantage points, as the study had four residential addresses. Only names: all are this machine.
VANTAGES = ("amsterdam", "sao-paulo", "tokyo", "toronto")

# Seconds on each page after its load. The product's default is 10, as in the study; every page of the
# demo has done its work within one second of its load.
DWELL_S = 2.0

# Windows at once: as many as leave each page the CPU that it needs, on whatever machine this is.
WINDOWS = "auto"

# Seconds a page may take to load before the crawl gives up: the demo's slow pages never end.
LOAD_TIMEOUT_S = 12.0

# Seconds a site may take in the precrawl: the demo's slow sites never end; the others take one at most, but
# several where the machine is busy, for their servers are on it as well.
PRECRAWL_TIMEOUT_S = 12.0

# Seconds between two visits of one domain in the precrawl: these servers are our own.
PACE_S = 0.1

# Bytes of a request's head that the proxies read: longer than any browser sends.
MAX_HEAD = 64 * 1024

# Bytes of a request's body that the proxies read and throw away: recorders post their events.
MAX_BODY = 16 * 1024 * 1024

# Seconds a "slow" page keeps its reader waiting: beyond every timeout the demo and its tests use.
SLOW_S = 600.0

# Bytes of the "huge" page: more than a news page, little enough for a demo.
HUGE_BYTES = 3 * 1024 * 1024
