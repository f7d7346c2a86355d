"""OpenWPM as the engine of a crawl: its browsers make the visits, in a process with OpenWPM's own Python."""
