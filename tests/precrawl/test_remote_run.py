"""A run on an object store: two machines bring a vantage point each, a third combines."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from overscripted.store import Store
from tests import services
from tests.precrawl.web import Request, Web, page

pytest.importorskip("s3fs", reason="s3fs (extra s3) is not installed")


def test_machines_meet_in_an_s3_store_and_resume_from_their_journals(tmp_path: Path, s3: services.S3) -> None:
    names = [f"s{n}.com" for n in range(60)]
    listed = tmp_path / "sites.txt"
    listed.write_text("\n".join(names))
    slow = [0.1]

    def site(r: Request) -> str:
        time.sleep(slow[0])
        return page("https://out.org/", f"https://out.org/{r.host}")

    with Web(site) as web:
        run = f"{s3.make_bucket('precrawl')}/run"

        def command(home: str, *words: str) -> subprocess.Popen[str]:
            machine = {**os.environ, **s3.environment, "XDG_STATE_HOME": str(tmp_path / home)}
            return subprocess.Popen(
                [sys.executable, "-m", "overscripted", *words],
                env=machine, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            )  # fmt: skip

        def precrawl(home: str, *more: str) -> subprocess.Popen[str]:
            through = f"{home}={web.proxy}"
            pace = ("--pace", "0", "--connections", "4", "--processes", "1")
            return command(home, "precrawl", run, "--vantage", through, *pace, *more)

        first = precrawl("home", "--sites", str(listed))
        while sum(web.requests.values()) < 20:
            assert first.poll() is None, first.communicate()[1]
            time.sleep(0.02)
        first.send_signal(signal.SIGKILL)
        first.communicate()
        slow[0] = 0.0
        for process in (precrawl("home"), precrawl("work")):
            out, err = process.communicate(timeout=120)
            assert process.returncode == 0, err
            assert "overscripted seeds" in out
        assert sum(web.requests.values()) <= 2 * len(names) + 4, "more than was under way was asked again"
        combined = command("third", "seeds", run, "--quorum", "2/2")
        out, err = combined.communicate(timeout=60)
        assert combined.returncode == 0, err
        assert f"{len(names) + 1} seeds (seen by 2 of 2)" in out
        store = Store(run, **s3.options)
        for vantage in ("home", "work"):
            with store.fs.open(store.path(f"precrawl/{vantage}.outcomes.parquet"), "rb") as file:
                assert sorted(pq.read_table(file)["site"].to_pylist()) == sorted(names)
        assert not store.files("precrawl/parts")
        assert store.read_table("precrawl/seeds.parquet").num_rows == len(names) + 1
