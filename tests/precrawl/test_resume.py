"""Killed anywhere, any time: every site still has one outcome, and what was kept is not asked for again."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from overscripted.errors import OutsideError
from overscripted.precrawl import journal
from overscripted.precrawl.journal import Journal
from overscripted.run import Run
from overscripted.store import Store
from tests.precrawl.crawling import Crawl, processes_of
from tests.precrawl.web import Request, Web, http, page

SITES = 120


def command(run: Path, sites: Path, web: Web, *more: str) -> list[str]:
    return [
        *(sys.executable, "-m", "overscripted", "precrawl", str(run), "--sites", str(sites)),
        *("--vantage", f"v={web.proxy}", "--pace", "0", "--connections", "8", "--timeout", "20", *more),
    ]


class Slow:
    """Answers after a while, and knows which answers it has sent whole."""

    def __init__(self, pause: float = 0.05) -> None:
        self.answered: dict[str, int] = {}
        self.pause = pause
        self.lock = threading.Lock()

    def __call__(self, r: Request) -> None:
        time.sleep(self.pause)
        r.sock.sendall(http(page(f"https://out.example/{r.host}"), Connection="close"))
        with self.lock:
            self.answered[r.host] = self.answered.get(r.host, 0) + 1


@pytest.mark.skipif(not Path("/proc").exists(), reason="needs /proc to find the processes")
@pytest.mark.parametrize("whom", ["the parent", "a process", "everything", "interrupt"])
def test_killed_and_resumed_every_site_has_one_outcome(crawl: Crawl, tmp_path: Path, whom: str) -> None:
    sites = tmp_path / "sites.txt"
    names = [f"s{n}.com" for n in range(SITES)]
    sites.write_text("\n".join(names))
    processes = "2" if whom == "a process" else "1"
    slow = Slow()
    with Web(slow) as web:
        kills = 0
        while True:
            run = subprocess.Popen(
                command(crawl.folder, sites, web, "--processes", processes), stderr=subprocess.PIPE, text=True
            )
            before = len(slow.answered)
            while run.poll() is None and (kills == 2 or len(slow.answered) < before + 30):
                time.sleep(0.01)
            if run.poll() is None:
                kills += 1
                children = processes_of(run.pid)
                if whom == "interrupt":
                    run.send_signal(signal.SIGINT)
                elif whom == "the parent":
                    run.kill()
                elif whom == "a process" and children:
                    os.kill(children[-1], signal.SIGKILL)
                    while run.poll() is None and len(slow.answered) < SITES:
                        time.sleep(0.01)
                else:
                    for pid in [run.pid, *children]:
                        os.kill(pid, signal.SIGKILL)
            said = run.communicate(timeout=60)[1]
            if run.returncode == 0:
                break
            assert run.returncode == (130 if whom == "interrupt" else -signal.SIGKILL), said
            assert Run.open(crawl.folder).stage("precrawl")["status"] != "complete"
    assert kills >= 1
    rows = crawl.rows("v.outcomes")
    assert sorted(r["site"] for r in rows) == sorted(names), "not exactly one outcome for each site"
    assert {r["outcome"] for r in rows} == {"reached"}
    assert sorted((r["site"], r["link"]) for r in crawl.rows("v")) == sorted(
        (n, f"https://out.example/{n}") for n in names
    )
    # What a kill may cost: the pages that were under way, eight at once, and none that were kept.
    again = sum(n - 1 for n in slow.answered.values())
    assert again <= kills * 8, f"{again} sites were asked again after {kills} kills"
    assert not list(crawl.folder.rglob("*.journal"))
    assert not (crawl.folder / "precrawl/parts").exists()


def test_record_is_kept_the_moment_it_is_appended(tmp_path: Path) -> None:
    store = Store(tmp_path / "run")
    row = {"site": "a.com", "rank": 1, "outcome": "reached", "page": "http://a.com/", "n_links": 2}
    kept = Journal(tmp_path, store, "precrawl/parts/v", "outcomes", 0)
    for n in range(3):
        kept.append(n, row, [(0, "https://x.com/"), (4, "https://y.com/")])
    (path,) = tmp_path.glob("*.journal")
    whole = path.read_bytes()
    for cut in (0, 1, 7):  # torn within its last record
        path.write_bytes(whole[: len(whole) - cut])
        journal.recover(tmp_path, store, "precrawl/parts/v", "outcomes")
        (part,) = store.files("precrawl/parts/v", ".outcomes.parquet")
        assert store.read_table(part)["n"].to_pylist() == ([0, 1, 2] if cut == 0 else [0, 1])
        links = store.read_table(part.replace("outcomes", "links"))
        assert links.num_rows == (6 if cut == 0 else 4)
        store.delete("precrawl/parts/v")
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    journal.recover(tmp_path, store, "precrawl/parts/v", "outcomes")
    (part,) = store.files("precrawl/parts/v", ".outcomes.parquet")
    assert store.read_table(part)["n"].to_pylist() == [0, 1], "a damaged record was taken for whole"


@pytest.mark.parametrize("written", [0, 1, 2])
def test_part_interrupted_at_any_step_is_made_once(tmp_path: Path, written: int) -> None:
    store = Store(tmp_path / "run")
    row = {"site": "a.com", "rank": 1, "outcome": "reached", "page": "http://a.com/"}
    kept = Journal(tmp_path, store, "parts", "outcomes", 0)
    kept.append(0, row, [(0, "https://x.com/")])
    (path,) = tmp_path.glob("*.journal")
    data = path.read_bytes()
    journal.recover(tmp_path, store, "parts", "outcomes")
    path.write_bytes(data)  # as if killed before the journal went
    if written < 2:
        store.delete(f"parts/{path.stem}.outcomes.parquet")
    if written < 1:
        store.delete(f"parts/{path.stem}.links.parquet")
    journal.recover(tmp_path, store, "parts", "outcomes")
    assert store.read_table(f"parts/{path.stem}.outcomes.parquet").num_rows == 1
    assert store.read_table(f"parts/{path.stem}.links.parquet").num_rows == 1
    assert not path.exists()


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="needs /proc to find who asks")
def test_page_that_kills_its_process_is_found_and_the_others_are_visited(crawl: Crawl) -> None:
    def site(r: Request) -> bytes | str:
        if r.host.endswith("poison.com"):
            os.kill(process_behind(r.sock.getpeername()[1]), signal.SIGKILL)
        return page("https://out.example/")

    names = [f"s{n}.com" for n in range(30)]
    with Web(site) as web:
        crawl([*names[:15], "poison.com", *names[15:]], {"v": web.proxy}, connections=5)
    outcomes = {site: row["outcome"] for site, row in crawl.outcomes("v").items()}
    assert outcomes == {**dict.fromkeys(names, "reached"), "poison.com": "crashed"}


def process_behind(port: int) -> int:
    """The process that holds the local end of a loopback connection."""
    wanted = f"0100007F:{port:04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    inode = next(row[9] for row in rows if row[1] == wanted)
    for pid in processes_of(os.getpid()):
        for fd in Path(f"/proc/{pid}/fd").iterdir():
            try:
                if os.readlink(fd) == f"socket:[{inode}]":
                    return pid
            except OSError:
                continue
    raise AssertionError(f"nobody holds {inode}")


def test_proxy_that_goes_away_stops_the_vantage_and_it_resumes(
    crawl: Crawl, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its absence is no outcome of a site."""
    seen: list[str] = []
    web = Web(lambda r: page())

    def site(r: Request) -> bytes:
        seen.append(r.host)
        if len(seen) == 10:
            threading.Thread(target=web.__exit__).start()
            time.sleep(1)
        return http(page(), Connection="close")

    web.sites = site
    names = [f"s{n}.com" for n in range(40)]
    with web, pytest.raises(OutsideError, match="went away"):
        crawl(names, {"v": web.proxy}, connections=1, proxy_patience_s=0.5)
    with Web(lambda r: page()) as back:
        crawl(names, {"v": back.proxy})
    assert {row["outcome"] for row in crawl.outcomes("v").values()} == {"reached"}
    assert len(crawl.outcomes("v")) == 40


def test_two_commands_on_one_vantage_point_do_not_mix(crawl: Crawl, tmp_path: Path) -> None:
    sites = tmp_path / "sites.txt"
    sites.write_text("\n".join(f"s{n}.com" for n in range(5000)))
    held = threading.Event()

    def site(r: Request) -> bytes:
        held.wait(120)
        return http(page())

    with Web(site) as web:
        first = subprocess.Popen(command(crawl.folder, sites, web), stderr=subprocess.DEVNULL)
        while not web.requests:
            time.sleep(0.02)
        second = subprocess.run(
            command(crawl.folder, sites, web),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={**os.environ, "TMPDIR": str(tmp_path)},  # as another service has
        )
        first.send_signal(signal.SIGINT)
        held.set()
        first.wait(60)
    assert second.returncode == 3 and "another process is at work" in second.stderr, second.stderr
    assert Run.open(crawl.folder).stage("precrawl")["status"] == "interrupted"
    assert [path for path in tmp_path.rglob("*") if ".lock" in path.name] == []
