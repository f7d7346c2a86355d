"""The kinds of pages of a run, one a file."""
