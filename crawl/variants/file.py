"""Reads a file of variants: TOML or YAML, a table of settings for each name."""

import hashlib
import re
import tomllib
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import yaml

from overscripted import proxies
from overscripted.crawl.behaviours import plan
from overscripted.crawl.firefox.profile import Pref
from overscripted.crawl.variants import contradictions, tracking_protection
from overscripted.crawl.variants.variant import COOKIES, REVISIT, STATES, Extension, Screen, Variant
from overscripted.errors import InputError

MOST = 20  # variants of a file: each is a visit of every seed
_NAME = 40  # characters of a variant's name
_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?")
_LONGEST_S = 86_400.0  # between two visits of a `revisit`


@dataclass(frozen=True)
class Variants:
    """The variants of a crawl by name, in the order of their file.

    ``sha256`` is that of the file and of the files that it names.
    """

    by_name: dict[str, Variant]
    sha256: str


def read(path: str) -> Variants:
    """The variants of a file. Raises InputError that names the file, the variant and the setting."""
    where = f"--variants {path}"
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{where}: cannot be read ({error.strerror})") from error
    given = _tables(content, path, where)
    if not isinstance(given, dict) or not given:
        raise InputError(f"{where}: holds no variants; give a table of settings for each name")
    if len(given) > MOST:
        raise InputError(f"{where}: {len(given)} variants, at most {MOST} are possible")
    found: dict[str, Variant] = {}
    for name, settings in given.items():
        found[_name(name, where)] = _variant(
            str(name), settings, found, f"{where}: {name}", Path(path).parent
        )
    digest = hashlib.sha256(content)
    for variant in found.values():
        for sha256 in variant.contents:
            digest.update(f"{variant.name} {sha256}".encode())
    return Variants(found, digest.hexdigest())


def _tables(content: bytes, path: str, where: str) -> Any:
    try:
        text = content.decode("utf-8")
        return tomllib.loads(text) if path.endswith(".toml") else yaml.safe_load(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, yaml.YAMLError, RecursionError) as error:
        kind = "TOML" if path.endswith(".toml") else "YAML"
        raise InputError(f"{where}: not valid {kind}: {' '.join(str(error).split())[:300]}") from error


def _name(name: Any, where: str) -> str:
    if isinstance(name, str) and 0 < len(name) <= _NAME and all(c.isalnum() or c in "-_" for c in name):
        return name
    raise InputError(f"{where}: {name!r}: a name has letters, digits, - and _, {_NAME} at most")


def _variant(name: str, settings: Any, before: Mapping[str, Variant], where: str, folder: Path) -> Variant:
    settings = {} if settings is None else settings
    if not isinstance(settings, dict):
        raise InputError(f"{where}: settings are needed, not {settings!r}")
    known = [item.name for item in fields(Variant) if item.name != "name"]
    if unknown := [key for key in settings if key not in known]:
        raise InputError(f"{where}: {unknown[0]!r} is unknown; choose from {', '.join(known)}")
    values = {key: _READ[key](value, f"{where}: {key}") for key, value in settings.items()}
    if "twin" in values:
        if len(values) > 1 or values["twin"] not in before:
            raise InputError(f"{where}: twin: must name a variant above it, and be the only setting")
        return replace(before[values["twin"]], name=name, twin=values["twin"])
    if (values.get("state") == REVISIT) != ("after" in values):
        raise InputError(f'{where}: state = "revisit" needs `after`, in seconds, and only it has it')
    if extension := values.get("extension"):
        values["extension"] = _extension(folder / extension, f"{where}: extension")
    contradictions.check(values, where)
    _set_trackers(values, folder, where)
    return Variant(name, **values)


def _set_trackers(values: dict[str, Any], folder: Path, where: str) -> None:
    """Read the list of trackers that tracking protection needs."""
    given = values.pop("tracking_list", "")
    if values.get("tracking_protection") in (tracking_protection.STANDARD, tracking_protection.STRICT):
        values["tracking_list"] = tracking_protection.read_list(
            given, folder, f"{where}: tracking_protection"
        )
    elif given:
        raise InputError(f'{where}: tracking_list: needs tracking_protection = "standard" or "strict"')


