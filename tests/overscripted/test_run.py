"""A run's record, and what is refused."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from overscripted import layout
from overscripted.errors import InputError, OutsideError, StageMissing
from overscripted.run import FORMAT_VERSION, Run
from overscripted.status import next_stage, state_of, status


def test_a_new_run_is_recorded_and_opened_again(tmp_path: Path) -> None:
    run = Run.open(tmp_path / "run", create=True)
    run.begin("crawl", {"dwell": 10})
    run.finish("crawl", facts={"seeds": 3})
    again = Run.open(tmp_path / "run")
    assert again.crawl_id == run.crawl_id > 1
    assert again.stage("crawl")["status"] == "complete"
    assert again.stage("crawl")["options"] == {"dwell": 10}
    assert again.stage("crawl")["facts"] == {"seeds": 3}


def test_two_processes_record_two_stages(tmp_path: Path) -> None:
    first = Run.open(tmp_path, create=True)
    second = Run.open(tmp_path)
    first.begin("crawl", {})
    second.begin("etl", {})
    assert set(Run.open(tmp_path).record["stages"]) == {"crawl", "etl"}


def test_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no run here"):
        Run.open(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


def test_a_folder_with_other_things_is_not_taken_over(tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").write_text("years of work")
    with pytest.raises(InputError, match="not empty and not a run"):
        Run.open(tmp_path, create=True)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.doc"]


def test_another_format_is_refused_by_name(tmp_path: Path) -> None:
    run = Run.open(tmp_path, create=True)
    run.store.write_json("run.json", {**run.record, "format_version": FORMAT_VERSION + 1})
    before = (tmp_path / "run.json").read_bytes()
    with pytest.raises(InputError, match="written in run format"):
        Run.open(tmp_path, create=True)
    assert (tmp_path / "run.json").read_bytes() == before


def test_a_missing_stage_names_the_command_that_makes_it(tmp_path: Path) -> None:
    run = Run.open(tmp_path, create=True)
    with pytest.raises(StageMissing, match=r"overscripted crawl .* or `overscripted import study"):
        run.require("crawl", "import")


def test_status_of_an_empty_run_says_what_is_next(tmp_path: Path) -> None:
    Run.open(tmp_path, create=True)
    shown = CliRunner().invoke(status, [str(tmp_path)])
    assert shown.exit_code == 0
    assert "precrawl" in shown.output and "missing" in shown.output and "next:" in shown.output


def test_status_is_readable_on_a_narrow_terminal(tmp_path: Path) -> None:
    run = Run.open(tmp_path, create=True)
    run.begin("import", {})
    run.finish("import", facts={"files": 11, "raw_calls": 414262, "source": "a [b]text[/b] \x1b[31m\u202e"})
    shown = CliRunner(env={"COLUMNS": "80"}).invoke(status, [str(tmp_path)])
    assert shown.exception is None
    lines = shown.output.splitlines()
    assert all(len(line) <= 80 for line in lines if str(tmp_path) not in line)
    assert any("files 11, raw calls 414,262" in line for line in lines)
    assert "source: a [b]text[/b]" in shown.output
    assert "\x1b" not in shown.output and "\u202e" not in shown.output
    assert f"next: overscripted etl {tmp_path}" in shown.output


def _more(run: Run) -> None:
    """A segment of visits, as the crawl adds them."""
    folder = layout.raw("visits")
    run.store.write(f"{folder}/{len(run.store.files(folder))}.parquet", b"")


def _complete(run: Run, *names: str, **options: object) -> None:
    for name in names:
        run.begin(name, dict(options))
        if name == "import":
            _more(run)
        run.finish(name)


def test_results_of_a_replaced_input_are_out_of_date(tmp_path: Path) -> None:
    run = Run.open(tmp_path, create=True)
    _complete(run, "import", kind="openwpm", path="x.sqlite")
    _complete(run, "etl", "analyze", "report")
    assert next_stage(run) is None
    _complete(run, "import", kind="openwpm", path="x.sqlite")
    assert [state_of(run, name) for name in ("import", "etl", "analyze", "report")] == [
        "complete",
        "out of date",
        "out of date",
        "out of date",
    ]
    shown = CliRunner().invoke(status, [str(tmp_path)]).output
    assert shown.count("out of date") == 3 and f"next: overscripted etl {tmp_path}" in shown
    with pytest.raises(
        StageMissing, match=rf"etl is out of date: import .* `overscripted etl {tmp_path}` first"
    ):
        run.require("etl")
    with pytest.raises(StageMissing, match=r"analyze is out of date, as etl is: import .* `overscripted etl"):
        run.require("analyze")
    _complete(run, "etl")
    run.require("etl")
    with pytest.raises(
        StageMissing, match=rf"analyze is out of date: etl .* `overscripted analyze {tmp_path}`"
    ):
        run.require("analyze")
    _complete(run, "analyze", "report")
    assert next_stage(run) is None


def test_an_import_that_failed_leaves_results_up_to_date(tmp_path: Path) -> None:
    run = Run.open(tmp_path, create=True)
    _complete(run, "import", "etl")
    before = run.stage("import")
    run.begin("import", {})
    run.undo("import", before)
    assert state_of(run, "etl") == "complete"


def test_tables_are_out_of_date_once_the_crawl_has_more(tmp_path: Path) -> None:
    run = Run.open(tmp_path, create=True)
    run.begin("crawl", {"seeds": "urls.txt"})
    _complete(run, "etl")  # --partial
    run.require("etl")
    _more(run)
    run.interrupt("crawl")
    with pytest.raises(StageMissing, match=r"etl is out of date: crawl .* --partial` first"):
        run.require("etl")
    _complete(run, "etl")
    _complete(run, "crawl", seeds="urls.txt")  # of which nothing was left
    run.require("etl")
    run.begin("crawl", {"seeds": "urls.txt"})
    _more(run)
    run.require("etl")
    run.finish("crawl")
    assert state_of(run, "etl") == "out of date"


def test_a_crawl_of_other_seeds_than_the_precrawls_is_out_of_date(tmp_path: Path) -> None:
    run = Run.open(tmp_path, create=True)
    run.store.write(layout.SEEDS, b"some")
    _complete(run, "precrawl", "crawl", "etl")
    _complete(run, "precrawl")  # combined again: the same seeds
    assert state_of(run, "crawl") == "complete"
    run.store.write(layout.SEEDS, b"others")
    _complete(run, "precrawl")
    assert (state_of(run, "crawl"), state_of(run, "etl")) == ("out of date", "complete")
    run.require("etl")
    assert run.command("crawl") == f"overscripted crawl {tmp_path} --seeds {tmp_path}/{layout.SEEDS}"
    _complete(run, "crawl", seeds=None)  # which takes no other seeds
    assert state_of(run, "crawl") == "out of date"
    _complete(run, "crawl", seeds=run.store.uri(layout.SEEDS))
    assert state_of(run, "crawl") == "complete"
    mine = Run.open(tmp_path / "mine", create=True)
    _complete(mine, "precrawl")
    _complete(mine, "crawl", seeds="urls.txt")
    _complete(mine, "precrawl")
    assert state_of(mine, "crawl") == "complete"


def test_a_run_of_an_older_version_is_up_to_date_until_a_stage_is_run_again(tmp_path: Path) -> None:
    run = Run.open(tmp_path, create=True)
    stages = {name: {"status": "complete", "options": {}} for name in ("import", "etl", "analyze")}
    run.store.write_json("run.json", {**run.record, "stages": stages})
    run = Run.open(tmp_path)
    run.require("analyze")
    _complete(run, "import")
    assert state_of(run, "etl") == state_of(run, "analyze") == "out of date"


def test_a_missing_import_names_the_kind_that_was_asked_for(tmp_path: Path) -> None:
    run = Run.open(tmp_path, create=True)
    run.begin("import", {"kind": "openwpm", "path": "/data/x.sqlite"})
    run.interrupt("import")
    with pytest.raises(StageMissing, match=rf"`overscripted import openwpm /data/x.sqlite {tmp_path}`"):
        run.require("import")


class _GoesAway(BaseHTTPRequestHandler):
    """An empty bucket, whose server ends the connection of whoever writes."""

    def do_GET(self) -> None:
        found = "list-type" in self.path
        body = b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>" if found else b""
        self.send_response(200 if found else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET

    def do_PUT(self) -> None:
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


def test_a_store_that_goes_away_while_the_record_is_first_written_is_named() -> None:
    pytest.importorskip("s3fs")
    with ThreadingHTTPServer(("127.0.0.1", 0), _GoesAway) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        where = {"endpoint_url": f"http://127.0.0.1:{server.server_address[1]}"}
        once = {"retries": {"max_attempts": 0}}
        options = {"key": "k", "secret": "s", "client_kwargs": where, "config_kwargs": once}
        with pytest.raises(OutsideError, match=r"s3://bucket/run/run\.json: cannot be written: "):
            Run.open("s3://bucket/run", create=True, **options)
        server.shutdown()


def test_errors_of_a_folder_stay_those_of_the_system(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError):
        Run.open(tmp_path / "file" / "run", create=True)
