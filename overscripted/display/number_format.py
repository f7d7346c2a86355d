"""Numbers as text: thousands, shares with a sensible number of digits, singular and plural."""


def number(value: float | int | None) -> str:
    """``1,234`` or ``3.25``; ``–`` for no value."""
    if value is None:
        return "–"
    if isinstance(value, float) and not value.is_integer():
        return f"{value:,.2f}" if abs(value) < 100 else f"{value:,.0f}"
    return f"{int(value):,}"


def percent(value: float | None) -> str:
    """A share in per cent: two significant digits below 1 %, one decimal above; ``–`` for no value."""
    if value is None:
        return "–"
    if value == 0 or value >= 10:
        return f"{value:.1f} %" if value != 100 else "100 %"
    return f"{value:.2f} %" if value >= 0.095 else f"{value:.2g} %"


def share(n: float, of: float) -> str:
    """``n`` of ``of`` in per cent; ``–`` where ``of`` is 0."""
    return percent(100 * n / of if of else None)


def count(n: int, unit: str, verb: str = "") -> str:
    """``1 page``, ``2 pages``; with a verb in the plural ``1 page shows``, ``2 pages show``."""
    one = n == 1
    return f"{number(n)} {unit}{'' if one else 's'}" + (f" {verb}{'s' if one else ''}" if verb else "")
