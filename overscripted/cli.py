"""The command line: a subcommand a stage. It only finds the stage's command and prints errors."""

import errno
import importlib
import io
import os
import shutil
import sys
from typing import Any

import click

from overscripted import __version__
from overscripted.errors import InputError, UserError

# Name of a subcommand -> where it lives. Loaded only when asked for, so that `overscripted --help`
# and every stage start fast and a stage needs only its own libraries.
COMMANDS = {
    "precrawl": "overscripted.precrawl.command:precrawl",
    "seeds": "overscripted.precrawl.command:seeds",
    "crawl": "overscripted.crawl.command:crawl",
    "dwell": "overscripted.crawl.command:dwell",
    "import": "overscripted.etl.command:import_",
    "etl": "overscripted.etl.command:etl",
    "sample": "overscripted.etl.command:sample",
    "analyze": "overscripted.analyses.command:analyze",
    "report": "overscripted.analyses.command:report",
    "lab": "overscripted.notebooks.command:lab",
    "lists": "overscripted.lists.command:lists",
    "status": "overscripted.status:status",
    "demo": "overscripted.demo.command:demo",
}


class Stages(click.Group):
    """A group whose subcommands are imported on use, shown in the order of the pipeline."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


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


# What the operating system refuses for reasons that only the user can mend: rights, paths, space.
_REFUSED = {
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EISDIR),
    *(errno.ENOSPC, errno.EDQUOT, errno.ENAMETOOLONG, errno.ELOOP),
}
_TOO_MANY = (errno.EMFILE, errno.ENFILE)


def _refused(error: OSError) -> str:
    if error.errno in _TOO_MANY:
        return "this process may not open more files; raise the limit (`ulimit -n 4096`)"
    place = f"{error.filename}: " if error.filename else ""
    said = (error.strerror or str(error)).lower()
    return f"{place}{said}; name another place, or mend its rights or space"


def _open_closed() -> None:
    """Give what was closed before we began (``2>&-``) a place, lest a file of ours takes its number."""
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
    if isinstance(sys.stdout, io.TextIOWrapper):  # of whatever encoding the terminal is
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        main.main(args=arguments, prog_name="overscripted", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except UserError as error:
        click.echo(f"overscripted: error: {error}", err=True)
        sys.exit(error.exit_code)
    except shutil.Error as error:  # of a folder: of each file what went wrong
        click.echo(f"overscripted: error: {error.args[0][0][-1]}; free space or rights there", err=True)
        sys.exit(InputError.exit_code)
    except OSError as error:
        if error.errno not in (*_REFUSED, *_TOO_MANY):
            raise
        click.echo(f"overscripted: error: {_refused(error)}", err=True)
        sys.exit(InputError.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("overscripted: interrupted; run the same command again to resume", err=True)
        sys.exit(130)
