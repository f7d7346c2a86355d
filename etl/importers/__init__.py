"""Other people's data as raw segments: one importer a file."""
