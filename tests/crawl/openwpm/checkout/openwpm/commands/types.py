"""The base of OpenWPM's commands."""

from abc import ABC, abstractmethod


class BaseCommand(ABC):
    """A command of a visit."""

    @abstractmethod
    def execute(self, webdriver, browser_params, manager_params, extension_socket):
        """Do it."""
