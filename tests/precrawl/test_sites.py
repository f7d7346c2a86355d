"""Site lists of every kind, read as a stream; what is malformed is named with its line."""

import gzip
import zipfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from overscripted.errors import InputError
from overscripted.precrawl import sites
from overscripted.precrawl.sites import Choice

REAL = Path(__file__).parents[3] / "shared/lists/ranking/tranco_2026-08-01_top10k.csv"


def order(path: Path, **choice: object) -> list[tuple[int, str]]:
    out = path.parent / "out.parquet"
    sites.order(path, Choice(**choice), out)  # type: ignore[arg-type]
    table = pq.read_table(out)
    return list(zip(table["rank"].to_pylist(), table["site"].to_pylist(), strict=True))


def test_ranked_and_plain_lists_are_read(tmp_path: Path) -> None:
    ranked, plain = tmp_path / "r.csv", tmp_path / "p.txt"
    ranked.write_bytes(b"\xef\xbb\xbf1,Example.com\r\n2,b.co.uk\r\n\r\n")
    plain.write_text("# mine\nexample.com\n\nbücher.example:8080\nhttps://x.org/a/../b#c\n")
    assert order(ranked) == [(1, "example.com"), (2, "b.co.uk")]
    assert order(plain) == [(2, "example.com"), (4, "bücher.example:8080"), (5, "https://x.org/b")]


def test_compressed_lists_are_read(tmp_path: Path) -> None:
    packed, zipped = tmp_path / "l.csv.gz", tmp_path / "l.csv.zip"
    packed.write_bytes(gzip.compress(b"1,a.example\n"))
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("top-1m.csv", "1,a.example\n")
    assert order(packed) == order(zipped) == [(1, "a.example")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1,a.example\n2;b.example\n", "line 2: not `rank,site`"),
        ("a.example\n2,b.example\n", "line 2: not `site`"),
        ("1,a.example\nx,b.example\n", "line 2: the rank 'x'"),
        ("0,a.example\n", "line 1: the rank '0'"),
        ("a.example\nnot a host\n", "line 2: 'not a host' is no host"),
        ("a.example\nftp://b.example/\n", "line 2: 'ftp://b.example/' is no host"),
        ("http://[bad\n", "line 1: 'http://[bad' is no host"),
        ("", "no site in it"),
        ("x" * 5000, "line 1: over 4096 characters"),
    ],
)
def test_malformed_list_is_refused_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "list.txt"
    path.write_text(text)
    with pytest.raises(InputError) as error:
        order(path)
    assert said in str(error.value)
    assert str(path) in str(error.value)


@pytest.mark.parametrize("name", ["list.txt", "list.csv.gz", "list.csv.zip"])
def test_binary_and_missing_files_are_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with pytest.raises(InputError, match="cannot be read"):
        order(path)
    path.write_bytes(b"a.example\n\x89PNG\xff\xfe")
    with pytest.raises(InputError, match=r"line 2: not UTF-8|cannot be read"):
        order(path)


def test_repeated_sites_are_visited_once_at_their_best_rank(tmp_path: Path) -> None:
    path = tmp_path / "l.csv"
    path.write_text("3,a.example\n1,b.example\n2,A.example\n")
    assert order(path) == [(1, "b.example"), (2, "a.example")]


def test_top_sample_and_shuffle_are_repeatable_and_independent_of_line_order(tmp_path: Path) -> None:
    lines = [f"{n},s{n}.example\n" for n in range(1, 1001)]
    path, other = tmp_path / "l.csv", tmp_path / "m.csv"
    path.write_text("".join(lines))
    other.write_text("".join(reversed(lines)))
    assert order(path, top=3) == [(1, "s1.example"), (2, "s2.example"), (3, "s3.example")]
    drawn = order(path, top=500, sample=50, seed=7)
    assert len(drawn) == 50 and drawn == sorted(drawn) and drawn[-1][0] <= 500
    assert drawn == order(other, top=500, sample=50, seed=7)
    assert drawn != order(path, top=500, sample=50, seed=8)
    mixed = order(path, shuffle=True, seed=1)
    assert mixed != sorted(mixed) and sorted(mixed) == order(path)
    assert mixed == order(other, shuffle=True, seed=1)


def test_tranco_id_is_taken_from_the_name_or_the_option(tmp_path: Path) -> None:
    named, plain = tmp_path / "tranco_6JX4N.csv", tmp_path / "top-1m.csv"
    for path in (named, plain):
        path.write_text("1,a.example\n")
    assert sites.describe(named, None, Choice())["list_id"] == "6JX4N"
    assert sites.describe(plain, None, Choice())["list_id"] is None
    assert sites.describe(plain, "9ZZZZ", Choice())["list_id"] == "9ZZZZ"


def test_real_ranking_is_read_whole(tmp_path: Path) -> None:
    if not REAL.exists():
        pytest.skip(f"{REAL} is not here")
    out = tmp_path / "out.parquet"
    assert sites.order(REAL, Choice(), out) == 10_000
    first = pq.read_table(out).slice(0, 1).to_pylist()
    assert first == [{"site": "google.com", "rank": 1, "domain": "google.com"}]


@pytest.mark.parametrize(
    ("site", "first", "second"),
    [
        ("a.example", "http://a.example/", "http://www.a.example/"),
        ("a.example:81", "http://a.example:81/", "http://www.a.example:81/"),
        ("www.a.example", "http://www.a.example/", None),
        ("1.2.3.4", "http://1.2.3.4/", None),
        ("1.2.3.4:80", "http://1.2.3.4/", None),
        ("https://a.example/x", "https://a.example/x", None),
        ("bücher.example", "http://xn--bcher-kva.example/", "http://www.xn--bcher-kva.example/"),
    ],
)
def test_urls_asked_for_a_site(site: str, first: str, second: str | None) -> None:
    assert (sites.start_url(site), sites.www_url(site)) == (first, second)
