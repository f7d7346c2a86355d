"""The questions: one file each, each holding an `analyses.shapes.Analysis` as ``ANALYSIS``."""
