"""Errors that a user can act on. Stages raise them. Only the command line prints them.

Every message names the faulty file or option, and the remedy. Exit codes:

==== ===================================================================
code meaning
==== ===================================================================
0    done
1    a bug in Overscripted (it prints a traceback: please report it)
2    wrong use of the command line (unknown option, missing argument)
3    bad input: a file, option value or run that cannot be used
4    an earlier stage has not finished
5    software that the command needs is not installed (Firefox, Java, an extra)
6    a store, proxy or database outside Overscripted could not be reached, even after retries
7    with --strict: the data can be used, but is doubtful (most calls are invalid)
8    the page of `overscripted inspect` could not be visited; its answer says why
130  interrupted by Ctrl-C; run the same command again to resume
==== ===================================================================
"""


class UserError(Exception):
    """Base of all errors that the command line prints as one line. ``exit_code`` is its exit code."""

    exit_code = 3


class InputError(UserError):
    """A file, option value or run that cannot be used."""

    exit_code = 3


class StageMissing(UserError):
    """An earlier stage has not finished in this run."""

    exit_code = 4


class SoftwareMissing(UserError):
    """Firefox, Java or an optional extra is not installed."""

    exit_code = 5


class OutsideError(UserError):
    """A store, proxy, database or site list cannot be reached, even after retries."""

    exit_code = 6


class DoubtfulData(UserError):
    """The data can be used, but is probably wrong. Raised only where the user asked for strictness."""

    exit_code = 7


class NotVisited(UserError):
    """The page that was to be inspected could not be visited."""

    exit_code = 8


class WriteError(OutsideError):
    """Rows could not be written: the storage is full or cannot be reached, or a source file is damaged."""
