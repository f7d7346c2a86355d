"""Importers: each writes the data of one other project as raw segments."""
