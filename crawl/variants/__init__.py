"""Variants: settings with which each seed is visited beside the others (``crawl --variants``)."""