def _extension(path: Path, where: str) -> Extension:
    try:
        if path.is_file() and path.suffix == ".xpi":
            return Extension(str(path.resolve()), _sha256(path))
        if (path / "manifest.json").is_file():
            parts = sorted(part for part in path.rglob("*") if part.is_file())
            content = "".join(f"{_sha256(part)} {part.relative_to(path).as_posix()}\n" for part in parts)
            return Extension(
                str(path.resolve()), hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()
            )
    except OSError as error:
        raise InputError(f"{where}: {path}: cannot be read ({error.strerror})") from error
    raise InputError(f"{where}: {path}: no .xpi file, and no folder with a manifest.json")


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# -- values ----------------------------------------------------------------------------------------


def _wrong(where: str, value: Any, needed: str) -> InputError:
    return InputError(f"{where}: must be {needed}, not {value!r}")


def _text(value: Any, where: str) -> str:
    if isinstance(value, str) and value and value.isprintable():
        return value
    raise _wrong(where, value, "a text in one line")


def _truth(value: Any, where: str) -> bool:
    if isinstance(value, bool):
        return value
    raise _wrong(where, value, "true or false")


def _one_of(*words: str) -> Callable[[Any, str], str]:
    def read_word(value: Any, where: str) -> str:
        if value in words:
            return str(value)
        raise _wrong(where, value, f"one of {', '.join(words)}")

    return read_word


def _number(value: Any, where: str, least: float, most: float) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most:
        return value
    raise _wrong(where, value, f"a number from {least:g} to {most:g}")


def _locale(value: Any, where: str) -> str:
    if isinstance(value, str) and _LOCALE.fullmatch(value):
        return value
    raise _wrong(where, value, "a locale such as de-DE")


def _timezone(value: Any, where: str) -> str:
    if isinstance(value, str) and value in zoneinfo.available_timezones():
        return value
    raise _wrong(where, value, "a time zone such as Europe/Berlin")


def _screen(value: Any, where: str) -> Screen:
    needed = ["width", "height"]
    if not isinstance(value, dict) or {*value} - {"pixel_ratio"} != {*needed}:
        raise _wrong(where, value, "width, height and, if it is not 1, pixel_ratio")
    width, height = (round(_number(value[name], f"{where}: {name}", 100, 8192)) for name in needed)
    return Screen(width, height, _number(value.get("pixel_ratio", 1.0), f"{where}: pixel_ratio", 0.5, 8))


def _headers(value: Any, where: str) -> dict[str, str]:
    if isinstance(value, dict):
        return {_header_name(name, where): _text(text, f"{where}: {name}") for name, text in value.items()}
    raise _wrong(where, value, "a table of names and values")


def _header_name(name: Any, where: str) -> str:
    if (
        isinstance(name, str)
        and name
        and all(c.isascii() and (c.isalnum() or c in "!#$%&'*+-.^_`|~") for c in name)
    ):
        return name
    raise _wrong(where, name, "a header's name")


def _prefs(value: Any, where: str) -> dict[str, Pref]:
    if not isinstance(value, dict):
        raise _wrong(where, value, "a table of preferences")
    for name, setting in value.items():
        if not isinstance(name, str) or not isinstance(setting, str | int | bool):
            raise _wrong(f"{where}: {name}", setting, "a text, a whole number, true or false")
    return value


def _proxy(value: Any, where: str) -> str:
    proxies.require_usable(_text(value, where), where)
    return str(value)


def _plan(value: Any, where: str) -> str:
    plan.parse(_text(value, where), where)
    return str(value)


def _query(value: Any, where: str) -> str:
    if isinstance(value, str) and value and value.isprintable() and not set(value) & set(" #"):
        return value.removeprefix("?")
    raise _wrong(where, value, "a query such as gclid=test-1")


_READ: dict[str, Callable[[Any, str], Any]] = {
    "state": _one_of(*STATES),
    "after": lambda value, where: float(_number(value, where, 0, _LONGEST_S)),
    "twin": _text,
    "locale": _locale,
    "timezone": _timezone,
    "user_agent": _text,
    "screen": _screen,
    "headers": _headers,
    "touch": _truth,
    "gpc": _truth,
    "dnt": _truth,
    "cookies": _one_of(*COOKIES),
    "tracking_protection": _one_of(*tracking_protection.LEVELS),
    "tracking_list": _text,
    "proxy": _proxy,
    "extension": _text,
    "prefs": _prefs,
    "do": _plan,
    "decorate": _query,
}
