"""findings → report: one self-contained page of what the stages recorded."""
