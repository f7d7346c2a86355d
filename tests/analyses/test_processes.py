"""A function in several processes gives what it gives in one, whatever happens to them meanwhile."""

import math
import os
import signal

import psutil
import pytest

from overscripted.analyses.processes import in_order, worthwhile
from overscripted.engines import DuckDB
from overscripted.errors import OutsideError


@pytest.mark.parametrize("n", [1, 2])
@pytest.mark.parametrize("count", [0, 1, 7])
def test_results_come_in_the_order_of_the_items(n: int, count: int) -> None:
    before = psutil.Process().children()
    assert list(in_order(math.sqrt, range(count), n)) == [math.sqrt(item) for item in range(count)]
    assert psutil.Process().children() == before


def test_an_error_ends_the_processes() -> None:
    before = psutil.Process().children()
    found = in_order(math.sqrt, [4, -1, 9], 2)
    assert next(found) == 2
    with pytest.raises(ValueError, match="math domain error"):
        next(found)
    assert psutil.Process().children() == before


def test_a_process_that_is_killed_is_told() -> None:
    with pytest.raises(OutsideError, match="was killed, likely for its memory; try fewer"):
        list(in_order(signal.raise_signal, [signal.SIGKILL], 2))
    with pytest.raises(OutsideError, match="ended: see its messages"):
        list(in_order(os._exit, [3], 2))


@pytest.mark.parametrize(
    ("threads", "memory", "seconds", "n"),
    [(2, "4GB", 8, 2), (2, "4GB", 7, 1), (1, "4GB", 100, 1), (2, "1.9GiB", 100, 1), (99, "99GB", 1000, 8)],
)
def test_processes_are_worth_their_start(
    monkeypatch: pytest.MonkeyPatch, threads: int, memory: str, seconds: float, n: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(64), raising=False)
    with DuckDB({"threads": str(threads), "memory_limit": memory}) as engine:
        assert worthwhile(engine, seconds) == n
