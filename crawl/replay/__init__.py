"""Visits pages in archives: the responses that were captured answer the browser, and nothing else does."""
