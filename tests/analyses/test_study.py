"""The study's published sample: our figures stay beside the published ones, and are those of the docs."""

from pathlib import Path

import pytest

from overscripted.analyses.model import Figure
from overscripted.analyses.run import analyze
from overscripted.etl.imports import import_data
from overscripted.etl.run import run_etl
from overscripted.run import Run

SHARED = Path(__file__).resolve().parents[3] / "shared"
SAMPLE = SHARED / "data" / "overscripted_2017_sample.parquet"

pytestmark = pytest.mark.skipif(not SAMPLE.exists(), reason="no published sample beside the checkout")

# Shares that a sample by page estimates well, and those of distinct things, which depend on its size.
CLOSE = {
    "session_replay": ["references", "https_scripts", "https_pages", "http_http", "ru_among_replay_hosts"],
    "dynamic_code": ["calls", "locations", "disconnect_scripts"],
    "cryptojacking": ["references", "domains"],
}
DIFFERS = {"session_replay": ["hosts", "ru_among_hosts"], "dynamic_code": ["third_party_scripts"]}


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Figure]]:
    """Figures by analysis and name, with the lists that the study used."""
    run = Run.open(tmp_path_factory.mktemp("study") / "run", create=True)
    import_data("study", str(SAMPLE), run)
    run_etl(run)
    lists = [
        f"disconnect={SHARED / 'lists/disconnect/2018-04-19/disconnect-blacklist.json'}",
        f"nocoin={SHARED / 'lists/nocoin/2018-05-07/hosts.txt'}",
    ]
    return {name: {f.name: f for f in found.figures} for name, found in analyze(run, lists=lists).items()}


def test_shares_of_pages_calls_and_references_are_the_published_ones(
    figures: dict[str, dict[str, Figure]],
) -> None:
    assert {name: [f for f in some if figures[name][f].agrees] for name, some in CLOSE.items()} == CLOSE


def test_shares_of_distinct_things_differ_and_say_why(figures: dict[str, dict[str, Figure]]) -> None:
    for name, some in DIFFERS.items():
        for figure in some:
            assert figures[name][figure].agrees is False
            assert figures[name][figure].why


def test_the_docs_give_these_very_counts(figures: dict[str, dict[str, Figure]]) -> None:
    text = (Path(__file__).parents[2] / "docs" / "measurements" / "study.md").read_text()
    for name in CLOSE:
        for figure in {**CLOSE, "dynamic_code": [*CLOSE["dynamic_code"], *DIFFERS["dynamic_code"]]}[name]:
            found = figures[name][figure]
            if figure != "http_http":  # not in the docs' table
                assert f"{found.n:,} of {found.of:,}" in text, figure
