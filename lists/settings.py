"""Settings of lists: caps and time limits, each with its reason."""

FETCH_TIMEOUT_S = 60.0  # a minute is enough for the catalogue's largest list, 1 MB, on a slow line
MAX_LIST_BYTES = 64 * 2**20  # a list is read into memory; the largest filter lists known are below 10 MB
MAX_ENTRIES = 1_000_000  # a ranking of sites has a million hosts; no list kept by people has more
