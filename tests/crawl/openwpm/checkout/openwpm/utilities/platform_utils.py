"""Where OpenWPM's Firefox is."""

import os


def get_firefox_binary_path():
    """The path in FIREFOX_BINARY, as OpenWPM finds it."""
    if "FIREFOX_BINARY" in os.environ:
        return os.environ["FIREFOX_BINARY"]
    raise RuntimeError(
        "The `firefox-bin/firefox-bin` binary is not found in the root of the OpenWPM directory"
    )
