"""The command line: every command has help with an example, errors are one line with an exit code."""

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from overscripted.cli import COMMANDS, main
from overscripted.crawl.metrics import Metrics
from overscripted.errors import InputError, SoftwareMissing
from overscripted.options import Contact, Count, Number
from overscripted.precrawl.run import SeedOptions

# Libraries of the stages, as if none was installed. Then what the list of commands has loaded of ours.
_BARE = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in "ibis duckdb pyarrow ada_url aiohttp matplotlib rich fsspec".split():
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
from overscripted.cli import entry
try:
    entry(sys.argv[1:])
finally:
    print(*[name for name in sys.modules if name.startswith("overscripted.")], file=sys.stderr)
"""


def bare(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", _BARE, *arguments], capture_output=True, text=True)


def test_the_list_of_commands_loads_no_stage_and_none_of_their_libraries() -> None:
    done = bare("--help")
    assert done.returncode == 0 and all(f"\n  {name} " in done.stdout for name in COMMANDS)
    assert set(done.stderr.split()) == {"overscripted.cli", "overscripted.errors"}


def test_a_command_whose_library_is_missing_names_it() -> None:
    done = bare("etl", "run")
    assert done.returncode == SoftwareMissing.exit_code
    assert "overscripted etl needs the Python package " in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name: str) -> None:
    shown = CliRunner().invoke(main, [name, "--help"])
    assert shown.exit_code == 0, shown.output
    assert "Example" in shown.output


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["status", "nowhere"], 3, "no run here"),
        (["etl", "nowhere"], 3, "no run here"),
        (["analyze", "nowhere"], 3, "no run here"),
        (["report", "nowhere"], 3, "no run here"),
        (["precrawl", "new", "--sites", "absent.csv", "--vantage", "home"], 3, "absent.csv"),
        (["nonsense"], 2, "nonsense"),
        (["etl"], 2, "RUN"),
    ],
)
def test_a_user_mistake_is_one_line_and_an_exit_code(
    tmp_path: Path, arguments: list[str], code: int, words: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "overscripted", *arguments], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def numbers() -> list[tuple[str, str]]:
    found = []
    for name in COMMANDS:
        command = main.get_command(click.Context(main), name)
        assert command is not None
        for option in command.params:
            assert type(option.type).__name__ not in (
                "FloatRange",
                "IntRange",
                "FloatParamType",
                "IntParamType",
            )
            if isinstance(option.type, Number | Count):
                found.append((name, option.opts[0]))
    return found


@pytest.mark.parametrize(("command", "option"), numbers())
@pytest.mark.parametrize(
    "value", ["nan", "inf", "-inf", "1e999", "-1e18", "9" * 30, "9" * 5000, "x", "", "²", "0x1"]
)
def test_every_number_is_finite_in_range_and_named(command: str, option: str, value: str) -> None:
    said = CliRunner().invoke(main, [command, "run", option, value])
    assert said.exit_code == 2, said.output
    assert option in said.output


@pytest.mark.parametrize("value", ["nan", "²", "9" * 5000, "-1", "501", "1e1"])
def test_a_number_among_words_is_checked_too(value: str) -> None:
    said = CliRunner().invoke(main, ["crawl", "run", "--windows", value])
    assert (said.exit_code, "--windows" in said.output) == (2, True), said.output
    for quorum in (value, f"1/{value}"):
        with pytest.raises(InputError, match="--quorum"):
            SeedOptions(quorum) if value != "501" else SeedOptions("501/1")
    if value != "501":
        with pytest.raises(InputError, match="--metrics"):
            Metrics(f"127.0.0.1:{value}", dict)


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("https://例え.jp/é x", "https://xn--r8jz45g.jp/%C3%A9%20x"),
        ("HTTPS://a.example", "https://a.example/"),
        ("me@a.example", "me@a.example"),
        ("https://[bad/", None),
        ("mailto:é@a.example", None),
        ("a\nb: c", None),
    ],
)
def test_a_contact_is_what_a_header_can_carry(written: str, sent: str | None) -> None:
    if sent is not None:
        assert Contact().convert(written, None, None) == sent
        return
    for command in ("precrawl", "crawl", "seeds"):
        said = CliRunner().invoke(main, [command, "run", "--vantage", "a", "--contact", written])
        if command == "crawl":
            said = CliRunner().invoke(main, [command, "run", "--contact", written])
        assert (said.exit_code, "--contact" in said.output) == (2, True), said.output


@pytest.mark.parametrize("place", ["/proc/no-such/run", "file/run"])
@pytest.mark.parametrize("stage", ["precrawl", "crawl", "import"])
def test_a_place_where_no_run_can_be_is_named(tmp_path: Path, stage: str, place: str) -> None:
    (tmp_path / "file").write_text("not a folder")
    (tmp_path / "sites.txt").write_text("a.example\n")
    (tmp_path / "seeds.txt").write_text("http://a.example/\n")
    (tmp_path / "data.json").write_text("{}")
    words = {
        "precrawl": ["precrawl", place, "--sites", "sites.txt", "--vantage", "home"],
        "crawl": ["crawl", place, "--seeds", "seeds.txt"],
        "import": ["import", "study", "data.json", place],
    }
    done = subprocess.run(
        [sys.executable, "-m", "overscripted", *words[stage]], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode in (3, 5), done.stderr  # 5: no Firefox here
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert place.partition("/run")[0] in done.stderr or done.returncode == 5
