"""A run's files: whole or not at all, on a folder and on an object store alike."""

import fcntl
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fsspec
import pyarrow as pa
import pytest

from overscripted.errors import InputError, OutsideError
from overscripted.store import Store
from tests import services


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A local folder, and fsspec's in-memory store, which behaves as an object store (no rename)."""
    if request.param == "folder":
        return Store(tmp_path / "run")
    fsspec.filesystem("memory").store.clear()
    return Store(f"memory://{tmp_path.name}/run")


def test_written_is_read_back(store: Store) -> None:
    store.write("a/b.bin", b"x")
    store.write_json("c.json", {"k": "ü"})
    store.write_table("t/1.parquet", pa.table({"n": [1]}))
    store.write_table("t/2.parquet", pa.table({"n": [2]}))
    assert store.read("a/b.bin") == b"x"
    assert store.read_json("c.json") == {"k": "ü"}
    assert store.read_table("t").column("n").to_pylist() == [1, 2]
    assert store.files() == ["a/b.bin", "c.json", "t/1.parquet", "t/2.parquet"]
    assert store.size("a/b.bin") == 1


def test_replace_takes_new_content_and_drops_old_files(store: Store) -> None:
    store.write("tables/calls/old.parquet", b"old")
    store.write("tables/gone/x", b"old")
    store.write("tables/kept/x", b"kept")
    with store.replace("tables/calls", "tables/gone", "findings/new") as staged:
        staged.write("tables/calls/a.parquet", b"new")
        staged.write("findings/new/deep/y", b"y")
        assert store.read("tables/calls/old.parquet") == b"old"
        assert store.files("tables/calls") == ["tables/calls/old.parquet"]
    assert store.files() == ["findings/new/deep/y", "tables/calls/a.parquet", "tables/kept/x"]
    assert not store.exists(".staging") or not store.fs.find(store.path(".staging"))


def test_error_while_staging_leaves_everything_as_it_was(store: Store) -> None:
    store.write("tables/calls/a", b"old")
    with pytest.raises(RuntimeError), store.replace("tables/calls") as staged:
        staged.write("tables/calls/b", b"new")
        raise RuntimeError
    assert store.files() == ["tables/calls/a"]
    assert store.read("tables/calls/a") == b"old"


@pytest.mark.parametrize("steps", range(12))
def test_crash_at_any_step_of_the_exchange_is_completed_or_undone(store: Store, steps: int) -> None:
    """Every change of the file system may be the last one before the power fails."""
    store.write("tables/calls/a", b"old")
    store.write("tables/gone/a", b"old")
    armed, left = False, steps

    class Crash(BaseException):
        pass

    real = {name: getattr(Store, name) for name in ("write_json", "delete", "copy")}

    def counting(name: str):  # type: ignore[no-untyped-def]
        def step(self: Store, *args: object) -> object:
            nonlocal left
            if armed:
                if left == 0:
                    raise Crash
                left -= 1
            return real[name](self, *args)

        return step

    with pytest.MonkeyPatch.context() as patch:
        for name in real:
            patch.setattr(Store, name, counting(name))
        try:
            with store.replace("tables/calls", "tables/gone", "tables/new") as staged:
                staged.write("tables/calls/b", b"new")
                staged.write("tables/new/c", b"new")
                armed = True
        except Crash:
            pass
    again = Store(store.url)
    again.recover()
    assert again.files() in (
        ["tables/calls/a", "tables/gone/a"],
        ["tables/calls/b", "tables/new/c"],
    )


@pytest.mark.parametrize("steps", range(14))
def test_machines_that_recover_at_any_step_of_the_exchange_lose_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    """Object stores have no locks: others open the run, and replace keys of theirs, in between."""
    fsspec.filesystem("memory").store.clear()
    store, left = Store(f"memory://{tmp_path.name}/run"), steps
    store.write("precrawl/a", b"old")
    real = {name: getattr(Store, name) for name in ("write_json", "delete", "copy")}

    def meeting(name: str):  # type: ignore[no-untyped-def]
        def step(self: Store, *args: object) -> object:
            nonlocal left
            left -= 1
            if left == -1:
                with Store(store.url).replace("precrawl/b") as other:
                    other.write("precrawl/b", b"other")
            return real[name](self, *args)

        return step

    for name in real:
        monkeypatch.setattr(Store, name, meeting(name))
    with store.replace("precrawl/a", "precrawl/c", "gone") as staged:
        staged.write("precrawl/a", b"new")
        staged.write("precrawl/c/1", b"new")
    left = 0
    store.delete("nothing")  # where the steps were fewer: meet now
    assert {key: store.read(key) for key in store.files()} == {
        "precrawl/a": b"new",
        "precrawl/b": b"other",
        "precrawl/c/1": b"new",
    }


def test_processes_that_replace_in_one_folder_lose_nothing(tmp_path: Path) -> None:
    def work(name: str) -> None:
        for n in range(60):
            with Store(tmp_path / "run").replace(f"precrawl/{name}", f"precrawl/{name}.json") as staged:
                staged.write(f"precrawl/{name}", f"{n}".encode())
                staged.write(f"precrawl/{name}.json", f"{n}".encode())

    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(work, name) for name in "abcd"]:
            done.result()
    store = Store(tmp_path / "run")
    assert {key: store.read(key) for key in store.files()} == {
        f"precrawl/{name}{ending}": b"59" for name in "abcd" for ending in ("", ".json")
    }


