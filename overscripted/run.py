"""A run: everything of one measurement under one root, and the record of what was asked."""

import os
import secrets
from datetime import UTC, datetime
from typing import Any

from overscripted import __version__
from overscripted.errors import InputError, StageMissing
from overscripted.store import Store

RECORD = "run.json"
FORMAT = "overscripted-run"
FORMAT_VERSION = 1
NOTEBOOKS = "notebooks"  # a folder of the user's in the run: no stage writes, replaces or deletes it

# A stage and the command that completes it, in the order of the pipeline.
STAGES = {
    "precrawl": "overscripted precrawl {run} --sites FILE --vantage NAME",
    "crawl": "overscripted crawl {run}",
    "import": "overscripted import study PATH {run}",
    "etl": "overscripted etl {run}",
    "analyze": "overscripted analyze {run}",
    "report": "overscripted report {run}",
}


def now() -> str:
    """The current time as ISO 8601 with milliseconds, UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Run:
    """One run. ``store`` holds its files; ``record`` is the content of ``run.json``."""

    def __init__(self, store: Store, record: dict[str, Any]) -> None:
        self.store = store
        self.record = record

    @classmethod
    def open(cls, url: str | os.PathLike[str], create: bool = False, **options: Any) -> "Run":
        """The run at a folder or ``s3://`` prefix.

        Raises InputError where there is none (and ``create`` is false), where the folder holds
        something else, or where another version of Overscripted wrote it in another format.
        """
        store = Store(url, **options)
        store.check()
        if not store.exists(RECORD):
            if not create:
                raise InputError(
                    f"{store.url}: no run here ({RECORD} is missing); name another RUN, "
                    "or begin one with `overscripted precrawl`, `crawl` or `import`"
                )
            if any(not key.startswith(f"{NOTEBOOKS}/") for key in store.files()):
                raise InputError(
                    f"{store.url}: not empty and not a run ({RECORD} is missing); name a new folder"
                )
            run = cls(store, _new_record())
            store.write_json(RECORD, run.record)
            return run
        record = store.read_json(RECORD)
        _check_format(store, record)
        store.recover()
        return cls(store, record)

    @property
    def crawl_id(self) -> int:
        """The run's own number, part of every file name and visit id."""
        return int(self.record["crawl_id"])

    def stage(self, name: str) -> dict[str, Any]:
        """What run.json says of a stage; an empty dict if it never began."""
        return dict(self.record["stages"].get(name, {}))

    def begin(self, name: str, options: dict[str, Any], **facts: Any) -> None:
        """Record that a stage began: its options as asked, and facts (versions, lists, inputs)."""
        self._save(
            name,
            {
                "status": "running",
                "version": __version__,
                "started": now(),
                "options": options,
                **facts,
            },
        )

    def finish(self, name: str, **facts: Any) -> None:
        """Record that a stage completed."""
        self._save(name, {**self.stage(name), "status": "complete", "ended": now(), **facts})

    def interrupt(self, name: str, **facts: Any) -> None:
        """Record that a stage stopped before its end and can be resumed by the same command."""
        self._save(name, {**self.stage(name), "status": "interrupted", "ended": now(), **facts})

    def undo(self, name: str, before: dict[str, Any]) -> None:
        """Record that a stage which replaces its output as a whole failed: what it said ``before`` stands.

        Where it was not complete before, it is now interrupted.
        """
        if before.get("status") == "complete":
            self._save(name, before)
        else:
            self.interrupt(name)

    def require(self, *names: str) -> None:
        """Raise StageMissing unless one of the stages is complete."""
        if any(self.stage(name).get("status") == "complete" for name in names):
            return
        remedy = " or ".join(f"`{STAGES[name].format(run=self.store.url)}`" for name in names)
        state = self.stage(names[0]).get("status", "not begun")
        raise StageMissing(f"{self.store.url}: {names[0]} is not complete ({state}); run {remedy} first")

    def _save(self, name: str, entry: dict[str, Any]) -> None:
        # Read again: another process may have recorded another stage meanwhile.
        self.record = self.store.read_json(RECORD)
        self.record["stages"][name] = entry
        self.store.write_json(RECORD, self.record)


def _new_record() -> dict[str, Any]:
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "overscripted_version": __version__,
        "crawl_id": secrets.randbelow(2**31 - 2) + 2,  # 1 is the study's
        "created": now(),
        "stages": {},
    }


def _check_format(store: Store, record: Any) -> None:
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise InputError(f"{store.uri(RECORD)}: not the record of an Overscripted run; name another RUN")
    version = record.get("format_version")
    if version != FORMAT_VERSION:
        raise InputError(
            f"{store.url}: written in run format {version}, this is Overscripted {__version__} with "
            f"format {FORMAT_VERSION}; use the version that wrote it "
            f"({record.get('overscripted_version', 'unknown')}) or begin a new run"
        )
