"""Settings of lists: caps and time limits, each with its reason."""

FETCH_TIMEOUT_S = 60.0  # the largest list of the catalogue is 1 MB: a minute serves a slow line
MAX_LIST_BYTES = 64 * 2**20  # a list is read into memory; the largest filter lists known are below 10 MB
MAX_ENTRIES = 1_000_000  # a million hosts is a ranking; more is not a list a person keeps
