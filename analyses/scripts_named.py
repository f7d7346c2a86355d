"""The URLs of a script that somebody names by its URL or by the SHA-256 of its body."""

import re

from overscripted.analyses.model import Inputs
from overscripted.errors import InputError

SHA256 = re.compile(r"[0-9a-fA-F]{64}")
MOST_URLS = 1_000  # of one body: pages may serve the same script under endless URLs


def urls_of(inputs: Inputs, script: str, asked: str = "--script") -> list[str]:
    """The script's URLs in the run: itself, or those that answered with this body.

    ``asked`` names the option or argument that names the script. Raises InputError where the run has no such
    script.
    """
    if not SHA256.fullmatch(script):
        refs = inputs.table("script_refs")
        if inputs.rows(refs.filter(refs.script_url == script).limit(1)):
            return [script]
        raise InputError(f"{asked} {script}: the run has no script with this URL; see the table script_urls")
    requests = inputs.table("requests")
    urls = requests.filter(requests.body_sha256 == script.lower()).select("url").distinct()
    rows = inputs.rows(urls.order_by("url").limit(MOST_URLS))
    if not rows:
        raise InputError(f"{asked} {script}: the run has no script with this SHA-256; see the table scripts")
    return [row["url"] for row in rows]
