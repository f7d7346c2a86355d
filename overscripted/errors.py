"""Errors a user can act on. Stages raise them; only the command line prints them.

Every message names the file or option at fault and the remedy. Exit codes:

==== ===================================================================
code meaning
==== ===================================================================
0    done
1    a bug in Overscripted (a traceback is printed: please report it)
2    wrong usage of the command line (unknown option, missing argument)
3    bad input: a file, option value or run that cannot be used
4    an earlier stage has not finished
5    software this command needs is not installed (Firefox, Java, an extra)
6    something outside failed for good (a store, proxy or database out of reach)
7    with --strict: data that can be used and is doubtful (most calls are invalid)
130  interrupted (Ctrl-C); run the same command again to resume
==== ===================================================================
"""


class UserError(Exception):
    """Base of every error the command line prints as one line. ``exit_code`` is its exit code."""

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
    """A store, proxy, database or site list out of reach for good."""

    exit_code = 6


class DoubtfulData(UserError):
    """Data that can be used and is likely not what it should be; raised where the user asked to be strict."""

    exit_code = 7


class WriteError(OutsideError):
    """Writing rows failed: the storage is full or out of reach, or a file that they come from is damaged."""
