"""Inspections of pages that the reader asks for: processes, where they stand, and their answers."""
