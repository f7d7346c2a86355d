"""Limits of conversions of other tools' records, each with its unit and reason."""

# Rows that are converted at a time: memory stays flat whatever the source's size.
IMPORT_BATCH_ROWS = 50_000
# Bytes of a body beside other tools' records, decompressed. No real script has a quarter of that; a
# decompression bomb has many times as much.
IMPORT_BODY_BYTES = 32 * 2**20
# Bytes of a JSON file, decompressed: no crawler writes a quarter of that per file, a decompression bomb does.
IMPORT_JSON_BYTES = 8 * 2**30
# Bytes of one element of such a file, for example a request with its bodies in base64: it is in memory whole.
IMPORT_ELEMENT_BYTES = 128 * 2**20
# Levels of arrays and objects in an element. Real ones have ten.
IMPORT_JSON_LEVELS = 100
# Damaged files that a message names one by one; it counts all.
MAX_NAMED_FILES = 20
# Places of left-out rows that a message names for each reason; it counts all.
MAX_NAMED_PLACES = 3
