"""The etl's and the importers' defaults, each with its unit and reason."""

# Rows of one imported segment: about 10-60 MB of Parquet, and a few hundred MB while it is made.
IMPORT_SEGMENT_ROWS = 250_000
# Or bytes, where rows are large: those of bodies of scripts and of long values.
IMPORT_SEGMENT_BYTES = 512 * 2**20
# Rows read from a source at once: keeps the importer's memory flat whatever the source's size.
IMPORT_BATCH_ROWS = 50_000
# Small source files fetched side by side: hides an object store's latency.
IMPORT_PARALLEL_FILES = 64
# Bytes of a body beside an OpenWPM database, decompressed: no real script is a quarter of that, a bomb is
# many times it.
IMPORT_BODY_BYTES = 32 * 2**20

# A batch of segments becomes one file of each table: large enough for object stores (50-500 MB),
# small enough to be sorted in a few GB of memory.
BATCH_ROWS = 4_000_000
BATCH_BYTES = 512 * 1024 * 1024
# Batches made side by side share a machine: bytes of memory of each process, and the rows and bytes of a
# batch that it then sorts without spilling (a million in 4.3 GB, a quarter in 1.4). Each batch costs a CPU
# second or more whatever its rows, and in the smallest ones a call takes 15 % more bytes.
BATCH_LIMITS = (
    (5_000_000_000, 1_000_000, 128 * 1024 * 1024),
    (3_500_000_000, 500_000, 64 * 1024 * 1024),
    (1_500_000_000, 250_000, 32 * 1024 * 1024),
)
# What a task of Spark may have, on machines that the driver knows nothing of.
TASK_MEMORY = 3_500_000_000
# Rows and bytes of a batch that stays as it is, though there is new work: its files are large enough.
SMALL_BATCH = (250_000, 32 * 1024 * 1024)
# Fewer new calls for each are not worth the start of a process.
MIN_ROWS_PER_PROCESS = 250_000
# Fewer raw rows than this, of all tables, are rolled up by DuckDB in the driver: of ten million calls that
# took 33 s, where Spark SQL on the same two cores took 143 s. Far more may not fit a driver's disk: it sorts
# the requests of a crawl, a kilobyte or two each, and spills them there. Calls come as small partial
# roll-ups, and count a tenth: those of a hundred million took DuckDB 86 s.
SPARK_SQL_ROWS = 20_000_000
CALLS_PER_ROW = 10
# How often progress is asked for while Spark works, in seconds.
SPARK_POLL_S = 0.2

# Digits of a position that fit 64 bits for certain; longer ones break their rule.
POSITION_DIGITS = 18
# Frames longer than this are not repaired: no real one is, and it bounds regular expressions.
REPAIR_FRAME_CHARS = 4000
# The study's column of a value's beginning, in characters.
VALUE_BEGINNING = 1000

# Names of damaged files shown one by one; all are counted.
MAX_NAMED_FILES = 20
