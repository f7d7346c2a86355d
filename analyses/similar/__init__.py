"""Similar scripts: by what they call, and by their bodies."""
