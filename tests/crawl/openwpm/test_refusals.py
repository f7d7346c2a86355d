"""What cannot be used is refused before the crawl: messages name the option, file or key, and the remedy."""

from pathlib import Path
from typing import Any

import pytest

from overscripted.crawl.openwpm import config, installed, options
from overscripted.crawl.settings import Options
from overscripted.errors import InputError, SoftwareMissing
from tests.crawl.openwpm.installation import Installation


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"do": "scroll"}, "--do: not possible with --engine openwpm; name a command of yours under"),
        ({"save": ("screenshot",)}, "--save: not possible with --engine openwpm; set browser.save_content"),
        ({"variants": "x.toml"}, "--variants: not possible with --engine openwpm"),
        ({"revisit_s": 5.0}, "--revisit: not possible with --engine openwpm"),
        ({"profile": ("keep",)}, "--profile: not possible with --engine openwpm; set reset = false"),
        ({"instrument": "fingerprinting"}, "--instrument: not possible.*browser.js_instrument_settings"),
        ({"record": True}, "--record: not possible with --engine openwpm"),
        ({"replay": ("archive",)}, "--replay: not possible with --engine openwpm; OpenWPM has a network of"),
        ({"authorities": ("ca.pem",)}, "--ca: not possible with --engine openwpm"),
        ({"visits_per_browser": 1}, "--visits-per-browser: not possible with --engine openwpm; set reset"),
        ({"openwpm": ""}, "--engine openwpm: name OpenWPM's checkout with --openwpm PATH"),
        ({"engine": "selenium"}, "--engine selenium: choose from overscripted, openwpm"),
        ({"engine": "overscripted"}, "--openwpm: give --engine openwpm with it"),
    ],
)
def test_options(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        options.check(Options(**{"engine": "openwpm", "openwpm": "OpenWPM", **given}))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not valid JSON"),
        ("[]", "must hold the keys reset, manager, browser, commands"),
        ({"browsers": {}}, "browsers: is unknown; choose from reset, manager, browser, commands"),
        ({"reset": 1}, "reset: must be a truth value"),
        ({"manager": {"num_browsers": 2}}, "manager.num_browsers: not here; give --windows"),
        ({"browser": {"display_mode": "native"}}, "browser.display_mode: not here; give --display"),
        ({"browser": {"prefs": {"network.proxy.type": 0}}}, "prefs.network.proxy.type: is the route to the"),
        ({"browser": {"prefs": {"a": 1.5}}}, "browser.prefs.a: must be text, a whole number, true or false"),
        ({"browser": {"prefs": []}}, "browser.prefs: must be a table of preferences"),
        ({"commands": ["x"]}, r"commands\[0\]: must be a table with command = "),
        ({"commands": [{"command": "x"}]}, r"commands\[0\].command: must be \"module:Class\""),
        ({"commands": [{"command": "x:Y", "timeout": 0}]}, r"commands\[0\].timeout: must be from 0 to 3600"),
        ({"commands": [{"command": "x:Y", "timeout": True}]}, r"commands\[0\].timeout: must be a number"),
        ({"commands": [{"command": "x:Y", "args": {}}]}, r"commands\[0\].args: is unknown"),
        ('{"manager": {"failure_limit": NaN}}', "holds a value that JSON does not have"),
    ],
)
def test_config(openwpm: Installation, content: Any, message: str) -> None:
    path = openwpm.config(content)
    with pytest.raises(InputError, match=f"--openwpm-config {path}: .*{message}"):
        config.read(path)


