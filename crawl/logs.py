"""The crawl's log: warnings on standard error, and everything as JSON lines in a file where asked."""

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
    """Log to standard error, and to ``file`` if named. InputError if it cannot be written."""
    ROOT.setLevel(logging.INFO)
    shown = logging.StreamHandler()
    shown.setLevel(logging.WARNING)
    shown.setFormatter(logging.Formatter("%(message)s"))
    ROOT.addHandler(shown)
    if file:
        try:
            kept = logging.FileHandler(file, encoding="utf-8")
        except OSError as error:
            raise InputError(f"--log {file}: cannot be written ({error.strerror})") from error
        kept.setFormatter(_Lines())
        ROOT.addHandler(kept)
