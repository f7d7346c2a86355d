"""Who is told of the visit: the companies whose hosts the page contacts."""

from collections.abc import Sequence

from overscripted.inspection.claims import Claim, claim
from overscripted.inspection.english import begin, count, names, numeral, verb
from overscripted.inspection.facts import Contact, Facts

TOPIC = "told"


def claims(facts: Facts) -> list[Claim]:
    """Companies, those that are listed for tracking, hosts without a known owner, hosts of the site's own."""
    told = facts.told()
    if not told:
        nobody = "The page told no other company of the visit: it contacted no host of another owner."
        found = [claim(TOPIC, "companies", nobody, number=0, measure="companies")]
    else:
        found = [*_companies([one for one in told if one.listed]), *_trackers(told)]
        found += _unknown([one for one in told if not one.listed], "also " if found else "")
    return found + _own([one for one in facts.contacts if one.variant == facts.variant and one.own])


def _companies(listed: Sequence[Contact]) -> list[Claim]:
    owners = list(dict.fromkeys(one.owner for one in listed))
    if not owners:
        return []
    hosts = count(len(listed), "host")
    words = f"The page told {count(len(owners), 'company', 'companies')} of the visit, through {hosts}: "
    return [
        claim(
            TOPIC,
            "companies",
            words,
            *names(owners),
            ".",
            number=len(owners),
            measure="companies",
            evidence=[one.evidence for one in listed],
        )
    ]


def _trackers(told: Sequence[Contact]) -> list[Claim]:
    trackers = [one for one in told if one.tracks]
    owners = list(dict.fromkeys(one.owner for one in trackers))
    if not owners:
        return []
    n, all_of_them = len(owners), len(owners) == len({one.owner for one in told if one.listed})
    of_them = "They are all" if all_of_them else f"{begin(numeral(n))} of them {verb(n, 'is', 'are')}"
    of_them = "It is" if all_of_them and n == 1 else of_them
    return [
        claim(
            TOPIC,
            "trackers",
            f"{of_them} listed for advertising, analytics or social media",
            *(() if all_of_them else (": ", *names(owners))),
            ".",
            number=n,
            measure="trackers",
            evidence=[one.evidence for one in trackers],
        )
    ]


def _unknown(unlisted: Sequence[Contact], also: str) -> list[Claim]:
    sites = list(
        dict.fromkeys(one.owner for one in unlisted)
    )  # without an owner in the list, the site itself
    if not sites:
        return []
    n = len(sites)
    owner = verb(n, "site whose owner is", "sites whose owners are")
    return [
        claim(
            TOPIC,
            "unknown_owners",
            f"The page {also}told {numeral(n)} {owner} not known: ",
            *names(sites),
            ".",
            number=n,
            evidence=[one.evidence for one in unlisted],
        )
    ]


def _own(own: Sequence[Contact]) -> list[Claim]:
    if not own:
        return []
    n = len(own)
    owners = names(one.owner for one in own)
    return [
        claim(
            TOPIC,
            "own_hosts",
            f"{begin(count(n, 'more host'))} {verb(n, 'belongs', 'belong')} to the page's own company, ",
            *owners,
            ".",
            number=n,
            evidence=[one.evidence for one in own],
        )
    ]
