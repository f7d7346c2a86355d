"""The study's published sample: our figures stay beside the published ones, and are those of the docs."""

import shlex
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from overscripted import layout
from overscripted.cli import main
from overscripted.report import findings
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


Figures = dict[str, dict[str, dict[str, Any]]]
DOCS = Path(__file__).parents[2] / "docs"
# What the guide's reader has in the folder -> where it is here.
FILES = {
    "overscripted_2017_sample.parquet": SAMPLE,
    "disconnect-blacklist.json": SHARED / "lists/disconnect/2018-04-19/disconnect-blacklist.json",
    "hosts.txt": SHARED / "lists/nocoin/2018-05-07/hosts.txt",
}


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> Figures:
    """Figures by analysis and name, by the very commands of the guide."""
    folder = tmp_path_factory.mktemp("study")
    page = (DOCS / "guide" / "reproduce-2018.md").read_text()
    block = page.partition("```sh\n")[2].partition("```")[0].replace("\\\n", " ")
    commands = [shlex.split(line)[1:] for line in block.splitlines()]
    assert [words[0] for words in commands] == ["import", "etl", "lists", "lists", "analyze", "report"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        for name, source in FILES.items():
            Path(name).symlink_to(source)
        for words in commands:
            done = CliRunner().invoke(main, words)
            assert done.exit_code == 0, done.output
        store = Run.open("runs/2017").store
        assert store.exists(layout.REPORT)
        return {finding["name"]: findings.figures_by_name(finding) for finding in findings.read(store)}


def test_shares_of_pages_calls_and_references_are_the_published_ones(
    figures: Figures,
) -> None:
    assert {name: [f for f in some if figures[name][f]["agrees"]] for name, some in CLOSE.items()} == CLOSE


def test_shares_of_distinct_things_differ_and_say_why(figures: Figures) -> None:
    for name, some in DIFFERS.items():
        for figure in some:
            assert figures[name][figure]["agrees"] is False
            assert figures[name][figure]["why"]


def test_the_docs_give_these_very_counts(figures: Figures) -> None:
    text = (DOCS / "measurements" / "study.md").read_text()
    for name in CLOSE:
        for figure in {**CLOSE, "dynamic_code": [*CLOSE["dynamic_code"], *DIFFERS["dynamic_code"]]}[name]:
            found = figures[name][figure]
            if figure != "http_http":  # not in the docs' table
                assert f"{found['n']:,} of {found['of']:,}" in text, figure


# The heuristics of OpenWPM-mobile and of Mozilla's notebooks, written for this test as plain SQL on the
# published file: the pages (locations) of each.
HEURISTICS = {
    "canvas_sensor2018": """
        SELECT count(DISTINCT location) FROM (
          SELECT location FROM calls GROUP BY location, script_url HAVING
            bool_or(symbol SIMILAR TO '.*2D.(fill|stroke)Text' AND operation = 'call'
              AND length(regexp_replace(argument_0, '[^\x00-\x7f]', '', 'g')) >= 10)
            AND bool_or(read) AND NOT bool_or(banned))""",
    "canvas_mozilla2019": """
        SELECT count(DISTINCT location) FROM calls WHERE script_url IN (
          SELECT script_url FROM calls GROUP BY script_url HAVING
            bool_or(symbol SIMILAR TO '.*2D.(fill|stroke)Text' AND operation = 'call'
              AND length(regexp_replace(argument_0, '[^\x00-\x7f]', '', 'g')) >= 10)
            AND bool_or(read) AND NOT bool_or(banned))""",
    "canvas_font_sensor2018": """
        SELECT count(DISTINCT location) FROM (
          SELECT location, script_url FROM calls WHERE symbol = 'CanvasRenderingContext2D.measureText'
          GROUP BY location, script_url, argument_0 HAVING count(*) >= 50)
        JOIN (
          SELECT location, script_url FROM calls
          WHERE symbol = 'CanvasRenderingContext2D.font' AND operation = 'set' AND value_1000 LIKE '%px %'
          GROUP BY location, script_url HAVING count(DISTINCT value_1000) >= 50) USING (location, script_url)
        """,
    "webrtc_sensor2018": """
        SELECT count(DISTINCT location) FROM (
          SELECT location FROM calls GROUP BY location, script_url HAVING
            bool_or(symbol = 'RTCPeerConnection.createDataChannel')
            AND bool_or(symbol = 'RTCPeerConnection.createOffer')
            AND bool_or(symbol = 'RTCPeerConnection.onicecandidate' AND operation = 'set'))""",
    "audio_sensor2018": """
        SELECT count(DISTINCT location) FROM (
          SELECT location FROM calls WHERE symbol LIKE '%AudioContext.%' GROUP BY location, script_url HAVING
            count(DISTINCT split_part(symbol, '.', 2)) FILTER (split_part(symbol, '.', 2) IN (
              'createOscillator', 'createDynamicsCompressor', 'destination', 'startRendering', 'oncomplete'
            )) = 5)""",
}


def test_the_heuristics_of_the_notebooks_find_the_same_pages(figures: Figures) -> None:
    connection = duckdb.connect()
    connection.execute(
        f"""CREATE VIEW calls AS SELECT *,
          symbol = 'HTMLCanvasElement.toDataURL' AND operation = 'call'
          OR symbol = 'CanvasRenderingContext2D.getImageData' AND least(abs(try_cast(argument_2 AS DOUBLE)),
            abs(try_cast(argument_3 AS DOUBLE))) >= 16 AS read,
          symbol IN ('CanvasRenderingContext2D.save', 'CanvasRenderingContext2D.restore',
            'HTMLCanvasElement.addEventListener') AND operation = 'call' AS banned
        FROM '{SAMPLE}'"""
    )
    found = {name: connection.execute(query).fetchone() for name, query in HEURISTICS.items()}
    assert found == {name: (figures["fingerprinting"][name]["n"],) for name in HEURISTICS}
    assert all(n for (n,) in found.values())  # the sample has some of each
