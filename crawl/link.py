"""A link of a page that a visit follows."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Link:
    """Where a link leads, and what a click on it tells the server there.

    ``referrer`` is the address of the link's page, empty for an address that nobody clicked on;
    ``referrer_policy`` is a value of Referrer Policy, empty for the default.
    """

    url: str
    referrer: str = ""
    referrer_policy: str = ""
