"""How many files this process may open."""

import resource

from overscripted.errors import InputError

MOST_FILES = 65_536


def open_files(needed: int, what: str) -> None:
    """Let this process, and those that it starts, open as many files as they may.

    Raises InputError where these are fewer than ``needed``: what cannot be opened would be charged to sites.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    if max(soft, most) < needed and soft != resource.RLIM_INFINITY:
        raise InputError(
            f"{what} needs {needed} open files, {most} are allowed; raise it: `ulimit -n {needed}`"
        )
