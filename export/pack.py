"""Indexes the archive of a run, and writes it as one WACZ file."""

import os
import tempfile
from pathlib import Path

from overscripted import layout
from overscripted.errors import InputError
from overscripted.export import wacz
from overscripted.export.archive import Archive, open_archive
from overscripted.export.cdxj import Index
from overscripted.progress import Work
from overscripted.run import Run
from overscripted.warc.payload import Unreadable


def pack(run: Run, file: str = "") -> dict[str, int]:
    """Write RUN/archive/index.cdxj, or with ``file`` a WACZ file on this machine; what was written.

    Records of attempts that do not count are left out, and so are damaged ones, which are counted. Raises
    InputError where the run has no archive, or ``file`` exists, has no folder or is in the run; OSError where
    it cannot be written.
    """
    target = Path(file)
    if file and os.path.lexists(target):
        raise InputError(f"--wacz {file}: exists; name another path, or delete it")
    if file and not target.parent.is_dir():
        raise InputError(f"--wacz {file}: no such folder; make it first")
    if file and run.store.local and target.resolve().is_relative_to(Path(run.store.path("")).resolve()):
        raise InputError(f"--wacz {file}: inside the run; name a place of its own")
    archive = open_archive(run)
    with Work("pack", len(archive.files), "files") as work:
        facts = _write_wacz(run, archive, target, work) if file else _write_index(run, archive, work)
    if damaged := archive.damage.records.total():
        facts["damaged"] = damaged
    return facts


def _write_index(run: Run, archive: Archive, work: Work) -> dict[str, int]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index.cdxj"
        with path.open("w", encoding="utf-8") as out:
            index = Index(out)
            for source in archive.files:
                name = source.name.rpartition("/")[2]
                for record in archive.records(source):
                    try:
                        index.add(record, name, record.offset)
                    except Unreadable:
                        continue  # the archive counts it
                work.add(1)
            index.finish()
        with run.store.replace(layout.ARCHIVE_INDEX) as staged:
            staged.make_folder(layout.ARCHIVE)
            staged.upload(path, layout.ARCHIVE_INDEX)
    return {"files": len(archive.files), "responses": index.n}


def _write_wacz(run: Run, archive: Archive, target: Path, work: Work) -> dict[str, int]:
    partial = target.with_name(f"{target.name}.partial")
    try:
        with partial.open("wb") as out:
            facts = wacz.write(archive, out, f"Overscripted run {run.crawl_id}", work)
            out.flush()
            os.fsync(out.fileno())
        partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)
    return facts | {"bytes": target.stat().st_size}
