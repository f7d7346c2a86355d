"""tables → findings: each analysis answers one question about a run."""
