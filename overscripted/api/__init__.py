"""A run from Python: its tables, findings, visits and scripts, for notebooks, scripts and the explorer."""
