"""Checks that Firefox has the preferences that safety and data depend on: a policy can lock others."""

import json

from overscripted.crawl.firefox import profile
from overscripted.crawl.firefox.parent_process import Parent
from overscripted.crawl.firefox.profile import Pref
from overscripted.crawl.javascript import function
from overscripted.errors import SoftwareMissing

_READ = function("preferences", "js/parent_process/preferences.js")


async def check(parent: Parent, network: dict[str, Pref], binary: str) -> None:
    """Compare the preferences of a running Firefox with ours.

    Raises SoftwareMissing where a preference of ``network`` (the route to the network) has another value, or
    where any of ours is locked at another value. Firefox changes a few others at its start: nothing depends
    on those.
    """
    wanted = profile.BASE | network
    answer = json.loads(await parent.call(_READ, json.dumps(wanted)))
    for found in answer["other"]:
        name = found["name"]
        if not found["locked"] and name not in network:
            continue
        holder = (
            f"a policy of this machine ({', '.join(answer['policies'])})" if answer["policies"] else "Firefox"
        )
        raise SoftwareMissing(
            f"{binary}: {holder} holds the preference {name} at {json.dumps(found['value'])}, and the crawl "
            f"needs {json.dumps(wanted[name])}; remove it (that Firefox's about:policies names its policies) "
            "or give another Firefox with --firefox"
        )
