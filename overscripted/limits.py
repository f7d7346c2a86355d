"""The limit of open files of this process."""

import resource

from overscripted.errors import InputError

MAX_FILES = 65_536


def raise_open_files(needed: int, what: str) -> None:
    """Raise the limit of open files, for this process and its children, as far as the system allows.

    ``what`` needs the files; it begins the error message. Raises InputError where fewer than ``needed`` are
    allowed: later, a connection that cannot be opened would look like a fault of the site.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = MAX_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_FILES)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if max(soft, allowed) < needed and soft != resource.RLIM_INFINITY:
        raise InputError(
            f"{what} needs {needed} open files, {allowed} are allowed; raise the limit: `ulimit -n {needed}`"
        )
