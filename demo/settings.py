"""Settings of the demo, each with its unit and reason."""

# Four vantage points, as the study had four residential addresses. They are only names for this machine.
VANTAGES = ("amsterdam", "sao-paulo", "tokyo", "toronto")

# Seconds on each page after its load. The default of `crawl` is 10, as in the study; every page
# of the demo finishes within one second after its load.
DWELL_S = 2.0

# Pages visited at the same time: auto finds how many leave each page the CPU that it needs.
WINDOWS = "auto"

# The same for the second crawl: its plans take 7 seconds at most, or longer on a busy machine. Plans end 2
# seconds before the dwell does.
ACTED_DWELL_S = 14.0

# Pages visited at the same time in the second crawl, unless a number is asked for: they mostly wait.
ACTED_WINDOWS = 24

# Seconds a page may take to load before the crawl gives up: the demo's slow pages never end.
LOAD_TIMEOUT_S = 12.0

# Seconds a site may take in the precrawl: the demo's slow sites never end. The others take one second
# at most, or several on a busy machine, because their servers run on it as well.
PRECRAWL_TIMEOUT_S = 12.0

# Seconds between two visits of one domain in the precrawl: the servers are our own.
PACE_S = 0.1

# Bytes of a request's head that the proxies read: longer than the head of any browser.
MAX_HEAD = 64 * 1024

# Bytes of a request's body that the proxies read and drop: recorders post their events.
MAX_BODY = 16 * 1024 * 1024

# Seconds a slow page makes its reader wait: more than every timeout of the demo and its tests.
SLOW_S = 600.0

# Bytes of the huge page: more than a news page, and small enough for a demo.
HUGE_BYTES = 3 * 1024 * 1024
