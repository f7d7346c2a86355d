"""Every default, limit and timeout of the crawl, each with its unit and reason."""

from dataclasses import dataclass

from overscripted import robots
from overscripted.crawl.firefox import displays
from overscripted.outcomes import Outcome

# -- A visit ---------------------------------------------------------------------------------
DWELL_S = 10.0  # a page is watched this long after its load event, as in the study
LOAD_TIMEOUT_S = 60.0  # OpenWPM's default; a page without a load event by then is a `timeout`
FLUSH_TIMEOUT_S = (
    30.0  # for the last records: takes milliseconds, on a busy machine many seconds; then `hung`
)
LAST_FLUSH_S = 10.0  # the same for a visit that has failed: its page may be in an endless loop from the start
FOLLOW_S = 5.0  # a page that cut off its own navigation has this long to start the next one
STILL_LOOK_S = 1.0  # between two looks whether a page has stopped its own load
STILL_LOOKS = 3  # looks in a row at which nothing loads: then no load event will come
SETTLE_S = 5.0  # what loads when the dwell ends may finish: on a busy machine pop-ups come seconds late
SETTLE_LOOK_S = 0.2  # between two looks whether it has finished
LATE_DWELL_S = 1.0  # then it is watched this long too, as if it had come in time
DEATH_S = 3.0  # Firefox reports how its process ended within milliseconds, if the machine is not busy
CLOSE_TIMEOUT_S = (
    15.0  # to close the tab of a hung page Firefox needs up to 5 s (then it kills), and some more
)

# -- What is done on a page (--do) ------------------------------------------------------------------
AFTER_ACTIONS_S = 2.0  # before the end of the dwell nothing is done: the page can send what it learned
ACTION_FRAMES = 200  # frames of a page that behaviours look at
ACTION_TEXT = 2_000  # characters of a target or address in `actions`
ACTION_DETAIL = 20_000  # characters of the details of an action
MOST_FOLLOWERS = 50  # visits that follow a seed's own in its container
# Seeds that wait for their second visit (--revisit) beside --windows. Each keeps its container in memory.
MOST_WAITING = 200
LINKS_S = 5.0  # to look at the links of a page and choose some: takes milliseconds
LINKS_LOOKED_AT = 5_000  # links of a page that may be followed: the first ones; a large page has a thousand
LINK_LENGTH = 2_000  # characters of an address that is followed: servers refuse much longer ones
LINKS_TEXT = 500_000  # characters of all links of a page with their texts
ACTION_ANSWER = 1_000_000  # characters of what a page answers to a question of a behaviour
ACTION_ROOTS = 2_000  # open shadow trees of a frame in which an element is looked for
ACTION_PICTURES = 10  # pictures that a behaviour may make in one visit
ACTION_LOOK_S = 0.2  # between two looks whether an element is there
INPUT_STEP_S = 0.016  # between two points of a path of the mouse, as a screen shows them
INPUT_POINTS = 25  # of one path: it takes 0.4 s at most
INPUT_REST_S = 0.1  # between reaching a point and clicking there
INPUT_DOWN_S = 0.05  # that a key or button is down
INPUT_KEY_S = 0.08  # between two keys: a fast typist
INPUT_NOTCH_PX = 120  # that one notch of a wheel scrolls
SCROLL_S = 60.0  # to scroll to the end of a page
SCROLL_STEPS = 60  # windows of a page that are scrolled through: a longer one counts as endless
SCROLL_REST_S = 0.4  # between two of them
SCROLL_LOOKS = 2  # times in a row that the page is at its end: then it has ended
MOUSE_S = 15.0  # to move the mouse over a page
MOUSE_LOOKS = 300  # things in the window that are looked at
MOUSE_PLACES = 8  # of them that the mouse rests on
MOUSE_REST_S = 0.3  # on each
OWN_S = 600.0  # for a behaviour of the user's own
CONSENT_FRAMES = 30  # frames in which consent platforms are looked for
CONSENT_FIND_S = 6.0  # for the first sign of a consent platform: some wait seconds after the load
CONSENT_POPUP_S = 12.0  # for its banner: autoconsent looks ten times, twice a second
CONSENT_LIMIT_S = 30.0  # for all of it: the longest rules open a second layer and wait there
CONSENT_LOST_S = 3.0  # for a banner to come again, where the choice loaded another document
CONSENT_BANNERS = 3  # that are answered: each choice may load another document, with another layer
CONSENT_LAST_S = 1.5  # kept for the consent strings after the choice
CONSENT_LOOK_S = 0.5  # between two looks for new frames
CONSENT_EVAL_S = 1.0  # for what a rule asks of the page, as in autoconsent itself
CONSENT_TEXT = 10_000  # characters of a consent string: long ones have some thousands
FORMS_S = 120.0  # for the fields of a page: a person takes 4 to 8 s for one
FORM_FIELDS = 20  # fields of a visit into which something is typed
FORM_FOUND = 100  # fields of a document that are told apart, and rows of fields that were not reached
FORM_LOOKS = 2_000  # fields of a document that are looked at
FORM_ROOTS = 500  # shadow trees of a document in which fields are looked for
FORM_TEXT = 200  # characters of a label, name or other text of a field
FORM_SMALLEST_PX = 8  # a field that is narrower or lower is not for people
FORM_KEYS = 4  # keys between two looks whether the field still has the focus
FORM_FIELD_S = 4.0  # for a field, without its keys
FORM_SHOW_S = 0.2  # a page may move things when it is scrolled
FORM_SHOWS = 3  # times that a page is scrolled to a field, before something counts as in front of it
FORM_REACT_S = 1.0  # between leaving a field and emptying it: scripts that send what was typed do it by then
FORM_PATIENCE_S = 2  # for the answer of a window: a page in a loop has none

