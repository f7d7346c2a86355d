"""The questions: one file each, each holding an `overscripted.analyses.shapes.Analysis` as ``ANALYSIS``."""
