"""The WARC files of a replay, open: each capture is read at its place in them.

A member of a WACZ file is read where it stands in the zip file: the format wants it stored uncompressed. One
that is compressed is copied to a temporary file first. Names in archives never name a file of this machine.
"""

import io
import shutil
import tempfile
import zipfile
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from overscripted.crawl.replay import settings
from overscripted.errors import InputError
from overscripted.warc.sources import ZIP_ERRORS, Source, StoreFile, WaczMember

_HEADER_LENGTHS = 26  # bytes before the lengths of name and extra field in a local header of a zip file
_HEADER = 30  # bytes of such a header without these


class Files:
    """Sources by their numbers, opened when they are read. Not for several threads at the same time."""

    def __init__(self, sources: Sequence[tuple[Source, str]], folder: Path) -> None:
        """``sources`` with the names to show. ``folder`` is for temporary files; the caller deletes it."""
        self.sources = sources
        self._folder = folder
        self._open: OrderedDict[int, IO[bytes]] = OrderedDict()

    def file(self, number: int) -> IO[bytes]:
        """The file of a source, which stays open for some time. Raises OSError, InputError."""
        if number in self._open:
            self._open.move_to_end(number)
            return self._open[number]
        while len(self._open) >= settings.OPEN_FILES:
            self._open.popitem(last=False)[1].close()
        self._open[number] = self._opened(self.sources[number][0])
        return self._open[number]

    def close(self) -> None:
        """Close all files."""
        for file in self._open.values():
            file.close()
        self._open.clear()

    def _opened(self, source: Source) -> IO[bytes]:
        if isinstance(source, WaczMember):
            return self._member(source)
        assert isinstance(source, StoreFile)
        return open(source.files.path(source.name), "rb")

    def _member(self, source: WaczMember) -> IO[bytes]:
        file = self._opened(source.wacz)
        with zipfile.ZipFile(file) as packed:
            info = packed.getinfo(source.member)
            if info.compress_type == zipfile.ZIP_STORED and not info.flag_bits & 1:
                file.seek(info.header_offset + _HEADER_LENGTHS)
                lengths = file.read(_HEADER - _HEADER_LENGTHS)
                name, extra = (int.from_bytes(lengths[at : at + 2], "little") for at in (0, 2))
                start = info.header_offset + _HEADER + name + extra
                return io.BufferedReader(_Window(file, start, info.file_size))
            try:
                with packed.open(info) as member:
                    return self._copied(member, source)
            except ZIP_ERRORS as error:
                raise InputError(f"{source.name}: cannot be unpacked ({error})") from error

    def _copied(self, member: IO[bytes], source: WaczMember) -> IO[bytes]:
        """A temporary copy of what a member holds. Raises InputError where it is too long."""
        copy = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115  # stays open
        most = shutil.disk_usage(self._folder).free // 2
        size = 0
        while piece := member.read(settings.PIECE):
            size += len(piece)
            if size > most:
                copy.close()
                raise InputError(f"{source.name}: unpacked, it takes more than half of the free disk")
            copy.write(piece)
        copy.seek(0)
        return copy


class _Window(io.RawIOBase):
    """A part of a file, as a file."""

    def __init__(self, file: IO[bytes], start: int, size: int) -> None:
        self._file, self._start, self._size, self._at = file, start, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(base + offset, 0)
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self._file.seek(self._start + self._at)
        piece = self._file.read(max(min(len(buffer), self._size - self._at), 0))
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def close(self) -> None:
        self._file.close()
        super().close()