def test_toml(openwpm: Installation) -> None:
    path = openwpm.config('[[commands]]\ncommand = "m:C"\n[browser]\nbot_mitigation = true\n', "o.toml")
    read = config.read(path)
    assert read.commands == [{"command": "m:C", "arguments": {}, "timeout": 30.0}]
    assert (read.browser, read.reset, read.modules) == ({"bot_mitigation": True}, True, str(openwpm.folder))
    with pytest.raises(InputError, match="not valid TOML"):
        config.read(openwpm.config("reset = ", "p.toml"))
    with pytest.raises(InputError, match="cannot be read"):
        config.read(str(openwpm.folder / "none.toml"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"browser": {"js_instrumnt": True}}, "browser.js_instrumnt: OpenWPM has no such parameter; it has"),
        ({"browser": {"js_instrument": "yes"}}, "browser.js_instrument: 'yes' is not what OpenWPM takes"),
        ({"manager": {"failure_limit": "no"}}, "manager.failure_limit: is no whole number"),
        ({"browser": {"js_instrument_settings": ["x"]}}, "browser.js_instrument_settings: unknown settings"),
        ({"commands": [{"command": "no.such:C"}]}, r"commands\[0\].command: ModuleNotFoundError"),
        ({"commands": [{"command": "json:JSONDecoder"}]}, r"commands\[0\].command: is no class that extends"),
        (
            {"commands": [{"command": "openwpm.commands.browser_commands:GetCommand"}]},
            r"commands\[0\].arguments: .*missing 2 required",
        ),
    ],
)
def test_judged_by_openwpm(openwpm: Installation, content: Any, message: str) -> None:
    """OpenWPM's own classes say what they do not take."""
    path = openwpm.config(content)
    with pytest.raises(InputError, match=f"--openwpm-config {path}: {message}"):
        openwpm.crawl(["one"], openwpm_config=path)
    assert not (openwpm.folder / "run").exists()


def test_refused_by_openwpm(openwpm: Installation) -> None:
    path = openwpm.config({"browser": {"callstack_instrument": True}})
    with pytest.raises(SoftwareMissing, match="The callstacks instrument currently doesn't work"):
        openwpm.crawl(["one"], openwpm_config=path)


def test_checkout(openwpm: Installation, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no checkout of OpenWPM: openwpm/task_manager.py is missing"):
        installed.checkout(str(tmp_path))
    with pytest.raises(InputError, match=r"--openwpm ~no-such-user/x: no checkout of OpenWPM"):
        installed.checkout("~no-such-user/x")
    with pytest.raises(InputError, match=r"--openwpm-python .*/~no-such-user/x: does not run as Python"):
        installed.python(openwpm.checkout, "~no-such-user/x")
    with pytest.raises(InputError, match=r"--openwpm-python .*/none: does not run as Python"):
        installed.python(openwpm.checkout, str(tmp_path / "none"))


def test_old_python(openwpm: Installation, tmp_path: Path) -> None:
    old = tmp_path / "python"
    old.write_text("#!/bin/sh\necho 3 6\n", encoding="utf-8")
    old.chmod(0o755)
    with pytest.raises(InputError, match=r"is Python 3\.6; OpenWPM needs 3\.10 or later"):
        installed.python(openwpm.checkout, str(old))


def test_python_is_found(openwpm: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That of the checkout, else that of conda's environment `openwpm`."""
    assert installed.python(openwpm.checkout) == str(openwpm.checkout / "venv" / "bin" / "python")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("CONDA_PREFIX", raising=False)
    monkeypatch.delenv("CONDA_EXE", raising=False)
    with pytest.raises(SoftwareMissing, match="name it with --openwpm-python"):
        installed.python(tmp_path)
    conda = tmp_path / "miniforge3" / "envs" / "openwpm" / "bin"
    conda.mkdir(parents=True)
    (conda / "python").symlink_to(openwpm.checkout / "venv" / "bin" / "python")
    assert installed.python(tmp_path) == str(conda / "python")


@pytest.mark.parametrize(
    ("version", "message"),
    [("0.17.0", "OpenWPM 0.17.0 is too old; update it to 0.30"), ("", "its file VERSION has no version")],
)
def test_version(openwpm: Installation, tmp_path: Path, version: str, message: str) -> None:
    other = tmp_path / "OpenWPM"
    other.mkdir()
    for name in ("openwpm", "venv", "firefox"):
        (other / name).symlink_to(openwpm.checkout / name)
    (other / "VERSION").write_text(version, encoding="utf-8")
    with pytest.raises(SoftwareMissing, match=message):
        openwpm.crawl(["one"], openwpm=str(other))


def test_without_firefox(openwpm: Installation) -> None:
    with pytest.raises(SoftwareMissing, match="OpenWPM's Firefox: The `firefox-bin/firefox-bin` binary"):
        openwpm.crawl(["one"], firefox=None)


def test_without_geckodriver(openwpm: Installation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "python").symlink_to(openwpm.checkout / "venv" / "bin" / "python")
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    with pytest.raises(SoftwareMissing, match="geckodriver is neither beside this Python nor on the PATH"):
        openwpm.crawl(["one"], openwpm_python=str(tmp_path / "python"))
