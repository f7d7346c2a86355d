"""Identifiers: values that tell a browser from all others, in cookies and storages."""
