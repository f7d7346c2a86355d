"""Opens the archives of a replay: finds their files, reads them once, and says what they are."""

import contextlib
import hashlib
import logging
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

from overscripted.crawl import owned_folders
from overscripted.crawl.replay import har, indexing
from overscripted.crawl.replay.answers import Answers
from overscripted.crawl.replay.fetched import fetched
from overscripted.crawl.replay.files import Files
from overscripted.crawl.replay.index import Index
from overscripted.errors import InputError
from overscripted.files import Files as StoreFiles
from overscripted.foreign import har_files
from overscripted.foreign.har_files import HarFile
from overscripted.foreign.json_elements import Damaged, raise_of_storage
from overscripted.progress import Work
from overscripted.warc import sources
from overscripted.warc.reading import Damage
from overscripted.warc.sources import SUFFIXES, WACZ, Source, StoreFile

log = logging.getLogger(__name__)

PREFIX = "overscripted-replay-"
_HARS = (".har", ".har.gz", ".zip")  # files that may hold HAR files
_SHOWN = 5  # damaged records that are named


@dataclass
class Archives:
    """Opened archives. ``facts`` go into run.json: what the archives are, and what they hold."""

    answers: Answers
    index: Index
    folder: Path
    facts: dict[str, Any]
    damage: Damage

    def seeds(self) -> Iterator[str]:
        """See `Index.seeds`."""
        return self.index.seeds()


@contextlib.contextmanager
def opened(archives: tuple[str, ...]) -> Iterator[Archives | None]:
    """The archives, by paths of files and folders; None without any. Raises InputError for what is none."""
    if not archives:
        yield None
        return
    with _folder() as folder:
        damage = Damage()
        found = [_Archive(text, folder / str(number), damage) for number, text in enumerate(archives)]
        files = Files([item for archive in found for item in archive.sources], folder)
        index = Index(folder / "index.sqlite")
        answers = Answers(index, files)
        try:
            reader = indexing.Reader(index, damage)
            with Work("archive", sum(source.size for source, _ in files.sources), "bytes") as work:
                reader.read(files, work)
            for archive in found:
                archive.add_pages(reader)
            index.finish()
            pages, captures = index.counts()
            if not captures:
                raise InputError(f"--replay {' '.join(archives)}: {_nothing(damage)}")
            if reader.copies:
                log.warning(
                    "--replay: records that are in the archives again, and count once: %s", reader.copies
                )
            facts = {
                "archives": [archive.facts() for archive in found],
                "pages": pages,
                "captures": captures,
                "copies": reader.copies,
                "damaged": dict(damage.records),
                "damaged_examples": damage.examples[:_SHOWN],
            }
            yield Archives(answers, index, folder, facts, damage)
        finally:
            answers.close()


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """A folder for what is made of the archives. Removes also those that killed workers have left."""
    for left in owned_folders.left(PREFIX):
        shutil.rmtree(left, ignore_errors=True)
    folder = owned_folders.make(PREFIX)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _nothing(damage: Damage) -> str:
    if damage.examples:
        return f"no response in it can be read; the first: {damage.examples[0]}"
    return "holds no response of HTTP, so there is nothing to replay"


class _Archive:
    """One archive: its WARC files, also those made of its HAR files, and its lists of pages."""

    def __init__(self, text: str, folder: Path, damage: Damage) -> None:
        """``folder`` is for the files that are made. Raises InputError where there is no archive."""
        path = fetched(text, folder.parent / f"{folder.name}-copy") if "://" in text else _expanded(text)
        if not path.exists():
            raise InputError(f"--replay {text}: no such file or folder")
        self.text, self.path = text, path
        hars, self._own = _hars(path, damage)
        self.sources: list[tuple[Source, str]] = []
        if any(_found(path, (*SUFFIXES, WACZ))):
            self.sources = [(source, source.name) for source in _of_path(path)]
            self._own += _found(path, (*SUFFIXES, WACZ))
        elif not self._own:
            raise InputError(f"--replay {text}: holds no archive: no file .warc, .warc.gz, .wacz or .har")
        folder.mkdir()
        for number, file in enumerate(hars):
            target = folder / f"{number}.warc.gz"
            har.convert(file, target, f"{folder.name}-{number}", damage)
            made = StoreFile(StoreFiles(folder), target.name, target.stat().st_size)
            self.sources.append((made, file.name))

    def add_pages(self, reader: indexing.Reader) -> None:
        """Add the lists of pages: files pages/*.jsonl of WACZ files and of folders."""
        for file in _found(self.path, (WACZ,)):
            with zipfile.ZipFile(file) as packed:
                for name in packed.namelist():
                    if name.startswith("pages/") and name.endswith(".jsonl"):
                        reader.add_pages(partial(packed.open, name), f"{file.name}/{name}")
        for file in _found(self.path, (".jsonl",)):
            if file.parent.name == "pages":
                reader.add_pages(partial(_opened, file), file.name)

    def facts(self) -> dict[str, Any]:
        """Its name, size in bytes and SHA-256; of a folder that of the list of its files with theirs."""
        digests = [(_sha256(file), file) for file in self._own]
        size = sum(file.stat().st_size for file in self._own)
        if self.path.is_file():
            sha256 = digests[0][0]
        else:
            names = [f"{digest} {file.relative_to(self.path).as_posix()}\n" for digest, file in digests]
            sha256 = hashlib.sha256("".join(names).encode("utf-8", "replace")).hexdigest()
        return {"archive": self.text, "files": len(digests), "size": size, "sha256": sha256}


def _hars(path: Path, damage: Damage) -> tuple[list[HarFile], list[Path]]:
    """The HAR files at a path, each content once, and the files that they are in.

    A zip in a folder that holds none is another program's.
    """
    found, own = [], []
    for file in _found(path, _HARS):
        try:
            found += har_files.of_key(StoreFiles(file.parent), file.name)
        except (Damaged, *har_files.ERRORS) as error:
            raise_of_storage(error)
            if file.suffix.lower() == ".zip" and path.is_dir():
                continue
            damage.note(file.name, None, har_files.reason(error))
        own.append(file)
    kept, copies = har_files.without_copies(found)
    for name, reason in copies.items():
        log.warning("--replay: %s: %s", name, reason)
    return kept, own


def _opened(file: Path) -> IO[bytes]:
    return open(file, "rb")


def _expanded(text: str) -> Path:
    """A path, with the home folder for ``~``. Raises InputError for the home folder of nobody."""
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise InputError(f"--replay {text}: this machine has no such user; write the whole path") from error


def _of_path(path: Path) -> list[Source]:
    try:
        return sources.of_path(path)
    except InputError as error:
        raise InputError(f"--replay {error}") from error


def _found(path: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """The files with such names at a path, itself or below, in the order of their names."""
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
    return [file for file in files if file.name.lower().endswith(suffixes)]


def _sha256(file: Path) -> str:
    with open(file, "rb") as opened_file:
        return hashlib.file_digest(opened_file, "sha256").hexdigest()
