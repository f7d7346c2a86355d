"""What tells the browser apart without anything stored: fingerprinting, by technique, rule set and script."""

from overscripted import urls
from overscripted.analyses.fingerprinting.rules import OURS, RULE_SETS, RULES, TECHNIQUES
from overscripted.inspection.claims import Claim, Evidence, Name, claim
from overscripted.inspection.english import begin, count, listed, names, numeral, verb
from overscripted.inspection.facts import Facts, Row

TOPIC = "fingerprinted"


def claims(facts: Facts) -> list[Claim]:
    """How many techniques by our rules, and what each script did by all rule sets."""
    if facts.lacks("fingerprinting"):
        return []
    rows = facts.table("fingerprinting", "evidence")
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["script_url"], row["technique"]), []).append(row)
    order = list(TECHNIQUES)
    found = sorted(groups, key=lambda key: (order.index(key[1]), key[0]))
    return [_all(rows), *(_script(facts, *key, groups[key]) for key in found)]


def _all(rows: list[Row]) -> Claim:
    ours = [row for row in rows if row["rule_set"] == OURS]
    techniques = [name for name in TECHNIQUES if any(row["technique"] == name for row in ours)]
    n = len(techniques)
    if not n:
        nobody = f"No script fingerprinted the browser, by the rule set {OURS}."
        return claim(TOPIC, "techniques", nobody, number=0, measure="techniques")
    scripts = {row["script_url"]: row for row in ours}
    hosts = names(_host(url) for url in scripts)
    words = f"{'A script' if len(scripts) == 1 else 'Scripts'} of "
    how = " fingerprinted the browser by "
    evidence = [Evidence("script", script_url=url, detail=row["facts"]) for url, row in scripts.items()]
    return claim(
        TOPIC,
        "techniques",
        *(words, *hosts, how, *listed([TECHNIQUES[name] for name in techniques]), "."),
        number=n,
        measure="techniques",
        evidence=evidence,
    )


def _script(facts: Facts, url: str, technique: str, rows: list[Row]) -> Claim:
    sets = [name for name in RULE_SETS if any(row["rule_set"] == name for row in rows)]
    of = len({rule.rule_set for rule in RULES if rule.technique == technique})
    n = len(sets)
    words = f"{begin(numeral(n))} of {count(of, 'rule set')} {verb(n, 'calls', 'call')} what a script of "
    what = f" did fingerprinting by {TECHNIQUES[technique]}: "
    symbols = [s for rule in RULES if rule.technique == technique for group in rule.needs for s in group]
    seen = [
        Evidence("script", script_url=url, detail=f"{row['rule_set']}: {row['facts']}")
        for row in _one_each(rows)
    ]
    return claim(
        TOPIC,
        "script",
        *(words, Name(_host(url)), what),
        *(*listed(sets), "."),
        number=n,
        of=of,
        evidence=[*facts.calls(url, symbols), *seen],
    )


def _one_each(rows: list[Row]) -> list[Row]:
    return list({row["rule_set"]: row for row in rows}.values())


def _host(url: str) -> str:
    return urls.host(url) or url
