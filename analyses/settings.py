"""Settings of the analyses: caps, each with its reason."""

BARS_SHOWN = 14  # bars of a plot before it stops being readable
MAX_ROWS_KEPT = 1_000_000  # rows of a finding's table; it is held in memory, and more is a query on tables/
STUDY_RULE_HOSTS = 10_000  # hosts of a list under the study's rules; RE2 refuses an expression of 50,000
CONFIDENCE_Z = 1.96  # intervals are of 95 %
