"""The three headline counts as the study's notebooks made them: `calls` is read whole, in pandas.

Only the study's own columns are read, Python parses the URLs, and providers are found by the study's own
rules. Each function gives counts by the names of our figures: (found, of how many).
"""

from pathlib import Path
from urllib.parse import urlsplit

import pandas

Counts = dict[str, tuple[int, int]]


def session_replay(run: Path) -> Counts:
    """Distinct (location, script) pairs with the name of one of the 14 providers in the script's netloc."""
    from overscripted.analyses.matching import study_replay_pattern
    from overscripted.lists.roles import builtin

    calls = pandas.read_parquet(run / "tables" / "calls", columns=["location", "script_url"])
    pairs = calls.drop_duplicates()
    script = pairs.script_url.map(_netloc)
    host = pairs.location.map(_netloc)
    found = script.str.contains(study_replay_pattern(builtin("session_replay").subset("study2018")))
    return {
        "original_references": (int(found.sum()), len(pairs)),
        "original_hosts": (int(host[found].nunique()), int(host.nunique())),
    }


def dynamic_code(run: Path) -> Counts:
    """Calls by code created at run time (script_loc_eval is not empty), and their documents."""
    calls = pandas.read_parquet(run / "tables" / "calls", columns=["location", "script_loc_eval"])
    dynamic = calls[calls.script_loc_eval.fillna("").str.startswith("line")]
    return {
        "calls": (len(dynamic), len(calls)),
        "locations": (dynamic.location.nunique(), calls.location.nunique()),
    }


def cryptojacking(run: Path) -> Counts:
    """Distinct (location, script) pairs, valid or not, with a part of a miner's name anywhere in the URL."""
    from overscripted.analyses.matching import literal_pattern, study_fragments
    from overscripted.analyses.questions.cryptojacking import list_of_the_study
    from overscripted.lists.roles import choose

    parts = [
        pandas.read_parquet(run / "tables" / table, columns=["location", "script_url"])
        for table in ("calls", "invalid_calls")
    ]
    pairs = pandas.concat(parts).drop_duplicates()
    fragments = study_fragments(list_of_the_study(choose([])["nocoin"]))
    found = pairs.script_url.str.contains(literal_pattern(fragments)).fillna(False)
    return {"original_references": (int(found.sum()), len(pairs))}


def _netloc(url: str) -> str:
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""
