"""The states of a kept profile in the run's store: an archive after each visit, named by visit and attempt.

A visit starts from the state that the visit before it left. Its own is written before its row is. So a visit
that is made again, because a worker was killed, starts from the same state again.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from overscripted import layout
from overscripted.crawl.kept import archive
from overscripted.errors import InputError
from overscripted.store import Store

Visit = tuple[int, int]  # its number and its attempt


class States:
    """The states of the kept profile of a variant, or of a crawl without variants. Methods block."""

    def __init__(self, store: Store, variant: str = "") -> None:
        self._store, self._variant = store, variant

    def load(self, before: Sequence[Visit]) -> bytes | None:
        """The state that the last of these visits left, of which the latest comes first.

        Visits that ended without one are passed over. Without any it is the state at the start: None if that
        is a new profile. States that no visit needs any more are deleted.
        """
        there = set(self._store.files(layout.kept(self._variant)))
        keys = [*(layout.kept_state(self._variant, *visit) for visit in before), layout.KEPT_START]
        found = next((key for key in keys if key in there), None)
        for key in there - {found, layout.KEPT_START}:
            self._store.delete(key)
        return self._store.read(found) if found else None

    def save(self, visit: Visit, packed: bytes) -> None:
        """Keep the state after a visit."""
        self._store.write(layout.kept_state(self._variant, *visit), packed)

    def begin(self, file: str) -> None:
        """Start from the profile in a file. Raises InputError if it is unusable, or if the run has begun."""
        where = f"--profile load={file}"
        path = Path(file)
        if not path.is_file():
            raise InputError(f"{where}: no such file; give one that `--profile save=` wrote")
        if path.stat().st_size > archive.MOST_BYTES:
            raise InputError(f"{where}: larger than {archive.MOST_BYTES >> 20} MB")
        packed = path.read_bytes()
        with tempfile.TemporaryDirectory() as folder:
            try:
                archive.unpack(packed, Path(folder))
            except archive.Unusable as error:
                raise InputError(f"{where}: {error}") from error
        there = self._store.files(layout.kept(self._variant))
        if layout.KEPT_START in there and self._store.read(layout.KEPT_START) == packed:
            return
        if there:
            raise InputError(f"{where}: {self._store.url} has a profile already; load one into a new run")
        self._store.write(layout.KEPT_START, packed)

    def export(self, before: Sequence[Visit], file: str) -> bool:
        """Write the present state to a file, whole or not at all. False where there is none yet."""
        packed = self.load(before)
        if packed is None:
            return False
        path = Path(file)
        part = path.with_name(f".{path.name}.part")
        try:
            part.write_bytes(packed)
            part.replace(path)
        except OSError as error:
            raise InputError(f"--profile save={file}: cannot be written ({error.strerror})") from error
        return True
