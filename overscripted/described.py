"""Words with a meaning each, from which reference pages are generated."""

from enum import StrEnum


class Described(StrEnum):
    """A word, and ``meaning``, which says when it is given. A member is written ``NAME = word, meaning``."""

    meaning: str

    def __new__(cls, word: str, meaning: str) -> "Described":
        member = str.__new__(cls, word)
        member._value_, member.meaning = word, meaning
        return member
