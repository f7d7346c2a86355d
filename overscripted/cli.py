"""The command line: it finds the command of a stage, runs it, and prints errors."""

import errno
import importlib
import io
import os
import shutil
import sys
from typing import Any, NamedTuple

import click

from overscripted import __version__
from overscripted.errors import InputError, SoftwareMissing, UserError


class CommandPath(NamedTuple):
    """The module and name of a subcommand, and its line in the list of commands."""

    module: str
    attribute: str
    help: str


# A subcommand is imported when it is run. So `overscripted --help` starts fast, and a stage works without the
# libraries of the others.
COMMANDS = {
    "precrawl": CommandPath(
        "overscripted.precrawl.command", "precrawl", "Collect the links of many sites from a vantage point."
    ),
    "seeds": CommandPath(
        "overscripted.precrawl.command", "seeds", "Combine the vantage points of a run into its seeds."
    ),
    "crawl": CommandPath(
        "overscripted.crawl.command", "crawl", "Visit every seed in an instrumented Firefox."
    ),
    "dwell": CommandPath("overscripted.crawl.command", "dwell", "Measure how long pages should be watched."),
    "import": CommandPath(
        "overscripted.import_answers", "import_", "Import data of other projects into a run."
    ),
    "etl": CommandPath("overscripted.etl.command", "etl", "Make the tables of a run from its raw records."),
    "sample": CommandPath(
        "overscripted.export.command", "sample", "Publish a run, or a part of it, as a data set."
    ),
    "analyze": CommandPath("overscripted.analyses.command", "analyze", "Answer questions about a run."),
    "compare": CommandPath(
        "overscripted.analyses.comparison.command", "compare", "Say what changed between two runs or waves."
    ),
    "find": CommandPath(
        "overscripted.analyses.find.command", "find", "Show where in a run a value occurs, hashed or not."
    ),
    "explore": CommandPath(
        "overscripted.explore.command", "explore", "Explore runs in the browser, on this machine."
    ),
    "inspect": CommandPath(
        "overscripted.inspection.command", "inspect", "Visit one page, and say in sentences what it does."
    ),
    "report": CommandPath("overscripted.report.command", "report", "Write the report of a run as one page."),
    "views": CommandPath(
        "overscripted.api.command", "views", "Write RUN/run.duckdb, views over all tables of a run."
    ),
    "export": CommandPath(
        "overscripted.export.command", "export", "Write a run's tables in the formats of other tools."
    ),
    "pack": CommandPath(
        "overscripted.export.pack_command", "pack", "Index the archive of a crawl, or write it as one file."
    ),
    "lab": CommandPath("overscripted.notebooks.command", "lab", "Open JupyterLab on a run."),
    "lists": CommandPath(
        "overscripted.lists.command", "lists", "Show or fetch the lists that say who is who."
    ),
    "status": CommandPath("overscripted.status", "status", "Show what a run holds and what to do next."),
    "demo": CommandPath(
        "overscripted.demo.command", "demo", "Run the whole pipeline on a small web on this machine."
    ),
}


class Stages(click.Group):
    """A group whose subcommands are imported on use, shown in the order of the pipeline."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        where = COMMANDS[cmd_name]
        try:
            command: click.Command = getattr(importlib.import_module(where.module), where.attribute)
        except ModuleNotFoundError as missing:
            raise SoftwareMissing(
                f"overscripted {cmd_name} needs the Python package {missing.name!r}, which is not installed; "
                "install Overscripted again with what it depends on (`pip install overscripted`)"
            ) from missing
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, where.help) for name, where in COMMANDS.items()])


@click.group(
    cls=Stages, context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "OVERSCRIPTED"}
)
@click.version_option(__version__, prog_name="overscripted")
def main() -> None:
    """Measure what the web's JavaScript does to the people who visit it.

    \b
    sites --precrawl--> seeds --crawl--> raw --etl--> tables --analyze--> findings --report
    Every command takes RUN, a folder or s3://bucket/prefix that holds one measurement.

    \b
    Try it:   overscripted demo
    Then:     overscripted status demo-run
    """


# What the operating system refuses for reasons that only the user can fix: rights, paths, space.
_REFUSED = {
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EISDIR),
    *(errno.ENOSPC, errno.EDQUOT, errno.ENAMETOOLONG, errno.ELOOP),
}
_TOO_MANY = (errno.EMFILE, errno.ENFILE)


def _refused(error: OSError) -> str:
    if error.errno in _TOO_MANY:
        return "this process may not open more files; raise the limit (`ulimit -n 4096`)"
    file = f"{error.filename}: " if error.filename else ""
    reason = (error.strerror or str(error)).lower()
    return f"{file}{reason}; name another place, or fix its permissions or space"


def _open_closed() -> None:
    """Open standard streams that the caller closed (``2>&-``): a file of ours must not get their number."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is not None:
            continue
        sink = os.open(os.devnull, os.O_RDWR)
        if sink != number:
            os.dup2(sink, number)
            os.close(sink)
        setattr(sys, name, open(number, "w" if number else "r", encoding="utf-8", closefd=False))  # noqa: SIM115


def entry(arguments: list[str] | None = None) -> Any:
    """Run the command line; exit codes are listed in `overscripted.errors`."""
    _open_closed()
    if isinstance(sys.stdout, io.TextIOWrapper):  # the terminal may have any encoding
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        main.main(args=arguments, prog_name="overscripted", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except UserError as error:
        click.echo(f"overscripted: error: {error}", err=True)
        sys.exit(error.exit_code)
    except shutil.Error as error:  # of a folder; it has one reason per file
        click.echo(
            f"overscripted: error: {error.args[0][0][-1]}; free space there or fix its permissions", err=True
        )
        sys.exit(InputError.exit_code)
    except OSError as error:
        if error.errno not in (*_REFUSED, *_TOO_MANY):
            raise
        click.echo(f"overscripted: error: {_refused(error)}", err=True)
        sys.exit(InputError.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("overscripted: interrupted; run the same command again to resume", err=True)
        sys.exit(130)
