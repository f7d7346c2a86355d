"""Public data sets made of a run."""
