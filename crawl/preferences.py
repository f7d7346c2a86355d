"""Whether Firefox has the preferences that safety and data rest on: a policy may hold others."""

import json

from overscripted.crawl.firefox import profile
from overscripted.crawl.firefox.parent_process import Parent
from overscripted.crawl.firefox.profile import Pref
from overscripted.crawl.javascript import function
from overscripted.errors import SoftwareMissing

_READ = function("preferences", "js/parent_process/preferences.js")


async def check(parent: Parent, network: dict[str, Pref], binary: str) -> None:
    """Ask a Firefox that has started for its preferences.

    Raises SoftwareMissing where one of ``network``, the way to the network, has another value, or where any
    of ours is locked at another value. Firefox changes a few others when it starts: nothing rests on those.
    """
    wanted = profile.BASE | network
    said = json.loads(await parent.call(_READ, json.dumps(wanted)))
    for found in said["other"]:
        name = found["name"]
        if not found["locked"] and name not in network:
            continue
        held = f"a policy of this machine ({', '.join(said['policies'])})" if said["policies"] else "Firefox"
        raise SoftwareMissing(
            f"{binary}: {held} holds the preference {name} at {json.dumps(found['value'])}, and the crawl "
            f"needs {json.dumps(wanted[name])}; remove it (that Firefox's about:policies names its policies) "
            "or name another with --firefox"
        )
