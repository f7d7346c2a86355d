"""Pure transforms: table in, table out, one concept per file. They know no path and no engine.

DuckDB (RE2) and Spark (Java) must give the same rows. So regular expressions use explicit character classes
and ``\\z`` only (``$``, ``.``, ``\\s`` differ), never repeat a group without bound (Java recurses), and are
never given NULL. A pattern guards every cast of text. Text is compared by code point.
"""
