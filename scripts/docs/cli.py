"""The reference of the command line, ``docs/reference/cli.md``, from the commands themselves.

python -m scripts.docs.cli > docs/reference/cli.md
"""

import textwrap
from collections.abc import Iterator

import click

from overscripted.cli import COMMANDS, main

_HEAD = """# Command line

Generated from the commands by `python -m scripts.docs.cli`. `RUN` is a folder or `s3://bucket/prefix` that
holds one measurement. Every option can also be given as an environment variable: `OVERSCRIPTED_`, the command
and the option, for example `OVERSCRIPTED_CRAWL_FRONTIER`. See also the [exit codes](outcomes.md#exit-codes).

| command | what it does |
| --- | --- |"""


def document() -> str:
    """The whole page."""
    context = click.Context(main, info_name="overscripted")
    commands = {name: main.get_command(context, name) for name in COMMANDS}
    lines = [_HEAD]
    for name, command in commands.items():
        assert command is not None
        lines.append(f"| [`{name}`](#{name}) | {_line(command.get_short_help_str(200))} |")
    lines.append("")
    for name, command in commands.items():
        assert command is not None
        lines += section(command, click.Context(command, info_name=name, parent=context))
    return "\n".join(lines)


def section(command: click.Command, context: click.Context, level: int = 2) -> Iterator[str]:
    """One command in Markdown: what it does, its options, its own commands."""
    name = context.command_path.removeprefix("overscripted ")
    yield f"{'#' * level} {name}\n"
    yield f"```text\n{' '.join(command.get_usage(context).removeprefix('Usage: ').split())}\n```\n"
    yield from _paragraphs(command.help or "")
    options = [option for option in command.params if isinstance(option, click.Option) and not option.hidden]
    if options:
        yield "| option | meaning | default |\n| --- | --- | --- |"
        for option in options:
            yield f"| {_names(option, context)} | {_line(option.help or '')} | {_default(option)} |"
        yield ""
    if isinstance(command, click.Group):
        for sub in command.list_commands(context):
            child = command.get_command(context, sub)
            assert child is not None
            yield from section(child, click.Context(child, info_name=sub, parent=context), level + 1)


def _paragraphs(text: str) -> Iterator[str]:
    """A command's help; what click is told not to wrap becomes a block of code."""
    for paragraph in text.split("\n\n"):
        if paragraph.lstrip().startswith("\b"):
            kept = textwrap.dedent(paragraph.lstrip().removeprefix("\b").strip("\n"))
            yield f"```text\n{kept}\n```\n"
        elif paragraph.strip():
            yield f"{_line(paragraph)}\n"


def _names(option: click.Option, context: click.Context) -> str:
    names = ", ".join([*option.opts, *option.secondary_opts])
    value = "" if option.is_flag else f" {option.make_metavar(context)}"
    return f"`{names}{value}`".replace("|", "\\|")


def _default(option: click.Option) -> str:
    """What is shown as the default on the command line, if anything is."""
    if option.is_flag or option.default is None or not option.show_default:
        return ""
    value = option.default
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def _line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    print(document(), end="")
