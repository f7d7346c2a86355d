"""Recorders: scripts that watch a visitor and send what they see, by what they do."""
