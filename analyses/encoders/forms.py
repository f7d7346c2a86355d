"""The forms in which scripts take a value before they encode it."""

import re

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_GMAIL = ("gmail.com", "googlemail.com")
SHORTEST_HALF = 5  # characters; shorter halves of an address are in many texts by chance
DOMAIN = "domain"  # the form that stands in any text: only its hashes tell something


def forms(value: str) -> dict[str, str]:
    """The distinct forms of a value by name: as given, trimmed, lower case, and those of an e-mail address.

    Advertisers trim addresses and write them in lower case; for Gmail they drop dots and what follows a plus
    (Meta's and Google's rules for customer data, UID2). Leaky Forms also saw the halves of an address apart.
    """
    trimmed = value.strip()
    lower = trimmed.lower()
    found = {"as given": value, "trimmed": trimmed, "lower case": lower}
    if _EMAIL.fullmatch(lower):
        local, _, domain = lower.rpartition("@")
        untagged = local.partition("+")[0]
        if domain in _GMAIL:
            found["gmail"] = f"{untagged.replace('.', '')}@gmail.com"
        found["without tag"] = f"{untagged}@{domain}"
        found["local part"] = trimmed.rpartition("@")[0]
        found["local part, lower case"] = local
        found[DOMAIN] = domain
    distinct: dict[str, str] = {}
    for name, text in found.items():
        short = name.startswith(("local", DOMAIN)) and len(text) < SHORTEST_HALF
        if text and not short and text not in distinct.values():
            distinct[name] = text
    return distinct
