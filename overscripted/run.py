"""A run: everything of one measurement under one root, and the record of what was asked."""

import hashlib
import os
import secrets
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from overscripted import __version__, layout
from overscripted.errors import InputError, OutsideError, StageMissing, UserError
from overscripted.store import Store

FORMAT = "overscripted-run"
FORMAT_VERSION = 1
# The crawl_id of the 2017 study's data, which no crawl of ours has.
STUDY_CRAWL_ID = 1

# Each stage and the command that completes it, in the order of the pipeline.
STAGES = {
    "precrawl": "overscripted precrawl {run} --sites FILE --vantage NAME",
    "crawl": "overscripted crawl {run}",
    "import": "overscripted import study PATH {run}",
    "etl": "overscripted etl {run}",
    "analyze": "overscripted analyze {run}",
    "report": "overscripted report {run}",
}

# What each stage is made from. The crawl takes the precrawl's seeds once, when it begins.
INPUTS: dict[str, tuple[str, ...]] = {
    "crawl": ("precrawl",),
    "etl": ("crawl", "import"),
    "analyze": ("etl",),
    "report": ("analyze",),
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
        if not store.exists(layout.RECORD):
            if not create:
                raise InputError(
                    f"{store.url}: no run here ({layout.RECORD} is missing); name another RUN, "
                    "or begin one with `overscripted precrawl`, `crawl` or `import`"
                )
            if any(not key.startswith(f"{layout.NOTEBOOKS}/") for key in store.files()):
                raise InputError(
                    f"{store.url}: not empty and not a run ({layout.RECORD} is missing); name a new folder"
                )
            run = cls(store, _new_record())
            with _in_reach(store):
                store.write_json(layout.RECORD, run.record)
            return run
        record = store.read_json(layout.RECORD)
        _check_format(store, record)
        store.recover()
        return cls(store, record)

    @property
    def crawl_id(self) -> int:
        """The run's own number, part of every file name and visit id."""
        return int(self.record["crawl_id"])

    def stage(self, name: str) -> dict[str, Any]:
        """The entry of a stage in run.json; an empty dict if the stage never began."""
        return dict(self.record["stages"].get(name, {}))

    def begin(self, name: str, options: dict[str, Any], **facts: Any) -> None:
        """Record that a stage began: its options as asked, facts (versions, lists), and its inputs."""
        before = self.stage(name)
        kept = {key: before[key] for key in ("output",) if key in before}
        self._save(
            name,
            {
                "status": "running",
                "version": __version__,
                "started": now(),
                "options": options,
                "made_from": self._inputs(name, options, before),
                **kept,
                **facts,
            },
        )

    def finish(self, name: str, **facts: Any) -> None:
        """Record that a stage completed."""
        ended = {"status": "complete", "ended": now(), "output": self._output(name)}
        self._save(name, {**self.stage(name), **ended, **facts})

    def interrupt(self, name: str, **facts: Any) -> None:
        """Record that a stage stopped before its end and can be resumed by the same command."""
        ended = {"status": "interrupted", "ended": now(), "output": self._output(name)}
        self._save(name, {**self.stage(name), **ended, **facts})

    def undo(self, name: str, before: dict[str, Any]) -> None:
        """Record that a stage failed that replaces its output as a whole.

        ``before`` is its earlier entry. If that says complete, it is valid again; otherwise the stage is
        interrupted.
        """
        if before.get("status") == "complete":
            self._save(name, before)
        else:
            self.interrupt(name)

    def require(self, *names: str) -> None:
        """Raise StageMissing unless one of the stages is complete and made from the present inputs."""
        complete = [name for name in names if self.stage(name).get("status") == "complete"]
        stale = [(name, old) for name in complete if name != "crawl" for old in self.out_of_date(name)[:1]]
        if stale:
            ((name, (older, source)), *_) = stale
            stale_stage = f"{name} is out of date" + ("" if older == name else f", as {older} is")
            raise StageMissing(
                f"{self.store.url}: {stale_stage}: {source} has been run again since; "
                f"run `{self.command(older)}` first"
            )
        if complete:
            return
        remedy = " or ".join(f"`{self.command(name)}`" for name in names)
        state = self.stage(names[0]).get("status", "not begun")
        raise StageMissing(f"{self.store.url}: {names[0]} is not complete ({state}); run {remedy} first")

    def output(self, name: str) -> str | None:
        """The version of a stage's output; it changes whenever the output is replaced or added to."""
        return self.stage(name).get("output")

    def out_of_date(self, name: str) -> list[tuple[str, str]]:
        """Why a stage is out of date: pairs of a stage and the input that it is older than.

        Empty if it is up to date. Pairs of earlier stages come first. A crawl that is older than its seeds
        does not make the stages after it out of date.
        """
        entry, found = self.stage(name), []
        for source in INPUTS.get(name, ()):
            if source != "crawl":
                found += self.out_of_date(source)
            versions = [entry.get("made_from", {}).get(source), *entry.get("parts", {}).values()]
            if entry and not (name == "crawl" and source not in entry.get("made_from", {})):
                found += [(name, source)] if any(v != self.output(source) for v in versions) else []
        return found

    def command(self, name: str) -> str:
        """The command that completes a stage, or runs it again on its present inputs."""
        url, options = self.store.url, self.stage(name).get("options", {})
        if name == "import" and "kind" in options:
            return f"overscripted import {options['kind']} {options.get('path', 'PATH')} {url}{_own(options)}"
        if name == "crawl" and self.out_of_date("crawl"):
            return f"overscripted crawl {url} --seeds {self.store.uri(layout.SEEDS)}"
        unfinished = self.stage("crawl") and self.stage("crawl").get("status") != "complete"
        return STAGES[name].format(run=url) + (" --partial" if name == "etl" and unfinished else "")

    def _inputs(self, name: str, options: dict[str, Any], before: dict[str, Any]) -> dict[str, str | None]:
        """The versions of the inputs of a stage that begins."""
        current = {source: self.output(source) for source in INPUTS.get(name, ()) if self.stage(source)}
        if name == "crawl" and options.get("seeds") != self.store.uri(layout.SEEDS):
            # The user's own seeds, or the seeds of the precrawl, which a crawl reads once.
            found: dict[str, str | None] = before.get("made_from", {} if options.get("seeds") else current)
            return found
        return current

    def _output(self, name: str) -> str | None:
        """The version of a stage's output, equal for equal output; None if there is no output."""
        if name == "precrawl" and self.store.exists(layout.SEEDS):
            return hashlib.sha256(self.store.read(layout.SEEDS)).hexdigest()[:16]
        if name in ("crawl", "import"):  # segments never change; a file of visits acknowledges them
            keys = self.store.files(layout.raw("visits"))
            return hashlib.sha256("\n".join(keys).encode()).hexdigest()[:16] if keys else None
        return secrets.token_hex(8)

    def _save(self, name: str, entry: dict[str, Any]) -> None:
        # Read again: another process may have recorded another stage meanwhile.
        with _in_reach(self.store):
            self.record = self.store.read_json(layout.RECORD)
            self.record["stages"][name] = entry
            self.store.write_json(layout.RECORD, self.record)


def _own(options: dict[str, Any]) -> str:
    """The options of an import's kind, as the command line has them, without those that were not given."""
    words = []
    for name, given in options.get("options", {}).items():
        for value in given if isinstance(given, list) else [given]:
            words += [] if value is None else ["--" + name.rstrip("_"), shlex.quote(str(value))]
    return "".join(f" {word}" for word in words)


@contextmanager
def _in_reach(store: Store) -> Iterator[None]:
    """Raise OutsideError if an object store goes away. Errors of a folder are raised as they are."""
    try:
        yield
    except Exception as error:
        if store.local or isinstance(error, UserError):
            raise
        raise OutsideError(f"{store.uri(layout.RECORD)}: cannot be written: {error}") from error


def _new_record() -> dict[str, Any]:
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "overscripted_version": __version__,
        "crawl_id": secrets.randbelow(2**31 - 2) + STUDY_CRAWL_ID + 1,
        "created": now(),
        "stages": {},
    }


def _check_format(store: Store, record: Any) -> None:
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise InputError(
            f"{store.uri(layout.RECORD)}: not the record of an Overscripted run; name another RUN"
        )
    version = record.get("format_version")
    if version != FORMAT_VERSION:
        raise InputError(
            f"{store.url}: written in run format {version}, this is Overscripted {__version__} with "
            f"format {FORMAT_VERSION}; use the version that wrote it "
            f"({record.get('overscripted_version', 'unknown')}) or begin a new run"
        )
