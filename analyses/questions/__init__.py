"""The questions: one per file, as an `overscripted.analyses.model.Analysis` named ``ANALYSIS``."""
