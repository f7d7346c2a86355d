"""The ways in which an inspection visits a page: twice alike, and with consent given and refused."""

from overscripted.crawl.behaviours import plan

PLAIN, AGAIN, ACCEPT, REJECT = "plain", "again", "accept", "reject"


def plan_of(do: str, links: int) -> str:
    """What is done on the page: the steps of --do, then links. Raises InputError for a wrong step."""
    steps = ",".join(step for step in (do, f"links={links}" if links else "") if step)
    plan.parse(steps)
    return steps


def ready_made(steps: str, twice: bool, consent: bool) -> str:
    """A file of variants (TOML): the page as it is, once more for what differs by chance, and each choice.

    ``steps`` are done in the first two alone: the choices are compared by what the page does by itself.
    """
    if not consent and not twice:
        return ""
    first = ",".join(step for step in ("consent=detect" if consent else "", steps) if step)
    tables = [f"[{PLAIN}]" + (f'\ndo = "{_toml(first)}"' if first else "")]
    if twice:
        tables.append(f'[{AGAIN}]\ntwin = "{PLAIN}"')
    if consent:
        tables += [f'[{choice}]\ndo = "consent={choice}"' for choice in (ACCEPT, REJECT)]
    return "\n\n".join(tables) + "\n"


def _toml(text: str) -> str:
    """A text between double quotes."""
    return text.replace("\\", "\\\\").replace('"', '\\"')
