"""Settings of the explorer: caps and time limits, each with its reason."""

# -- Queries ------------------------------------------------------------------------------------------------
QUERY_SECONDS = 20.0  # seconds of one query of a page; people wait no longer, and then it is interrupted
DOWNLOAD_SECONDS = 600.0  # seconds of a download: a slow disk and a slow reader
QUERIES_AT_ONCE = 4  # queries that run at the same time; more would only share the same cores and memory
MEMORY = "2GB"  # memory of DuckDB for all queries: half of the smallest machine that the explorer is made for
SPILL = "8GB"  # what queries may write to the temporary folder
CHANGED_SECONDS = 2.0  # seconds after which run.json is read again: a stage may have replaced tables

# -- Tables -------------------------------------------------------------------------------------------------
PAGE_ROWS = 50  # rows of a table on a page: what one scrolls through
MOST_PAGE_ROWS = 500  # rows that an address may ask for
DEEPEST_ROW = 10_000  # rows into which one may page: who is here filters or downloads
PREVIEW_ROWS = 10  # rows of a table on the page of a site, visit, script, …
SHOWN_CHARACTERS = 2_000  # characters of a value that leave the engine for a page; pages write megabytes
MOST_FILTERS = 20  # conditions of one view
MOST_COLUMNS = 100  # columns of one view; the widest table has fewer

# -- Facets -------------------------------------------------------------------------------------------------
FACETS = 4  # facets that a view counts without being asked
FACET_VALUES = 8  # values of a facet, the most frequent first
FACET_ROWS = 10_000_000  # rows of a table that is counted without being asked: a scan takes 0.1 s

# -- Downloads ----------------------------------------------------------------------------------------------
DOWNLOAD_ROWS = 1_000_000  # rows of a download; spreadsheets hold no more
DOWNLOAD_BATCH = 8_192  # rows that are in memory at the same time

# -- Export -------------------------------------------------------------------------------------------------
EXPORT_PAGES = 200  # pages of each kind that an export has without being asked
EXPORT_PREVIEW_ROWS = 50  # rows of a table on the page of something; no page follows with the others

# -- Search -------------------------------------------------------------------------------------------------
FIND_ROWS = 2_000_000  # rows in which a value is looked for while the reader waits: some ten seconds
FIND_DEPTH = 2  # hashes and encodings around the value; the command looks for three
FIND_SHOWN = 200  # occurrences on the page
SHORTEST_SEARCH = 2  # characters

# -- Server -------------------------------------------------------------------------------------------------
TOKEN_BYTES = 32  # random bytes of the token in the address
FORM_BYTES = 100_000  # bytes of a form: the longest query that one writes by hand

# -- SQL ----------------------------------------------------------------------------------------------------
SQL_SECONDS = 20.0  # seconds until the process of a query is killed
SQL_AT_ONCE = 2  # queries that run at the same time; each has a process, its threads and its memory
SQL_CHARACTERS = 10_000  # characters of a query: an address holds no more
SQL_THREADS = 2  # threads of a query
SQL_MEMORY = 1_000_000_000  # bytes that DuckDB uses for a query before it writes to the temporary folder
SQL_MORE_MEMORY = 2_000_000_000  # bytes that Python, Arrow and what DuckDB does not count may take beside it
SQL_SPILL = 2_000_000_000  # bytes that a query may write to its temporary folder
SQL_ROWS = 10_000  # rows of an answer; more are for the run's own files, with the reader's own DuckDB
SQL_BYTES = 20_000_000  # bytes of an answer
SQL_SHOWN_ROWS = 500  # rows of an answer on the page; downloads have all of it

# -- Bodies of scripts --------------------------------------------------------------------------------------
BODY_CHARACTERS = 2_000_000  # characters of a body that is laid out; larger ones are shown as they are
BODY_AT_ONCE = 250_000  # bytes of a body that is laid out without being asked: less than a second
BODY_SECONDS = 20.0  # seconds until a layout is ended; 1 MB takes about 5
BODY_MEMORY = 1_500_000_000  # bytes of memory of a layout
BODY_LINES = 400  # lines of a body on a page
BODY_LINE = 2_000  # characters of a line on the page; minified bodies have lines of megabytes
BODIES_KEPT = 8  # bodies that stay laid out in memory, for the next page of the same body
MARKS = 5_000  # places of calls in one body that are marked
SHIPPED_ROWS = 50  # rows of each table of those who have a body
LINES_LISTED = 8  # lines of a symbol that are listed beside a body

# -- A visit's story ----------------------------------------------------------------------------------------
STORY_ROWS = 2_000  # events of each kind; a page may make millions of calls, which are summed by symbol
STORY_PAGE = 200  # events on a page
TREE_REQUESTS = 1_000  # requests in the tree; most visits make fewer
TREE_DEPTH = 12  # levels of the tree; deeper ones are counted

# -- Outcomes -----------------------------------------------------------------------------------------------
OUTCOME_ROWS = 200  # rows of each table
WALLS_SHOWN = 24  # walls with their pictures, which are large

# -- Inspections --------------------------------------------------------------------------------------------
INSPECT_URL = 2_000  # characters of a URL, as in the command; servers refuse longer ones
INSPECT_SECONDS = 600.0  # seconds of an inspection beside its dwell: most need less than one minute
INSPECT_END_SECONDS = 10.0  # seconds in which an interrupted inspection ends its Firefox by itself
INSPECT_SAID = 8_000  # bytes of what the command said for people, from the end
INSPECTIONS_KEPT = 20  # answers that are kept until the explorer ends

# -- Comparisons --------------------------------------------------------------------------------------------
COMPARED_ROWS = 300  # rows of each table of a comparison
