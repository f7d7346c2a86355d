"""Replace folders and files as a whole, or not at all: stage the new content, write a plan, exchange.

What is staged lies in ``.staging/TOKEN/`` with a file that says that staging began. The plan (a journal) is
written when everything is staged. From then on the exchange can be completed by anybody, step by step, any
number of times. The plan is deleted when all content is in its place, the staged rest after it.
"""

import fcntl
import hashlib
import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Generic, TypeVar

from overscripted.errors import OutsideError
from overscripted.files import STAGING, Files

_JOURNAL = ".journal.json"
_BEGUN = ".begun"

F = TypeVar("F", bound=Files)


class Exchange(Generic[F]):
    """Replaces keys of some files. Processes and machines may replace different keys at the same time."""

    def __init__(self, files: F) -> None:
        self._files = files

    @contextmanager
    def replace(self, *keys: str) -> Iterator[F]:
        """Give files to write the keys into, exchange them at the end; see `Store.replace`."""
        same_keys = f"{STAGING}/{hashlib.sha256(json.dumps(keys).encode()).hexdigest()[:12]}-"
        token = f"{same_keys}{uuid.uuid4().hex[:8]}"
        replaced = f"another process replaced {', '.join(keys)} at the same time"
        refusal = f"{self._files.url}: {replaced}; run again"
        self._begin(token, same_keys)
        staged = type(self._files)(f"{self._files.url}/{token}", **self._files.options)
        try:
            yield staged
        except BaseException as error:
            lost = not self._is_staged(token)
            self._discard(token)
            if lost and isinstance(error, Exception):
                raise OutsideError(refusal) from error
            raise
        with self._locked():
            if not self._is_staged(token):
                self._discard(token)
                raise OutsideError(refusal)
            plan = {key: staged.files(key) if staged.exists(key) else None for key in keys}
            self._files.write_json(f"{token}/{_JOURNAL}", plan)
            self._exchange(token)

    def recover(self) -> None:
        """Complete exchanges that were interrupted after everything had been staged."""
        if self._planned():
            with self._locked():
                self._complete()

    def _begin(self, token: str, same_keys: str) -> None:
        """Begin to stage. What an interrupted process staged for the same keys is deleted."""
        self._files.make_folder("")
        with self._locked():
            self._complete()
            for older in self._tokens():
                if older.startswith(same_keys):
                    self._discard(older)
            self._files.write(f"{token}/{_BEGUN}", b"")

    def _is_staged(self, token: str) -> bool:
        """Whether a token is still ours: another process that stages the same keys deletes it."""
        return self._files.exists(f"{token}/{_BEGUN}")

    def _complete(self) -> None:
        for token in self._planned():
            self._exchange(token)

    def _planned(self) -> list[str]:
        """Tokens with a plan: only the exchange remains to be done."""
        files = self._files
        return [token for token in self._tokens() if files.fs.exists(files.path(f"{token}/{_JOURNAL}"))]

    def _tokens(self) -> list[str]:
        """Tokens of everything that is staged now, or was when its process died."""
        files = self._files
        files.fs.invalidate_cache()
        try:
            return [files.key_of(path) for path in files.fs.ls(files.path(STAGING), detail=False)]
        except FileNotFoundError:
            return []

    def _discard(self, token: str) -> None:
        """Delete what was staged. A folder is renamed first: its process can then no longer write there."""
        if self._files.local:
            with suppress(FileNotFoundError):
                os.rename(self._files.path(token), self._files.path(f"{token}.gone"))
            token = f"{token}.gone"
        self._files.delete(token)

    def _exchange(self, token: str) -> None:
        """Give every key its staged content.

        Each step can be repeated: after a crash, and by another process where there are no locks.
        """
        try:
            plan = self._files.read_json(f"{token}/{_JOURNAL}")
            for key, staged in plan.items():
                self._commit(token, key, staged)
        except FileNotFoundError:
            if self._files.exists(f"{token}/{_JOURNAL}"):
                raise
            return  # another process has completed it
        self._files.delete(f"{token}/{_JOURNAL}")
        self._files.delete(token)

    def _commit(self, token: str, key: str, staged: list[str] | None) -> None:
        """Give a key its staged content: these files, or none."""
        files = self._files
        if staged is None:
            files.delete(key)
        elif not files.local:
            files.copy([f"{token}/{file}" for file in staged], staged)
            for old in set(files.files(key)).difference(staged):
                files.delete(old)
        elif os.path.exists(source := files.path(f"{token}/{key}")):  # otherwise it has been renamed already
            files.delete(key)
            Path(files.path(key)).parent.mkdir(parents=True, exist_ok=True)
            os.rename(source, files.path(key))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep other processes from exchanging in this folder. Object stores have no locks."""
        if not self._files.local:
            yield
            return
        folder = os.open(self._files.root, os.O_RDONLY)
        try:
            with suppress(OSError):  # some network file systems have no locks either
                fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)
