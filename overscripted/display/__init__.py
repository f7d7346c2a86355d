"""How results are shown to people: numbers as text, text of pages made harmless, plots."""
