"""Evercookies: identifiers that are kept in several places, or come back after they were deleted."""
