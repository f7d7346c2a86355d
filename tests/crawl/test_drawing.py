"""A page that draws without end spoils nobody's visit: whoever waited for it is visited again."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from overscripted import segments
from overscripted.crawl import settings
from overscripted.crawl.firefox.drawing import Drawing
from overscripted.crawl.frontier import attempts
from overscripted.crawl.frontier.queue import Frontier
from overscripted.crawl.instrument import settings as instrument_settings
from overscripted.crawl.settings import Options
from overscripted.crawl.worker import Worker
from overscripted.progress import Work
from overscripted.store import Store
from tests.crawl.web import Web

# A process whose only thread has this name and does this.
_THREAD = "import ctypes, time; ctypes.CDLL(None).prctl(15, {name!r}); print('.', flush=True)\n{work}"
_WORKS, _RESTS = "while True: pass", "time.sleep(600)"


@contextmanager
def thread(name: bytes, work: str) -> Iterator[int]:
    command = [sys.executable, "-c", _THREAD.format(name=name, work=work)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout and process.stdout.readline()  # it has its name
        try:
            yield process.pid
        finally:
            process.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="threads as Linux names them")
@pytest.mark.parametrize(
    ("name", "work", "busy"),
    [(b"llvmpipe-1", _WORKS, True), (b"llvmpipe-1", _RESTS, False), (b"Compositor", _WORKS, False)],
)
def test_threads_that_draw_are_busy_while_they_draw(name: bytes, work: str, busy: bool) -> None:
    with thread(name, work) as pid:
        drawing = Drawing(pid)
        began = time.monotonic()
        for _ in range(3):
            time.sleep(0.5)
            drawing.look()
        assert (
            drawing.busy_s == pytest.approx(time.monotonic() - began, abs=0.3) if busy else not drawing.busy_s
        )
    drawing.look()  # it has ended
    assert drawing.busy_s == 0


def test_a_visit_that_waited_for_drawing_is_tried_again_apart_from_others() -> None:
    assert [attempts.again("hung", n, 3, waited=True) for n in (1, 2, 3, 4)] == [True, True, True, False]
    assert not attempts.again("hung", 1, 0, waited=True)
    assert not attempts.again("hung", 2, 3)
    delays = {attempts.retry_delay(1, waited=True) for _ in range(20)}
    assert len(delays) == 20
    assert min(delays) >= settings.RETRY_DELAY_S == attempts.retry_delay(1)


@pytest.mark.firefox
@pytest.mark.usefixtures("firefox")
@pytest.mark.skipif(sys.platform != "linux", reason="threads as Linux names them")
async def test_a_page_that_draws_for_minutes_costs_its_neighbour_an_attempt_at_most(
    small_web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "FLUSH_TIMEOUT_S", 6.0)
    monkeypatch.setattr(settings, "DRAW_S", 3.0)
    monkeypatch.setattr(settings, "WAITED_SPREAD_S", 0.0)
    draws, reads = (f"{small_web.base}/pages/{name}.html" for name in ("draws", "reads"))
    frontier = Frontier(f"sqlite:///{tmp_path}/frontier.sqlite", 1)
    frontier.add([draws, reads])
    options = Options(dwell_s=6.0, windows=2, allow_private=True, segment_age_s=1.0, retries=1)
    store = Store(tmp_path / "run")
    with Work("crawl", 2) as work:
        worker = Worker(store, frontier, options, instrument_settings.resolve("fingerprinting"), work)
        await worker.run()
    if not worker.browsers.display["webgl"]:
        pytest.skip("Mesa is not installed (Debian: apt install libegl1 libgl1 libgl1-mesa-dri)")
    frontier.close()
    rows = [row for part in segments.read(store, "visits") for row in part.to_pylist()]
    attempts = sorted((row for row in rows if row["site_url"] == reads), key=lambda row: row["attempt"])
    assert attempts[-1]["outcome"] == "complete"
    assert "Firefox was busy drawing" in attempts[0]["error"]
