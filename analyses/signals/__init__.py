"""What follows a privacy signal: the parts of the question ``signals``."""
