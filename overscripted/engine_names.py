"""The engines that options can name. Here, so that a command's help does not load Ibis."""

ENGINES = ("duckdb", "spark")
