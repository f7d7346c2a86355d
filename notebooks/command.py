"""``overscripted lab``: JupyterLab on a run, with our notebooks in it."""

import importlib.util
import os
import sys
from pathlib import Path

import click

from overscripted import layout
from overscripted.errors import InputError, SoftwareMissing
from overscripted.run import Run

SHIPPED = Path(__file__).parent
FIRST = "01_first_look.ipynb"  # opened at the start


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("run")
@click.argument("jupyter", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    help="Copy the notebooks to this folder, not to RUN/notebooks.",
)
def lab(run: str, jupyter: tuple[str, ...], folder: Path | None) -> None:
    """Open JupyterLab on RUN, with our notebooks.

    They are copied to RUN/notebooks, or to --folder, which a run on object storage needs. A notebook
    that exists already is not changed; delete it to get our version again. Options after RUN are passed
    to JupyterLab.

    \b
    Examples:  overscripted lab demo-run
               overscripted lab demo-run --no-browser --port 8890
               overscripted lab s3://bucket/2026-11 --folder notebooks-2026-11
    """
    opened = Run.open(run)
    opened.require("etl")
    _need_jupyter()
    target = _notebook_folder(opened, folder)
    for name in copy_notebooks(target):
        click.echo(f"new: {target / name}")
    click.echo(f"JupyterLab on {opened.store.url}; Ctrl-C ends it")
    # JupyterLab replaces this process, so that Ctrl-C and the exit code are its own.
    os.environ["OVERSCRIPTED_RUN"] = opened.store.url
    as_root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "jupyterlab", *as_root, *jupyter, str(target / FIRST)])


def copy_notebooks(target: Path) -> list[str]:
    """Copy our notebooks that are not in a folder yet; returns their names.

    Raises InputError if the folder cannot be written.
    """
    copied = []
    try:
        target.mkdir(parents=True, exist_ok=True)
        for source in sorted(SHIPPED.glob("*.ipynb")):
            try:
                with open(target / source.name, "xb") as file:  # x: never overwrites a user's notebook
                    file.write(source.read_bytes())
            except FileExistsError:
                continue
            copied.append(source.name)
    except OSError as error:
        raise InputError(f"{target}: cannot be written ({error.strerror}); name another --folder") from error
    return copied


def _notebook_folder(run: Run, folder: Path | None) -> Path:
    if folder is not None:
        return Path(os.path.expanduser(folder)).absolute()
    if run.store.local:
        return Path(run.store.path(layout.NOTEBOOKS))
    raise InputError(f"{run.store.url}: JupyterLab keeps notebooks in a local folder; name one with --folder")


def _need_jupyter() -> None:
    if importlib.util.find_spec("jupyterlab") is None:
        raise SoftwareMissing('lab needs JupyterLab; run `pip install "overscripted[notebooks]"`')
