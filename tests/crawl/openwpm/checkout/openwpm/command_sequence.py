"""OpenWPM's sequence of commands."""

from .commands.browser_commands import FinalizeCommand, GetCommand, InitializeCommand


class CommandSequence:
    """The commands of one visit."""

    def __init__(self, url, reset=False, blocking=False, retry_number=None, site_rank=None, callback=None):
        self.url, self.reset, self.blocking = url, reset, blocking
        self.retry_number, self.site_rank, self.callback = retry_number, site_rank, callback
        self._commands_with_timeout = []
        self.total_timeout = 0

    def get(self, sleep=0, timeout=60):
        """Load the page."""
        self.total_timeout += timeout
        self._commands_with_timeout.append((GetCommand(self.url, sleep), timeout))

    def append_command(self, command, timeout=30):
        """Add a command."""
        self._commands_with_timeout.append((command, timeout))

    def get_commands_with_timeout(self):
        """All commands, with those that open and close the visit."""
        commands = list(self._commands_with_timeout)
        return [(InitializeCommand(), 10), *commands, (FinalizeCommand(sleep=5), 10)]
