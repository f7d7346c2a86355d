"""Archives in an object store are replayed from a copy, and what is wrong with them is named."""

import json
from pathlib import Path
from typing import Any

import fsspec
import pytest

from overscripted.crawl.replay import fetched
from overscripted.crawl.replay.opening import opened
from overscripted.errors import InputError, OutsideError
from tests import services
from tests.crawl.replay.archives import Warc
from tests.crawl.replay.test_har import har
from tests.crawl.replay.test_index import SITE, Reader, entry, wacz


@pytest.fixture
def bucket(s3: services.S3, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """A new bucket, which `--replay` reaches by the environment as its users do."""
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    return s3.make_bucket(f"replay-{len(request.node.name)}-{request.node.name[5:20].replace('_', '-')}")


def put(s3: services.S3, url: str, content: bytes) -> None:
    fsspec.filesystem("s3", **s3.options).pipe_file(url, content)


async def test_a_file_and_a_folder_of_a_bucket_are_archives(
    s3: services.S3, bucket: str, tmp_path: Path
) -> None:
    with Warc(tmp_path / "a.warc.gz") as warc:
        warc.answer(SITE, "page", page="1")
    wacz(tmp_path / "x.wacz", tmp_path / "a.warc.gz", [json.dumps({"id": "1", "url": SITE})])
    put(s3, f"{bucket}/study/x.wacz", (tmp_path / "x.wacz").read_bytes())
    put(s3, f"{bucket}/study/har/y.har", har([entry(f"{SITE}har", "of har")]))
    put(s3, f"{bucket}/study/secret.txt", b"no archive")
    for url, seeds in ((f"{bucket}/study/x.wacz", [SITE]), (f"{bucket}/study/", [SITE, f"{SITE}har"])):
        with opened((url,)) as archives:
            assert archives
            assert sorted(archives.seeds()) == seeds
            facts: dict[str, Any] = archives.facts["archives"][0]
            assert (facts["archive"], facts["files"]) == (url, len(seeds))
            reader = Reader(archives)
            for seed in seeds:
                body = b"page" if seed == SITE else b"of har"
                assert await reader.get(await reader.visit(seed), seed) == ("exact", body)
            assert not list(archives.folder.rglob("secret.txt"))
            folder = archives.folder
        assert not folder.exists()


def test_what_is_not_there_or_too_large_is_named(
    s3: services.S3, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(s3, f"{bucket}/other/a.txt", b"no archive")
    for url in (f"{bucket}/other", f"{bucket}/absent.wacz"):
        with pytest.raises(InputError, match=f"--replay {url}: no such file, or a folder"), opened((url,)):
            pass
    put(s3, f"{bucket}/a.warc", b"x" * 100)
    usage = fetched.shutil.disk_usage("/")._replace(free=150)
    monkeypatch.setattr(fetched.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(InputError, match="takes more than half of the free disk"), opened((bucket,)):
        pass


def test_a_store_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = f"http://127.0.0.1:{services.free_port()}"
    for name, value in (("AWS_ENDPOINT_URL", nowhere), ("AWS_MAX_ATTEMPTS", "1")):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    url = "s3://bucket/a.wacz"
    with pytest.raises(OutsideError, match=f"--replay {url}: cannot be read"), opened((url,)):
        pass
