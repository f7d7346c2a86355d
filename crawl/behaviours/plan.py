"""The plan of a visit: the steps that are done on its page, in order, as ``--do`` writes them."""

from dataclasses import dataclass

from overscripted.crawl.behaviours import BEHAVIOURS, own
from overscripted.crawl.behaviours.behaviour import Behaviour
from overscripted.errors import InputError


@dataclass(frozen=True)
class Step:
    """One behaviour with its argument, or without (then it is empty)."""

    name: str
    argument: str
    behaviour: Behaviour

    def __str__(self) -> str:
        return f"{self.name}={self.argument}" if self.argument else self.name


def parse(text: str, where: str = "") -> tuple[Step, ...]:
    """The steps of a text such as ``scroll,wait=2``. Raises InputError for a wrong one.

    ``where`` names the option or file in the message.
    """
    return tuple(_step(word.strip(), where or f"--do {text}") for word in text.split(",") if word.strip())


def behaviour_of(name: str, where: str) -> Behaviour:
    """The behaviour of a step: ours, or the user's own. Raises InputError where there is none."""
    try:
        if name.endswith(own.SUFFIX):
            return own.from_file(name)
        if known := BEHAVIOURS.get(name) or own.installed().get(name):
            return known
        names = ", ".join([*BEHAVIOURS, *own.installed()])
    except InputError as error:
        raise InputError(f"{where}: {error}") from error
    raise InputError(f"{where}: {name!r} is unknown; choose from {names}, or name a Python file")


def _step(word: str, where: str) -> Step:
    name, _, argument = word.partition("=")
    behaviour = behaviour_of(name, where)
    if not behaviour.accepts(argument):
        raise InputError(f"{where}: {name} takes {behaviour.takes}, not {argument!r}")
    return Step(name, argument, behaviour)