# -- Variants (--variants) -----------------------------------------------------------------------------
BROWSER_BARS_PX = 85  # of a screen: the window of a page is this much lower, for Firefox's own bars

DAY_S = 86_400.0  # the longest time that an option accepts

# -- Records: the most that one visit may bring; what is cut is counted ---------------------------
MAX_VISIT_CALLS = 500_000  # the study's largest location had some 10,000
MAX_VISIT_BYTES = (
    256 * 2**20
)  # of text in one visit, and of its contents with its text: a tenth of a worker's memory
MAX_VISIT_ROWS = 100_000  # of each other table: requests, frames, cookies, console, messages
MAX_VISIT_PROCESSES = (
    1_000  # content processes of a visit that get a row; Firefox needs 0.05 s of CPU for each
)
MAX_TEXT = 1_000_000  # characters of one value, header list, message or stack
CHALLENGE_FRAMES = 100  # frames of the visited page that are looked at for a captcha; a wall has one or two
MAX_FRAMES = 50_000  # distinct frames of a visit that get a number of their own

# -- The archive (--record): the most that one visit may bring; what is cut is counted ------------------
# Bytes as sent: of a body, of one whose length the server does not announce, of all bodies of a visit. So
# many are in the memory of Firefox's parent process at most.
ARCHIVE_CAPS = {"body": 64 * 2**20, "unannounced": 4 * 2**20, "visit": 128 * 2**20}
ARCHIVE_VISIT_BYTES = 128 * 2**20  # of all bodies of a visit, decoded
ARCHIVE_RECORDS_BYTES = 192 * 2**20  # of all records of a visit, with headers and sent bodies
ARCHIVE_FRAMES_BYTES = 16 * 2**20  # of messages of WebSockets of a visit

# -- Segments -----------------------------------------------------------------------------------
SEGMENT_BYTES = 64 * 2**20  # of records in memory: some 8 MB of Parquet, a good size for an object store
SEGMENT_AGE_S = 60.0  # a crash costs at most the visits of this time; `status` is this far behind
BUFFER_BYTES = 4 * SEGMENT_BYTES  # of records while the store is away; above, no new visit starts
STORE_RETRY_S = (0.5, 1, 2, 5, 10, 30)  # pauses between attempts to write; the last one is repeated
STORE_GIVE_UP_S = 3600.0  # a store that is away for an hour needs a person
PROXY_LOOK_S = 1.0  # between two checks of --proxy; one that is away is waited for like the store
STORE_LATE_S = 5.0  # a segment takes a second or two to write; one that takes longer holds the crawl back
MIN_FREE_BYTES = 512 * 2**20  # of a local folder's disk: below, the crawl pauses and says so

# -- Frontier ------------------------------------------------------------------------------------
LEASE_S = 60.0  # a worker without a heartbeat for this long is dead, and its seeds are free
BEAT_S = 10.0  # between two heartbeats: several may fail before a worker is taken for dead
LEASE_LOOKS = 100  # waiting seeds looked at for a lease; then free domains are looked for
PER_DOMAIN = 6  # visits at the same time to one registrable domain by the whole fleet, as a browser connects
NOTE_S = 1.0  # between two updates of what the progress line says holds the crawl back
STATUS_S = 15.0  # between two writes of the status of the whole crawl, for `overscripted status`
OBSTACLE_S = 1.0  # least time between two questions to the frontier why there is no seed to lease
STOP_LOOK_S = 0.2  # between two looks whether another thread has ended the crawl
LIMIT_SPAN_S = 6.0  # the limit shown is that of most of this time, as limits alternate quickly
MAX_ATTEMPTS = 8  # attempts at a seed that end without a visit (killed workers): then it is `lost`
RETRY_DELAY_S = 5.0  # before the second attempt; doubled for each further one

