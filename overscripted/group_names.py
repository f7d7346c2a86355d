"""What tells groups of visits apart, for modules that load no engine."""

from typing import Any

SEED, LINK, REVISIT = "seed", "link", "revisit"  # values of `reached_by`
# The columns, each with the value of a visit that does not say.
DIMENSIONS: dict[str, Any] = {"variant": "", "wave": 1, "reached_by": SEED}
