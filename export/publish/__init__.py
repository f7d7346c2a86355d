"""Public data sets made of a run: what they hold, and what describes them."""
