"""Limits and times of OpenWPM as the engine, each with its unit and reason."""

# -- OpenWPM's processes ---------------------------------------------------------------------------
DESCRIBE_S = 120.0  # to import OpenWPM and check its parameters: takes 3 s on an idle machine
START_S = 900.0  # for all browsers to start, one after the other: OpenWPM gives each 120 s, four times
STARTS = 3  # of OpenWPM in a row that fail before the crawl ends
STOP_S = 75.0  # for OpenWPM to archive profiles, where it is asked to; then its processes are killed
KILL_LOOKS = 5  # times that its processes are looked for and killed: one may be starting another
BROWSERS_PER_CORE = 3  # of --windows auto: measured best on two cores with a new browser for each visit
BROWSER_BYTES = 1500 * 2**20  # of memory that a browser of OpenWPM may need, by OpenWPM's own limit

# -- A visit ---------------------------------------------------------------------------------------
GET_SLACK_S = 15.0  # OpenWPM's command that loads a page also opens a tab, waits for dialogs, closes windows
COMMAND_S = 30.0  # OpenWPM's default for a command of the user's
BRACKET_S = 60.0  # for the commands that open and close a visit, see `overscripted_driver`
LAST_RECORDS_S = 60.0  # after the visit's commands, for its last records
SETTLE_S = 15.0  # after the browser is free again, for OpenWPM to say that the visit is over
SHARED_CONTENT_BYTES = 2 * 2**30  # of bodies on disk: they have no visit, so the oldest are removed
