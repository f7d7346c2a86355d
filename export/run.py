"""Writes a run in another format: whole files only, and where it stopped it goes on."""

import importlib
import json
import os
import shutil
from pathlib import Path

from overscripted import __version__
from overscripted.errors import InputError
from overscripted.export.formats import FILE_FORMATS, FORMATS, Wanted
from overscripted.export.publish.description import check_licence
from overscripted.export.tables import open_tables
from overscripted.run import Run
from overscripted.schemas import TABLES

_MARK = ".export.json"  # in OUT.partial: what is being written


def export(run: Run, out: str, wanted: Wanted) -> dict[str, int]:
    """Write the run to ``out``, a path on this machine that must not exist; rows (or files) by table.

    The whole is written to ``<out>.partial`` first, which an interrupted export leaves: its finished files
    are not written again. Raises InputError for what cannot be done, StageMissing before the etl.
    """
    chosen, target = FORMATS[wanted.form], Path(out)
    _check(wanted)
    if os.path.lexists(target):
        raise InputError(f"{out}: exists; name another path, or delete it")
    if not target.parent.is_dir():
        raise InputError(f"{target.parent}: no such folder; make it first")
    if run.store.local and target.resolve().is_relative_to(Path(run.store.path("")).resolve()):
        raise InputError(f"{out}: inside the run; name a place of its own")
    with open_tables(run, wanted.remove_personal) as opened:
        names = _names(run, wanted.tables, opened.names)
        partial = _begin(run, target, wanted._replace(tables=tuple(names)))
        place = partial if chosen.is_folder else partial / "file"
        facts: dict[str, int] = importlib.import_module(chosen.module).write(opened, names, place, wanted)
    (partial / _MARK).unlink()
    if chosen.is_folder:
        partial.rename(target)
    else:
        place.rename(target)
        shutil.rmtree(partial)
    return facts


def _check(wanted: Wanted) -> None:
    """Raise InputError for options that this format does not have."""
    form = wanted.form
    if wanted.tables and not FORMATS[form].any_table:
        raise InputError(f"--table: {form} has tables of its own; leave it out")
    of_packages = {"--format": wanted.file_format, "--licence": wanted.licence}
    for option, value in of_packages.items():
        if value and form != "datapackage":
            raise InputError(f"{option}: only for --as datapackage; leave it out")
    if wanted.file_format not in ("", *FILE_FORMATS):
        raise InputError(f"--format {wanted.file_format}: choose one of {', '.join(FILE_FORMATS)}")
    check_licence(wanted.licence)


def _names(run: Run, asked: tuple[str, ...], there: tuple[str, ...]) -> list[str]:
    for name in asked:
        if name not in TABLES:
            raise InputError(f"--table {name}: no such table; docs/reference/tables.md lists them")
        if name not in there:
            raise InputError(
                f"--table {name}: {run.store.url} lacks it; leave it out, or run `{run.command('etl')}`"
            )
    return [name for name in there if not asked or name in asked]


def _begin(run: Run, target: Path, wanted: Wanted) -> Path:
    """The folder to write to: that of an interrupted export of the same, or a new one."""
    partial = target.with_name(f"{target.name}.partial")
    made = (run.stage("etl") or {}).get("ended")
    # As JSON gives it back: a tuple becomes a list.
    this = json.loads(
        json.dumps({"version": __version__, "run": run.store.url, "etl": made, **wanted._asdict()})
    )
    mark = partial / _MARK
    if mark.exists():
        if json.loads(mark.read_text("utf-8")) == this:
            return partial
        raise InputError(f"{partial}: is of another export; finish that one, or delete this folder")
    if os.path.lexists(partial):
        raise InputError(f"{partial}: exists and is no interrupted export; delete it or name another OUT")
    begun = target.with_name(f"{target.name}.begun")  # so that the folder is never there without its mark
    begun.mkdir(exist_ok=True)
    (begun / _MARK).write_text(json.dumps(this), encoding="utf-8")
    begun.rename(partial)
    return partial
