"""Copies an archive from an object store to this machine: each capture is read at its place, many times."""

import shutil
from pathlib import Path

from overscripted.errors import InputError, OutsideError, UserError
from overscripted.files import Files
from overscripted.progress import Work
from overscripted.warc.sources import SUFFIXES, WACZ

# Names of files that an archive may have: also HAR files, and the lists of pages of an unpacked WACZ file.
_NAMES = (*SUFFIXES, WACZ, ".har", ".har.gz", ".zip", ".jsonl")


def fetched(url: str, folder: Path) -> Path:
    """The copy of a file or of a folder's archives below ``folder``, which the caller deletes.

    Raises InputError where there is none or it takes more than half of the free disk, OutsideError where the
    store cannot be reached.
    """
    try:
        files, keys, name = _found(url)
        sizes = {key: files.size(key) for key in keys}
        most = shutil.disk_usage(folder.parent).free // 2
        if sum(sizes.values()) > most:
            raise InputError(f"--replay {url}: takes more than half of the free disk of {folder.parent}")
        _copy(files, sizes, folder, url)
        return folder / name
    except UserError:
        raise
    except Exception as error:  # of the store's own software
        raise OutsideError(f"--replay {url}: cannot be read: {error}") from error


def _found(url: str) -> tuple[Files, list[str], str]:
    """The files at an address, their keys, and the name of the only one where the address is a file's."""
    files = Files(url)
    if files.fs.isfile(files.root):
        parent, _, name = files.url.rpartition("/")
        return Files(parent), [name], name
    keys = [key for key in files.files() if key.lower().endswith(_NAMES)]
    if not keys:
        raise InputError(f"--replay {url}: no such file, or a folder without an archive")
    return files, keys, ""


def _copy(files: Files, sizes: dict[str, int], folder: Path, url: str) -> None:
    """Copy files. A key never leads out of the folder."""
    here = Files(folder)
    with Work("copy", sum(sizes.values()), "bytes") as work:
        for key, size in sizes.items():
            target = Path(here.path(key))
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                with files.fs.open(files.path(key), "rb") as source, target.open("xb") as copy:
                    shutil.copyfileobj(source, copy, 2**20)
            except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
                raise InputError(
                    f"--replay {url}: {key} is a file and a folder there; name the one to replay"
                ) from error
            work.add(size)
