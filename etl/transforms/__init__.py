"""Pure transforms, table in, table out, one concept a file; they know no path and no engine.

What both engines must agree on: regular expressions use explicit character classes and ``\\z`` only
(``$``, ``.``, ``\\s`` differ between RE2 and Java), never repeat a group without bound (Java recurses),
and are never given NULL; casts of text are guarded by a pattern first; text is compared by code point.
"""
