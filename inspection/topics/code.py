"""Code that is not there to be read: made from text on the spot; scripts of miners; WebAssembly."""

from collections.abc import Sequence

from ibis import _

from overscripted import urls
from overscripted.analyses.model import Figure
from overscripted.inspection.claims import Claim, Evidence, claim
from overscripted.inspection.english import count, names, verb
from overscripted.inspection.facts import Facts, Row

TOPIC = "code"


def claims(facts: Facts) -> list[Claim]:
    """Calls by code made from text, scripts of listed miners, WebAssembly modules."""
    return _dynamic(facts) + _miners(facts) + _modules(facts)


def _dynamic(facts: Facts) -> list[Claim]:
    if facts.lacks("dynamic_code"):
        return []
    scripts = facts.table("dynamic_code", "scripts")
    figures = facts.finding("dynamic_code").figures
    calls = next((it for it in figures if it.name == "calls"), Figure("calls", "", 0, 0))
    if not scripts:
        recorded = count(calls.of or 0, "recorded call")
        nothing = f"No code was seen that had been made from text on the spot, in {recorded}."
        return [claim(TOPIC, "dynamic", nothing, number=0, of=calls.of, measure="dynamic")]
    n = len(scripts)
    words = (
        f"{'A script' if n == 1 else 'Scripts'} of ",
        *names(_host(row["script_url"]) for row in scripts),
    )
    made = verb(n, " ran code that it had made from text", " ran code that they had made from text")
    share = f". It made {int(calls.n or 0):,} of {calls.of or 0:,} recorded calls."
    evidence = _first_calls(facts) or [_script(row["script_url"]) for row in scripts]
    number, of = calls.n, calls.of
    return [
        claim(
            TOPIC, "dynamic", *words, made, share, number=number, of=of, measure="dynamic", evidence=evidence
        )
    ]


def _first_calls(facts: Facts) -> list[Evidence]:
    """The first call of each way in which each script made code."""
    if facts.inputs.missing("calls"):
        return []
    calls = facts.inputs.table("calls").filter(_.eval_kind != "")
    first = calls.group_by("script_url", "script_loc_eval", "eval_kind").agg(
        symbol=calls.symbol.argmin(calls.ordinal), ordinal=calls.ordinal.min()
    )
    rows = facts.inputs.rows(first.order_by("ordinal").limit(100))
    return [
        Evidence("call", row["symbol"], script_url=row["script_url"], detail=row["script_loc_eval"])
        for row in rows
    ]


def _miners(facts: Facts) -> list[Claim]:
    if facts.lacks("cryptojacking"):
        return []
    rows = facts.table("cryptojacking", "references")
    if not rows:
        nobody = "No script of a listed miner of coins ran."
        return [claim(TOPIC, "miners", nobody, number=0)]
    hosts = list(dict.fromkeys(row["host"] for row in rows))
    n = len(hosts)
    words = (f"{'A script' if n == 1 else 'Scripts'} of ", *names(hosts), " ran on the page")
    listed = f". {verb(n, 'The host is', 'The hosts are')} listed for mining coins."
    unknown = " Whether any were mined is not known."
    evidence = [_script(row["script_url"]) for row in rows]
    return [claim(TOPIC, "miners", *words, listed, unknown, number=n, evidence=evidence)]


def _modules(facts: Facts) -> list[Claim]:
    rows = facts.rows("wasm_modules", "script_url", "script_line", "location")
    if not rows:
        return []
    n = len(rows)
    hosts = names(_host(row["script_url"] or row["location"]) for row in rows)
    words = f"The page compiled {count(n, 'WebAssembly module')}, by {_scripts(rows)} of "
    evidence = [
        Evidence("script", script_url=row["script_url"] or row["location"], line=row["script_line"])
        for row in rows
    ]
    return [claim(TOPIC, "modules", words, *hosts, ".", number=n, evidence=evidence)]


def _scripts(rows: Sequence[Row]) -> str:
    return "a script" if len({row["script_url"] for row in rows}) == 1 else "scripts"


def _script(url: str) -> Evidence:
    return Evidence("script", script_url=url)


def _host(url: str) -> str:
    return urls.host(url) or url
