"""Settings of the report: caps, each with its reason."""

TOP_ROWS = 12  # rows of a table in the report: what fits a screen; the Parquet file has all
WIDE_COLUMNS, WIDE_TEXT = 5, 44  # a table with more columns or characters gets the page's whole width
COMBINATIONS = 15  # columns of the overlap plot; four vantage points have fifteen
