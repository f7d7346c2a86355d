"""What the 2018 study published, by the names of our figures. All published figures come from here.

Source: its blog post and public notebooks (crawl of December 2017, 113.8 million calls).
"""

from overscripted.analyses.model import Published
from overscripted.lists.catalogue import listings
from overscripted.lists.hosts import HostList

# The lists that the study used, by role: names of the catalogue.
LISTS = {"nocoin": "nocoin-2018-05-07", "disconnect": "disconnect-2018-04-19"}


def other_list(role: str, used: HostList) -> str:
    """Why figures made with a list cannot be compared with the published ones; "" for the same list."""
    published = listings()[LISTS[role]]
    if used.sha256 == published.sha256:
        return ""
    return (
        f"The published figure was made with another list ({published.name}; this one: {used.name}, "
        f"{len(used.hosts):,} hosts): whether the two are close says nothing."
    )


SESSION_REPLAY = {
    "references": Published(95_570, 6_064_923),
    "hosts": Published(4_857, 87_325),
    "https_scripts": Published(47_716 + 24_662, 95_570),
    "https_pages": Published(47_716, 95_570),
    "https_https": Published(47_716, 95_570),
    "https_http": Published(24_662, 95_570),
    "http_http": Published(23_192, 95_570),
    "http_https": Published(0, 95_570),
    "ru_among_replay_hosts": Published(1_634, 4_857),
    "ru_among_hosts": Published(2_492, 87_325),
    "replay_among_ru_hosts": Published(1_634, 2_492),
}

DYNAMIC_CODE = {
    "calls": Published(percent=3.72),
    "locations": Published(percent=8.76),
    "scripts": Published(31_349),
    "third_party_scripts": Published(10_235, 31_349),
    "calls_per_script": Published(33),
    "disconnect_scripts": Published(230, 551, sampled=True),
}

CRYPTOJACKING = {
    "references": Published(945, 6_069_243),
    "domains": Published(49, 29_483),
    "hosts_seen": Published(11, 212),
    "coinhive": Published(507, 945),
    "authedmine": Published(1, 945),
    "busiest_site": Published(207, 945),
}