# Outcomes worth another attempt, and how many more. Other outcomes are final.
RETRIES = {
    Outcome.NET_ERROR: 1,
    Outcome.TIMEOUT: 1,
    Outcome.CRASHED: 2,
    Outcome.HUNG: 1,
    Outcome.FAILED: 3,
}
STARVED_RETRIES = 1  # for a visit that shows its page, but lacked the CPU (STARVED_S)
WAITED_RETRIES = 3  # for a visit that may have waited in vain while Firefox drew for other pages
WAITED_SPREAD_S = (
    60.0  # such visits are tried again at different times: one of them may be the page that draws
)

# -- Concurrency and browsers ----------------------------------------------------------------------
START_WINDOWS = 6  # visits at the same time with which `--windows auto` begins
MAX_WINDOWS = 60  # the most of `--windows auto`
MORE_WINDOWS = 2  # added at a time
LOADS_PER_CORE = 2  # pages that load at the same time
LOAD_SLOT_S = (
    2.0  # a page counts as loading for this long at most: it needs the CPU for 1 s, then the network
)
STARVED_S = 1.0  # a page whose 100 ms timer fires this late was measured without the CPU that it needed
BUSY = 0.90  # share of the CPU in use above which no visit is added
MIN_FREE_MEMORY = 0.12  # share of memory that stays free
ADJUST_S = 4.0  # between two changes of the number of visits at the same time
ADJUST_LOOKS = 5  # the reason shown for adding no visit is that of most of these looks
VISITS_PER_BROWSER = 500  # then a new Firefox takes over, without what the old one has gathered
TIDY_VISITS = 40  # visits between two garbage collections of Firefox's parent process
BROWSER_BYTES = 6 * 2**30  # of memory of all its processes: above, a new Firefox takes over
PARENT_BYTES = 4 * 2**30  # of its parent process, where pages draw: above, it is killed, visits are retried
DRAW_S = 20.0  # of drawing without a pause: a page that waits for it may wait for another page's drawing
MEASURE_S = 5.0  # for the last look at the processes of a visit; takes some milliseconds
WATCH_S = 1.0  # between two looks at Firefox's processes: a page can fill a gigabyte per second
PROCESS_BYTES = 2 * 2**30  # of memory of one content process: above, it is killed, its visit is `crashed`
DATA_BYTES = 2 * PROCESS_BYTES  # Linux gives no process of a page more: its allocations then fail
OOM_RANK = 300  # thousandths of memory added to a page's process when the kernel chooses which one to kill
YIELD_CPU_S = 10.0  # of CPU used by one content process: then other processes go first
PROCESS_CPU_S = (
    30.0  # of CPU used by one content process, ten times a heavy page's: then it is killed, `hung`
)


@dataclass(frozen=True)
class Limits:
    """The most that one visit may bring (see above)."""

    calls: int = MAX_VISIT_CALLS
    size: int = MAX_VISIT_BYTES
    rows: int = MAX_VISIT_ROWS
    text: int = MAX_TEXT
    frames: int = MAX_FRAMES
    challenge_frames: int = CHALLENGE_FRAMES


@dataclass(frozen=True)
class Options:
    """The options of a crawl; every field but ``segment_bytes`` is an option of ``overscripted crawl``."""

    dwell_s: float = DWELL_S
    load_timeout_s: float = LOAD_TIMEOUT_S
    windows: int | None = None  # visits at the same time; None: as many as the machine can run
    proxy: str = ""
    authorities: tuple[str, ...] = ()
    allow_private: bool = False
    instrument: str = "default"
    mix_instruments: bool = False
    record: bool = False  # keep all requests and responses in an archive, see `records.recording`
    save: tuple[str, ...] = ()  # kinds of records that are recorded on request, see `record_kinds.saving`
    profile: tuple[str, ...] = ()  # visit all seeds, in order, with one profile, see `kept.words`
    revisit_s: float = 0.0  # visit each page once more after this time; 0: do not
    do: str = ""  # the plan of what is done on each page, see `behaviours.plan`
    variants: str = ""  # file of the variants in which each seed is visited, see `variants.file`
    replay: tuple[str, ...] = ()  # archives that answer in place of the network, see `replay.opening`
    replay_clock: bool = False  # the pages' clock begins when their visit was captured, see `repeat`
    replay_random: bool = False  # their random numbers are the same in each replay
    contact: str = ""
    retries: int = 3
    per_domain: int = PER_DOMAIN
    pace_s: float = 0.0
    respect_robots: bool = False
    robots_unreachable: str = robots.DISALLOW  # or ALLOW: what a robots.txt means that cannot be read
    metrics: str = ""
    firefox: str | None = None
    engine: str = "overscripted"  # or openwpm, see `openwpm.options`
    openwpm: str = ""  # checkout of OpenWPM
    openwpm_python: str = ""  # its Python; empty: that of its environment
    openwpm_config: str = ""  # file of its parameters, see `openwpm.config`
    display: str = displays.HEADLESS  # on what Firefox runs, see `displays`
    popups: str = "block"
    segment_age_s: float = SEGMENT_AGE_S
    segment_bytes: int = SEGMENT_BYTES
    visits_per_browser: int = VISITS_PER_BROWSER
