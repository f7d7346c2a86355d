"""Whether a run's data is fit for its shares: the parts of the question ``quality``."""
