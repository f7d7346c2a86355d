"""Names of folders that mean something else to somebody: to a shell, globs, URLs, SQL, Hadoop, fsspec."""

import re

from hypothesis import strategies as st

# Between them all that is special somewhere, and a name that is no UTF-8 text to nobody.
ALL = ("o'd \"[1]*?{a,b}%20::x#&=~\\ é$(id);`|<>!^", "r?1&mode=memory", "s3:\n[ab]@b", "-x ")

_PIECES = st.sampled_from(
    [
        *("a", "1", "run", "é", "日", " ", "\n", "\t", "-", ".", "..", "_", "~", "$HOME", "%20", "%2F", "%"),
        *("[", "]", "[1]", "[!a]", "*", "**", "?", "{", "}", "{a,b}", "\\", "'", '"', "`", ";", "--", "\x7f"),
        *("::", ":", "file:", "s3:", "zip::", "?mode=ro", "&", "#", "=", "rank=5", "@", "+", "(", ")", "|"),
    ]
)
NAMES = st.lists(_PIECES, min_size=1, max_size=6).map("".join).filter(lambda name: name not in (".", ".."))


def beside(name: str) -> list[str]:
    """Names that a reader would find, too, who takes the name for a pattern or a URL."""
    patterns = {
        re.sub(r"\[!?(.)[^]]*\]", r"\1", name),
        re.sub(r"\[!?(.)[^]]*\]", "b", name),
        name.replace("?", "x"),
        name.replace("*", "xy"),
        re.sub(r"\{(\w),\w\}", r"\1", name),
        name.partition("?")[0],
        name.partition("#")[0],
        name.partition("::")[0],
        name.rpartition("::")[2],
        name.replace("%20", " "),
        name.replace("\\", ""),
        name.strip(),
    }
    return sorted(other for other in patterns - {name, "", ".", ".."} if "/" not in other)
