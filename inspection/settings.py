"""The defaults and caps of an inspection, each with its unit and reason."""

DWELL_S = 10.0  # as in a crawl
# With --consent: platforms need several clicks, and trackers need time after the choice.
CONSENT_DWELL_S = 30.0
SHORTEST_DWELL_S = 0.1  # as in a crawl
LONGEST_DWELL_S = 3_600.0  # one hour, as in a crawl
RETRIES = 1  # more attempts at a page that failed, at most: a person waits for the answer
MOST_LINKS = 50  # links of the site that are followed, as in a crawl
EVIDENCE_SHOWN = 3  # pieces of evidence below a sentence in the terminal
EVIDENCE_KEPT = 100  # pieces of evidence of a claim; `n_evidence` counts all
NAMES_SHOWN = 8  # companies, hosts or cookies that a sentence names before it says how many more there are
URL_SHOWN = 160  # characters of an address or other text of a page in the terminal and on the page
TEXT_KEPT = 2_000  # characters of a text of a page in the JSON
