"""A visit's story: what happened when, and who asked for what."""
