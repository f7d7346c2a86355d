"""Outcomes of visits and sites: each word is written in one module, and the words are the published ones."""

import ast
import json
import re
from collections.abc import Iterator

import pyarrow as pa
import pytest

from overscripted.outcomes import GOOD, REACHED, Outcome, Reason, http_status
from tests.product import ROOT, python_files

WORDS = {REACHED, *Outcome, *Reason}
SQL = re.compile(rf"'({'|'.join(sorted(WORDS))}|http_\d+)'")
# Words that are no outcome where they stand: columns, options, keys, states of a stage.
OTHER_MEANINGS = {
    "overscripted/run.py": {"complete"},
    "overscripted/foreign/openwpm_recorded.py": {"error"},  # the column
    "overscripted/record_kinds/dns_names.py": {"error"},
    "overscripted/record_kinds/navigations.py": {"failed", "error"},
    "overscripted/record_kinds/response_bodies.py": {"encoding"},
    "overscripted/record_kinds/saved_documents.py": {"encoding"},
    "overscripted/record_kinds/tls_connections.py": {"error"},
    "overscripted/schemas.py": {"redirects", "error", "challenge"},
    "overscripted/status.py": {"complete"},
    "overscripted/api/found.py": {"encoding"},
    "overscripted/api/visits.py": {"error"},  # the column
    "precrawl/command.py": {"timeout", "failed", "robots_unreachable", "reached"},
    "precrawl/counters.py": {"failed"},
    "precrawl/fleet.py": {"failed"},
    "precrawl/run.py": {"reached"},
    "precrawl/seeds.py": {"failed", "reached"},
    "precrawl/tasks.py": {"redirects", "error"},
    "crawl/behaviours/acting.py": {"error", "failed"},
    "crawl/behaviours/consent.py": {"error", "failed"},
    "crawl/behaviours/forms.py": {"blocked", "error", "failed"},
    "crawl/behaviours/page.py": {"complete"},
    "crawl/command.py": {"proxy", "robots_unreachable"},
    "crawl/firefox/bidi.py": {"error"},
    "crawl/frontier/database.py": {"timeout"},
    "crawl/instrument/protocol.py": {"lost"},
    "crawl/limits.py": {"proxy"},
    "crawl/logs.py": {"error"},
    "crawl/records/exchange.py": {"error"},
    "crawl/openwpm/config.py": {"timeout"},
    "crawl/openwpm/installed.py": {"refused"},
    "crawl/openwpm/outcome.py": {"error"},
    "crawl/openwpm/prepared.py": {"timeout"},
    "crawl/openwpm/process.py": {"error"},
    "crawl/openwpm/remote/overscripted_driver.py": {"error", "refused"},
    "crawl/openwpm/remote/overscripted_parameters.py": {"timeout"},
    "crawl/openwpm/remote/overscripted_wire.py": {"failed"},
    "crawl/records/host_names.py": {"proxy", "error"},
    "crawl/records/recording.py": {"robots"},
    "crawl/records/rows.py": {"encoding", "viewer", "error"},
    "crawl/replay/indexing.py": {"error"},  # what a recorder says of a request
    "crawl/replay/options.py": {"proxy"},  # the option
    "crawl/browser.py": {"complete"},
    "crawl/visit.py": {"error", "challenge"},
    "crawl/worker.py": {"error"},
    "etl/importers/blacklight_inspection.py": {"error"},
    "overscripted/foreign/har_bodies.py": {"encoding"},
    "etl/importers/har_entries.py": {"error"},
    "etl/importers/har_pages.py": {"error"},
    "etl/importers/calls.py": {"error"},
    "overscripted/foreign/openwpm_conversion.py": {"error"},
    "overscripted/foreign/openwpm_names.py": {"error"},
    "overscripted/foreign/openwpm_navigations.py": {"error"},
    "overscripted/foreign/openwpm_requests.py": {"error"},
    "overscripted/foreign/openwpm_visits.py": {"timeout", "error"},  # OpenWPM's words
    "etl/importers/visiblev8.py": {"error"},
    "etl/importers/warc.py": {"error"},
    "etl/importers/tracker_radar.py": {"error"},
    "etl/importers/tracker_radar_requests.py": {"error"},
    "etl/importers/tracker_radar_site.py": {"timeout", "error"},  # words of the collector
    "analyses/comparison/visits.py": {"blocked", "challenge"},
    "analyses/find/command.py": {"encoding"},
    "analyses/hygiene/transport.py": {"blocked", "error", "tls"},
    "analyses/leaks/judge.py": {"encoding"},
    "analyses/leaks/typed.py": {"blocked"},  # the outcome of an action
    "analyses/published.py": {"lost"},
    "analyses/questions/fingerprinting.py": {"failed"},
    "analyses/questions/leaks.py": {"encoding"},
    "analyses/questions/overview.py": {"invalid", "challenge"},
    "analyses/questions/provenance.py": {"reached"},
    "analyses/questions/quality.py": {"challenge", "error", "lost", "viewer"},
    "analyses/signals/comparable_variants.py": {"refused"},
    "inspection/command.py": {"proxy", "robots_unreachable"},
    "inspection/inspection.py": {"error"},
    "inspection/run.py": {"error"},
    "inspection/topics/limits.py": {"error", "refused"},
    "inspection/topics/recorded.py": {"encoding"},
    "inspection/topics/visit.py": {"challenge", "error"},
    "crawl/variants/file.py": {"proxy"},
    "export/har.py": {"encoding", "error"},  # a field of HAR, and a column
    "export/openwpm_tables.py": {"error", "timeout"},  # a column, and OpenWPM's words
    "explore/pages/compare.py": {"blocked"},  # a table
    "explore/pages/inspect.py": {"error", "refused"},  # of the command, and of the form
    "explore/pages/outcomes.py": {"error"},
    "explore/pages/request.py": {"error"},  # the column
    "explore/pages/story.py": {"error"},
    "explore/pages/visit.py": {"challenge", "error"},  # columns
    "explore/server.py": {"error"},  # a level of a log
    "explore/sql/box.py": {"error"},  # what a query answers in place of rows
    "explore/sql/process.py": {"error"},
    "explore/sql/statement.py": {"error"},  # of the JSON of DuckDB's parser
    "explore/views.py": {"challenge", "error"},
    "report/funnel.py": {"reached"},
    "report/precrawl.py": {"reached", "failed"},
    "demo/check.py": {"error"},
    "demo/check_acted.py": {"encoding"},
    "demo/sites/broken.py": {"unreachable"},
    "demo/sites/frames.py": {"closed"},
    "demo/sites/transport.py": {"blocked", "proxy", "error"},
    "demo/sites/walls.py": {"challenge"},
    "demo/sites/hostile.py": {"redirects", "download", "private"},
}


