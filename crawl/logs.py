"""The crawl's log: warnings on standard error, and everything as JSON lines in the file of --log."""

import json
import logging
from datetime import UTC, datetime

from overscripted.errors import InputError

ROOT = logging.getLogger("overscripted")


class _Lines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=True, default=str)


def start(file: str | None) -> None:
    """Log to standard error, and to ``file`` if given. Raises InputError if it cannot be written."""
    ROOT.setLevel(logging.INFO)
    terminal = logging.StreamHandler()
    terminal.setLevel(logging.WARNING)
    terminal.setFormatter(logging.Formatter("%(message)s"))
    ROOT.addHandler(terminal)
    if file:
        try:
            handler = logging.FileHandler(file, encoding="utf-8")
        except OSError as error:
            raise InputError(f"--log {file}: cannot be written ({error.strerror})") from error
        handler.setFormatter(_Lines())
        ROOT.addHandler(handler)
