"""Similar scripts: which scripts do what others do, by what they call and by their bodies.

By calls: the dye score of mozilla/dye-score (2019), see `overscripted.analyses.similar.dye`. Two things
differ from the source. Its unit is a snippet (host, end of the path, calling function); ours is a script, its
URL without query and fragment, because the roll-up ``symbol_counts`` does not have the function. And the dye
is what the rules en2016 of fingerprinting find, not a search for a word in URLs.

By body: the same SHA-256; and near-duplicates, by MinHash of shingles (Broder 1997) with locality-sensitive
hashing, see `overscripted.analyses.similar.shingles`.
"""

from typing import Any

from ibis import _

from overscripted.analyses.model import Analysis, Figure, Finding, Inputs
from overscripted.analyses.settings import BARS_SHOWN, MAX_BODIES, MAX_DYES
from overscripted.analyses.similar.calls import scripts, shares
from overscripted.analyses.similar.clusters import ALIKE
from overscripted.analyses.similar.duplicates import Duplicates, duplicates, not_recorded
from overscripted.analyses.similar.dye import DIFFERS, LEAKY, THRESHOLDS
from overscripted.analyses.similar.explain import explain
from overscripted.analyses.similar.near import DYE, Near, dye_unknown, met, near, pages_near, tables
from overscripted.analyses.statistics import wilson
from overscripted.display.number_format import count, share


def answer(inputs: Inputs) -> Finding:
    """Count scripts near to fingerprinters, bodies in several places, and near-duplicates of bodies."""
    refs = inputs.table("script_refs")
    pages = inputs.totals(refs.aggregate(n=refs.visit_id.nunique()))["n"]
    if not pages:
        return Finding(unsupported="the run has no script with a recorded call")
    parts = inputs.engine.keep(shares(inputs))
    every = inputs.engine.keep(scripts(inputs, parts))
    counted = {"pages": pages} | inputs.totals(every.aggregate(scripts=_.count(), vectors=_.vector.nunique()))
    found, shown = None, {}
    if not (unknown := dye_unknown(inputs)):
        fingerprinters = met(inputs)
        found = near(inputs, parts, every, fingerprinters)
        counted |= pages_near(inputs, found)
        shown = tables(inputs, found)
        for kept in (found.rows, fingerprinters):
            inputs.engine.drop(kept)
    for kept in (every, parts):
        inputs.engine.drop(kept)
    lacking = not_recorded(inputs)
    bodies = duplicates(inputs)
    return Finding(
        sentence=_sentence(counted, found, bodies.counts),
        figures=[*_figures(counted, found), *_of_bodies(bodies.counts)],
        tables=shown | bodies.tables,
        plots=_plots(shown, bodies),
        notes=_notes(found, unknown, lacking, bodies.counts),
    )


def _sentence(counted: dict[str, int], found: Near | None, bodies: dict[str, int]) -> str:
    near_scripts, pages = counted.get("scripts_same", 0), counted.get("pages_same", 0)
    if not found:
        first = "Nobody can say which scripts are near to fingerprinters"
    elif not found.dye_scripts:
        first = f"No script fingerprints by {DYE}, so none is compared with those that do"
    elif not near_scripts:
        first = (
            f"Of {count(counted['scripts'], 'script')}, only those that meet a rule of fingerprinting make "
            "nearly the calls of a fingerprinter"
        )
    else:
        first = (
            f"{count(near_scripts, 'script')} of {count(counted['scripts'], 'script')} that no rule of "
            "fingerprinting finds make nearly the calls of a fingerprinter, on "
            f"{share(pages, counted['pages'])} of pages"
        )
    if not bodies.get("bodies"):
        return f"{first}."
    return f"{first}. {share(bodies['sites'], bodies['bodies'])} of scripts' bodies run on two sites or more."


def _figures(counted: dict[str, int], found: Near | None) -> list[Figure]:
    label = "Different sets of shares among the scripts"
    vectors = Figure("vectors", label, counted["vectors"], counted["scripts"])
    if not found:
        return [vectors]
    figures = []
    same = f"over {100 * (1 - DIFFERS):.0f} %"
    for name, what in (
        ("pages", f"Pages with a script that shares {same} of its calls with a fingerprinter"),
        ("scripts", f"Scripts that share {same} of their calls with a fingerprinter"),
    ):
        n, total = counted[f"{name}_same"], counted[name]
        figures.append(Figure(f"{name}_same", what, n, total, wilson(n, total)))
    for threshold in THRESHOLDS:
        n, pages = counted[f"pages_{threshold}"], counted["pages"]
        label = f"Pages with a script that is near to fingerprinters, at a distance below {threshold}"
        figures.append(Figure(_name("near", threshold), label, n, pages, wilson(n, pages)))
    for threshold in THRESHOLDS:
        n, of = counted[f"scripts_{threshold}"], counted["scripts"]
        label = f"Scripts near to fingerprinters that meet no rule, at a distance below {threshold}"
        figures.append(Figure(_name("scripts_near", threshold), label, n, of, wilson(n, of)))
    leaky = sum(found.dyes["leaky"].to_pylist())
    compared = found.dyes.num_rows
    return [
        *figures,
        Figure("dye", f"Scripts that fingerprint by {DYE}: the dye", found.dye_scripts, counted["scripts"]),
        Figure("leaky", "Sets of shares of dye scripts that are leaky", leaky, compared),
        vectors,
    ]


