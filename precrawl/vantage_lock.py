"""The lock of a vantage point in a run: one command at a time works on its parts, on one machine."""

import contextlib
import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from overscripted import cache
from overscripted.errors import InputError
from overscripted.precrawl.vantage import Vantage
from overscripted.store import STAGING, Store

_POLL_S = 0.2
_ORPHANS_S = 10.0  # within this time, the processes of a killed parent end


@contextlib.contextmanager
def locked(store: Store, vantage: Vantage, parts: str) -> Iterator[None]:
    """No other command on this machine works on these parts as long as the block lasts.

    Waits for the processes of a parent that was killed; they are ending. Raises InputError.
    """
    path = lock_file(store, parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(_locked(path, 0.0))
            shared = stack.enter_context(_locked(processes_lock(path), _ORPHANS_S))
        except BlockingIOError as error:
            raise InputError(
                f"--vantage {vantage.name}: another process is at work on it in this run; "
                "wait until it ends, or stop it"
            ) from error
        fcntl.flock(shared, fcntl.LOCK_UN)
        yield
    if store.local:
        with contextlib.suppress(OSError):  # another file is being replaced there
            path.parent.rmdir()


@contextlib.contextmanager
def _locked(path: Path, patience_s: float) -> Iterator[BinaryIO]:
    """The locked file, deleted at the end. Raises BlockingIOError where another holds it for so long."""
    limit = time.monotonic() + patience_s
    while True:
        file = open(path, "wb")  # noqa: SIM115
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_still(path, file):
                break
        except BlockingIOError:
            if time.monotonic() >= limit:
                file.close()
                raise
            time.sleep(_POLL_S)
        file.close()
    with file:
        try:
            yield file
        finally:
            path.unlink(missing_ok=True)


def _is_still(path: Path, file: BinaryIO) -> bool:
    """Whether the path leads to the open file. Its previous holder may have deleted it."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def lock_file(store: Store, parts: str) -> Path:
    """In the run; beside the journals where the run is remote. All commands on this machine use it."""
    folder = journals(store, parts)
    if not store.local:
        return folder.with_name(f"{folder.name}.lock")
    return Path(store.path(f"{STAGING}/{parts.replace('/', '-')}.lock"))


def processes_lock(lock: Path) -> Path:
    """The lock that the processes of a vantage point share as long as they live."""
    return lock.with_name(f"{lock.name}.processes")


def journals(store: Store, parts: str) -> Path:
    """The folder of the journals: in the run; in the user's state folder where the run is remote."""
    if store.local:
        return Path(store.path(parts))
    return cache.state() / hashlib.sha256(f"{store.url}/{parts}".encode()).hexdigest()[:16]
