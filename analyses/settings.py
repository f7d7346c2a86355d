"""Settings of the analyses: caps, each with its reason."""

BARS_SHOWN = 14  # bars of a plot before it stops being readable
MAX_ROWS_KEPT = 1_000_000  # rows of a finding's table; it is held in memory, and more is a query on tables/
STUDY_RULE_HOSTS = 10_000  # hosts of a list under the study's rules; RE2 refuses an expression of 50,000
CONFIDENCE_Z = 1.96  # intervals are of 95 %
MAX_EVIDENCE = 100_000  # rows of a finding's table of evidence
EVIDENCE_TEXT = 200  # characters of a text in it
STARVED_S = 1.0  # of `starved` in visits above which a page lacked CPU, as the crawl has it
EMPTY_SHARE = 0.01  # of a field's rows: above, the field counts as one that is often empty
MAX_LEVELS = 30  # links of a chain; the longest that was ever published is a little over 30
MAX_NODE_LENGTH = 2000  # characters of an address in a chain; addresses that differ only later count as one
CHAINS_SHOWN = 10  # longest chains with each of their links
MAX_VECTORS = 100_000  # distinct vectors of scripts that are compared: with 200 dyes half a minute, 400 MB
MAX_DYES = 200  # distinct vectors of dye scripts
MAX_BODIES = 2_000  # bodies of scripts that are compared, those of the most pages: up to two minutes
MAX_BODY_BYTES = 200_000  # of the beginning of each
SAMPLE_SEED = 2018  # of `analyze --sample`: each command draws the same visits