def _name(name: str, threshold: float) -> str:
    return f"{name}_{round(100 * threshold)}"


def _of_bodies(counts: dict[str, int]) -> list[Figure]:
    if "bodies" not in counts:
        return []
    n = counts["bodies"]
    figures = [
        Figure(f"bodies_{name}", f"Bodies that {label}", counts[name], n, wilson(counts[name], n))
        for name, label in (
            ("sites", "run on two sites or more"),
            ("urls", "come from two URLs or more"),
            ("domains", "come from two domains or more"),
        )
    ]
    figures.append(Figure("bodies", "Different bodies of scripts", n))
    figures.append(Figure("most_sites", "Sites of the body that most sites have", counts["most_sites"]))
    figures.append(Figure("largest", "Bytes of the largest body", counts["largest"]))
    if "compared" in counts:
        n, of = counts["clustered"], counts["compared"]
        label = "Compared bodies with a near-duplicate"
        figures.append(Figure("near_duplicates", label, n, of, wilson(n, of)))
        figures.append(Figure("clusters", "Clusters of near-duplicates", counts["clusters"]))
    return figures


def _notes(found: Near | None, unknown: str, lacking: list[str], bodies: dict[str, int]) -> list[str]:
    notes = [
        "A script is its URL without query and fragment: the source of the method divides scripts further, "
        "by the calling function, which the roll-up does not have. All inline scripts of a document are one.",
        f"A dye script is leaky, and does not count, where it dyes {100 * LEAKY:.0f} % or more of the "
        "scripts that are no dye. This share is ours; the source leaves it to its user.",
        "Near by the dye score is no proof: any two scripts are near whose calls go to many symbols alike. "
        "The part of the calls that differs is stricter.",
    ]
    if unknown:
        notes.append(f"Scripts are not compared with fingerprinters: the run has {unknown}.")
    if found and found.dyes.num_rows == MAX_DYES:
        notes.append(f"Of the dye scripts, the {MAX_DYES} sets of shares that most pages have are compared.")
    if found and found.left:
        notes.append(f"{count(found.left, 'set')} of shares, of the rarest scripts, were not compared.")
    if "compared" in bodies:
        notes.append(
            f"Near-duplicates are sought among the {MAX_BODIES:,} bodies that most pages have, without the "
            f"shortest. They share {100 * ALIKE:.0f} % of their strings, numbers and property names in order."
        )
    if lacking:
        notes.append(f"Bodies are not or not fully compared: the run has {'; '.join(lacking)}.")
    elif not bodies:
        notes.append("No request of a page has the SHA-256 of a script's body.")
    return notes


def _plots(shown: dict[str, Any], bodies: Duplicates) -> list[dict[str, Any]]:
    plots = []
    if "near" in shown:
        closest = shown["near"].slice(0, BARS_SHOWN).to_pylist()
        plots.append(
            {
                "kind": "bars",
                "title": "Pages with a script that makes nearly the calls of a fingerprinter",
                "unit": "pages",
                "rows": [
                    {
                        "label": row["script"],
                        "note": f"{100 * row['differs']:.0f} % differ",
                        "value": row["pages"],
                    }
                    for row in closest
                ],
            }
        )
    if "bodies" in bodies.tables:
        widest = bodies.tables["bodies"].slice(0, BARS_SHOWN).to_pylist()
        plots.append(
            {
                "kind": "bars",
                "title": "Sites that run the same body",
                "unit": "sites",
                "rows": [{"label": row["example"], "value": row["sites"]} for row in widest],
            }
        )
    return plots


ANALYSIS = Analysis(
    name="similar",
    title="Similar scripts",
    question="Which scripts do what others do, and which are near to fingerprinters?",
    answer=answer,
    explain=explain,
    needs=("symbol_counts", "script_refs"),
    records=("calls",),
    headline="pages_same",
    unit="pages",
    order=45,
    chapter="What scripts do",
    definitions=(
        ("Page", "A visit in which at least one call was recorded."),
        ("Share", "The part of a script's calls that goes to one symbol."),
        ("Distance", "The greatest difference of a share between two scripts (Chebyshev's): from 0 to 1."),
        ("Differs", "The part of a script's calls that would have to go to other symbols to be another's."),
        ("Dye", f"The scripts that fingerprint by the rules {DYE}, with which all others are compared."),
        ("Dye score", "How many dye scripts a script is near to; after mozilla/dye-score (2019)."),
        ("Leaky", "A dye script to which so many scripts are near that it says nothing."),
        ("Body", "What a server answered to a request for a script, told apart by its SHA-256."),
        ("Near-duplicate", "A body that shares most strings, numbers and property names with another one."),
    ),
)
