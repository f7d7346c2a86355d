"""A small web to crawl without the Internet, with a truth for every page, and the demo of the pipeline."""
