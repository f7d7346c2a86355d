"""Leaks: what is typed into forms and leaves the page before anything is submitted."""
