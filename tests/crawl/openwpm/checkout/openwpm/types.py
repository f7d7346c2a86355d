"""OpenWPM's names of types."""

VisitId = int
BrowserId = int
