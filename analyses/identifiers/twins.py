"""Twins of the counted visits: the same pages in other containers, so other browsers."""

from dataclasses import replace

from overscripted.analyses.counted import variants
from overscripted.analyses.model import Inputs


def twins(inputs: Inputs) -> list[Inputs]:
    """The inputs of the variants that are twins of the counted one; none without such variants."""
    if inputs.group is None:
        return []
    known = variants(inputs.store, inputs.engine)
    names = {name for name, settings in known.items() if settings.get("twin") == inputs.group.variant}
    found = [group for group in inputs.groups if group["variant"] in names]
    same = {"wave": inputs.group.wave, "reached_by": inputs.group.reached_by}
    return [
        replace(inputs, group=replace(inputs.group, variant=group["variant"]))
        for group in found
        if all(group[name] == value for name, value in same.items())
    ]
