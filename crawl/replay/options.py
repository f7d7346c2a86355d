"""What the options of a crawl mean in a replay: some cannot be, and some have nothing to hold back."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from overscripted.crawl.settings import Options
from overscripted.crawl.variants.variant import Variant
from overscripted.errors import InputError

# Field -> option and why it contradicts --replay.
_REFUSED = {
    "proxy": ("--proxy", "nothing is loaded from the network"),
    "authorities": ("--ca", "the archive answers for all hosts, with an authority of its own"),
    "allow_private": ("--allow-private", "nothing can connect to any address"),
    "respect_robots": ("--respect-robots", "no site is asked"),
    "pace_s": ("--pace", "no site is visited, so none needs a rest"),
}

# Field -> option that means something in a replay alone.
_ONLY_REPLAY = {"replay_clock": "--replay-clock", "replay_random": "--replay-random"}


def checked(options: Options) -> Options:
    """The options as they hold: without limits for hosts in a replay. InputError for contradictions."""
    if not options.replay:
        for field, option in _ONLY_REPLAY.items():
            if getattr(options, field):
                raise InputError(f"{option}: give --replay ARCHIVE with it, or leave it out")
        return options
    for field, (option, why) in _REFUSED.items():
        if getattr(options, field):
            raise InputError(f"{option}: not possible with --replay, where {why}; leave it out")
    return replace(options, per_domain=0)


def check_same(options: Options, before: Mapping[str, Any]) -> None:
    """Raise InputError where a run has begun with other clocks or random numbers than it would go on with.

    ``before`` are the options of run.json.
    """
    for field, option in _ONLY_REPLAY.items():
        had = bool(before.get(field))
        if before and had != getattr(options, field):
            words = ("with", "without") if had else ("without", "with")
            raise InputError(
                f"{option}: the run was begun {words[0]} it and cannot go on {words[1]} it; give the same "
                "options, or start another run"
            )


def check_variants(options: Options, variants: Mapping[str, Variant]) -> None:
    """Raise InputError for a variant that cannot be visited in a replay."""
    for variant in variants.values() if options.replay else ():
        if variant.proxy:
            raise InputError(
                f"--variants: {variant.name}: proxy: not possible with --replay, where nothing is loaded "
                "from the network; leave it out"
            )
