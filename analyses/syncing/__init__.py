"""Identifiers that sites share: who holds them, what carries them, and to whom."""
