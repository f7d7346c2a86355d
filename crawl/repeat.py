"""What makes the pages of a replayed visit repeatable: their clock and their random numbers."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True)
class Repeat:
    """``captured``: when the visit was captured; None: the clock is left alone.

    ``key``: its random numbers follow from it; "": they are left alone.
    """

    captured: datetime | None
    key: str

    @classmethod
    def of(cls, captured: str, words: Sequence[Any]) -> "Repeat":
        """By a WARC-Date and by what tells the visit from the others of its run. Either may be empty."""
        key = hashlib.sha256(json.dumps(words).encode()).hexdigest() if words else ""
        try:
            moment = datetime.fromisoformat(captured) if captured else None
        except ValueError:
            moment = None
        return cls(moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC), key)

    def members(self) -> dict[str, Any]:
        """The message to our scripts. ``shift``, in ms, is added to the time from now on, or null."""
        shift = None
        if self.captured is not None:
            shift = round((self.captured - datetime.now(UTC)).total_seconds() * 1000)
        return {"shift": shift, "key": self.key}