def test_a_process_that_opens_the_run_completes_what_another_has_just_staged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there are no locks, it may do so before the other one goes on, which finds its journal gone."""

    def no_locks(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(fcntl, "flock", no_locks)
    place = os.replace

    def meeting(source: str, target: str) -> None:
        place(source, target)
        if target.endswith(".journal.json"):
            Store(tmp_path / "run").recover()

    monkeypatch.setattr(os, "replace", meeting)
    with Store(tmp_path / "run").replace("precrawl/a") as staged:
        staged.write("precrawl/a", b"new")
    store = Store(tmp_path / "run")
    assert {key: store.read(key) for key in store.files()} == {"precrawl/a": b"new"}


def test_the_same_keys_staged_by_two_are_refused_to_the_first(store: Store) -> None:
    with pytest.raises(OutsideError, match="run again"), store.replace("findings/x") as first:
        first.write("findings/x/a", b"first")
        with Store(store.url).replace("findings/x") as second:
            second.write("findings/x/b", b"second")
    assert store.files() == ["findings/x/b"]
    assert store.read("findings/x/b") == b"second"


def test_who_misses_what_it_staged_is_told_of_the_other_one(store: Store) -> None:
    with pytest.raises(OutsideError, match="run again"), store.replace("findings/x") as first:
        first.write("findings/x/a", b"first")
        with Store(store.url).replace("findings/x") as second:
            second.write("findings/x/b", b"second")
        first.write("findings/x/c", b"first")
        first.read("findings/x/a")
    assert [store.read(key) for key in store.files()] == [b"second"]
    assert store.fs.find(store.path(".staging")) == []


def test_nothing_of_an_object_store_s_prefix_is_a_pattern() -> None:
    fsspec.filesystem("memory").store.clear()
    beside, store = Store("memory://odd/r1/run"), Store("memory://odd/r[1]*?{1,2}::x/run")
    for one in (beside, store):
        for key in ("a/1", "a/2", "b"):
            one.write(key, one.root.encode())
    store.move("b", "c")
    with store.replace("a") as staged:
        staged.write("a/3", b"3")
    assert store.files() == ["a/3", "c"]
    assert store.read("c") == store.root.encode()
    store.delete("a")
    assert (store.files(), beside.files()) == (["c"], ["a/1", "a/2", "b"])


@pytest.mark.parametrize("key", ["../x", "/etc/passwd", "a/../../x"])
def test_a_key_stays_inside_the_run(store: Store, key: str) -> None:
    with pytest.raises(InputError):
        store.path(key)


def test_a_failed_write_leaves_no_file(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(TypeError):
        store.write("a", "text")  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_writer_left_is_not_data(store: Store) -> None:
    store.write("raw/calls/a.parquet", b"x")
    store.write("raw/calls/.b.parquet.1234.part", b"half")
    assert store.files("raw/calls") == ["raw/calls/a.parquet"]


def test_broken_json_is_named(store: Store) -> None:
    store.write("run.json", b"{")
    with pytest.raises(InputError, match=r"run\.json: not valid JSON"):
        store.read_json("run.json")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("s3://bucket/run?versionId=x", "leave out"),
        ("s3://bucket/run?versionId=", "leave out"),
        ("s3://bucket/a?versionId=x/run", "leave out"),
        ("s3://bucket?versionId=x", "leave out"),
        ("s3://", "names no bucket"),
        ("s3:///run", "names no bucket"),
        ("s3://a bucket/run", "names no bucket"),
    ],
)
def test_an_address_that_can_be_no_prefix_is_refused(url: str, said: str) -> None:
    pytest.importorskip("s3fs")
    with pytest.raises(InputError, match=said) as refused:
        Store(url, key="k", secret="s")
    assert url in str(refused.value)


def test_a_client_follows_the_environment(monkeypatch: pytest.MonkeyPatch, s3: services.S3) -> None:
    with services.s3() as other:
        for server in (s3, other):
            url = server.make_bucket("environment")
            for name, value in server.environment.items():
                monkeypatch.setenv(name, value)
            Store(url).write("where", server.endpoint.encode())
        assert Store(url, **s3.options).read("where") == s3.endpoint.encode()
        assert Store(url, **other.options).read("where") == other.endpoint.encode()


@pytest.mark.parametrize("url", ["s3://bucket/run?version=x", "s3://bucket/run?x&y#z", "s3://my.bucket_1-x"])
def test_an_address_like_it_is_a_prefix(url: str) -> None:
    pytest.importorskip("s3fs")
    assert Store(url, key="k", secret="s").root == url.removeprefix("s3://")


def test_a_folder_may_have_the_name_of_a_version(tmp_path: Path) -> None:
    store = Store(tmp_path / "run?versionId=x")
    store.write("a", b"x")
    assert store.files() == ["a"]
