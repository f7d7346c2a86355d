"""Settings of the analyses and the report: caps, each with its reason."""

TOP_ROWS = 12  # rows of a table shown in the report: what fits a screen; the Parquet beside has all
TEXT_SHOWN = 120  # characters of a page's text (URLs) shown; pages write megabytes into them
WIDE_COLUMNS, WIDE_TEXT = 5, 44  # beyond these columns or characters a table gets the page's whole width
BARS_SHOWN = 14  # bars of a plot before it stops being readable
LABEL_SHOWN = 34  # characters of a plot's label
MAX_ROWS_KEPT = 1_000_000  # rows of a finding's table; held in memory once, and more is a tables/ query
STUDY_RULE_HOSTS = 10_000  # of a list under the study's rules; RE2 refuses an expression of 50,000
CONFIDENCE_Z = 1.96  # intervals are of 95 %
