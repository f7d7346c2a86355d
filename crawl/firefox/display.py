"""A display on which Firefox is shown."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Display:
    """Variables for programs on the display, and the size of Firefox's window in pixels.

    Without a size, Firefox decides by itself.
    """

    environment: dict[str, str]
    window: tuple[int, int] | None = None
