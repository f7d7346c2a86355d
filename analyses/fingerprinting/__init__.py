"""Fingerprinting: published rule sets and ours, evaluated on what scripts did."""
