"""OpenWPM's errors."""


class ConfigError(Exception):
    """A parameter that cannot be used."""

    def __init__(self, message, *args):
        self.message = message
        super().__init__(message, *args)
