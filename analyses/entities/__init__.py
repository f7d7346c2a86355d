"""Third parties and their owners: the parts of the question ``entities``."""