def words_in(source: str) -> Iterator[str]:
    """The words of outcomes that Python code writes as texts, also in the SQL that it writes."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if node.value in WORDS or re.fullmatch(r"http_\d+", node.value):
                yield node.value
            else:
                yield from SQL.findall(node.value)
        elif isinstance(node, ast.JoinedStr) and ast.unparse(node).startswith(("f'http_{", 'f"http_{')):
            yield "http_"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('result.outcome = "net_error"', ["net_error"]),
        ('Failure("dns", str(error))', ["dns"]),
        ("db.execute(\"SELECT 1 WHERE outcome <> 'reached'\")", ["reached"]),
        ("f\"SELECT {n} WHERE outcome = 'hung'\"", ["hung"]),
        ('f"http_{status}"', ["http_"]),
        ('Failure("http_503")', ["http_503"]),
        ("Outcome.NET_ERROR", []),
        ('"the site was reached, or the visit was lost"', []),
        ('row["http_status"]', []),
    ],
)
def test_a_word_that_is_written_as_a_text_is_found(source: str, found: list[str]) -> None:
    assert list(words_in(source)) == found


def test_no_stage_writes_the_word_of_an_outcome_itself() -> None:
    files = {path.relative_to(ROOT).as_posix(): path for path in python_files()}
    del files["overscripted/outcomes.py"]
    assert len(files) > 150
    written = {name: found for name, path in files.items() if (found := {*words_in(path.read_text())})}
    assert written == OTHER_MEANINGS


def test_the_words_are_those_that_were_published() -> None:
    assert " ".join(Outcome) == (
        "complete http_error challenge timeout hung closed download viewer no_content net_error blocked "
        "invalid crashed failed lost"
    )
    assert " ".join(Reason) == (
        "dns refused unreachable closed timeout tls protocol encoding too_large redirects bad_redirect "
        "not_html private robots robots_unreachable proxy too_complex crashed error"
    )
    assert (REACHED, http_status(503), GOOD) == ("reached", "http_503", ("complete", "http_error"))


def test_each_word_has_a_meaning_of_its_own() -> None:
    for words in (Outcome, Reason):
        meanings = {word.meaning for word in words}
        assert len(meanings) == len(words)
        assert all(meanings)


def test_words_are_plain_text_where_they_are_written() -> None:
    assert f"{Outcome.HUNG}: {Reason.DNS}" == "hung: dns"
    assert json.dumps({Outcome.HUNG: Reason.DNS}) == '{"hung": "dns"}'
    assert pa.array([Outcome.HUNG], pa.string()).to_pylist() == ["hung"]
