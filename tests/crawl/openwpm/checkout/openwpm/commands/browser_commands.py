"""OpenWPM's own commands. The stand-in's browsers execute the user's commands only."""

from .types import BaseCommand


class _Own(BaseCommand):
    def execute(self, webdriver, browser_params, manager_params, extension_socket):
        """The stand-in's browser knows what it means."""


class InitializeCommand(_Own):
    """Opens a visit."""


class GetCommand(_Own):
    """Loads a page."""

    def __init__(self, url, sleep):
        self.url, self.sleep = url, sleep


class FinalizeCommand(_Own):
    """Closes a visit."""

    def __init__(self, sleep):
        self.sleep = sleep
