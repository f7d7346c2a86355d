"""The etl's and the importers' defaults, each with its unit and reason."""

# Rows of one imported segment: about 10-60 MB of Parquet, and a few hundred MB of memory until it is written.
IMPORT_SEGMENT_ROWS = 250_000
# Bytes of one imported segment, where rows are large: those of script bodies and of long values.
IMPORT_SEGMENT_BYTES = 512 * 2**20
# Source files between two updates of the progress.
IMPORT_FILES_PER_UPDATE = 64
# Bytes of a line of an imported text file. VisibleV8 writes a script in one line, up to six bytes for each
# character.
IMPORT_LINE_BYTES = 64 * 2**20
# Bytes of an imported text file, decompressed. VisibleV8 begins a new file after 1 GB.
IMPORT_TEXT_BYTES = 64 * 2**30

# A batch of segments becomes one file per table. The file is large enough for object stores (50-500 MB) and
# small enough to be sorted in a few GB of memory.
BATCH_ROWS = 4_000_000
BATCH_BYTES = 512 * 1024 * 1024
# Limits of batches that are made at the same time, the largest first: bytes of memory of each process, then
# rows and bytes of a batch that this memory sorts without spilling (measured: a million rows in 4.3 GB, a
# quarter of that in 1.4 GB). Larger batches are cheaper: each costs a CPU second or more whatever its rows,
# and in the smallest a call takes 15 % more bytes.
BATCH_LIMITS = (
    (5_000_000_000, 1_000_000, 128 * 1024 * 1024),
    (3_500_000_000, 500_000, 64 * 1024 * 1024),
    (1_500_000_000, 250_000, 32 * 1024 * 1024),
)
# Bytes of memory that a task of Spark may use on other machines, whose memory the driver does not know.
TASK_MEMORY = 3_500_000_000
# A batch with fewer rows and bytes than these is made again together with new segments; the files of larger
# ones are large enough.
SMALL_BATCH = (250_000, 32 * 1024 * 1024)
# New calls per process that are worth its start.
MIN_ROWS_PER_PROCESS = 250_000
# Below this number of raw rows in all tables, DuckDB in the driver makes the roll-ups of an etl on Spark. Ten
# million calls took DuckDB 33 s, and Spark SQL 143 s on the same two cores. The driver's disk limits it: it
# spills the sorted requests of a crawl, 1-2 kB each.
SPARK_SQL_ROWS = 20_000_000
# Calls that count as one row of SPARK_SQL_ROWS: they come as small partial roll-ups. Those of a hundred
# million calls took DuckDB 86 s.
CALLS_PER_ROW = 10
# Seconds between two looks at the progress of a Spark job.
SPARK_POLL_S = 0.2

# Digits of a position that always fit 64 bits; a longer position is invalid.
POSITION_DIGITS = 18
# Characters of the longest stack frame that is repaired: no real one is longer, and regular expressions stay
# cheap.
REPAIR_FRAME_CHARS = 4000
# Characters in the study's column of a value's beginning, value_1000.
VALUE_BEGINNING = 1000
