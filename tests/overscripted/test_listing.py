"""Every list of sites, seeds and URLs is read by one reader, however it was written."""

import gzip
import json
import zipfile
from pathlib import Path

import pytest

from overscripted import listing
from overscripted.crawl.frontier import seeds
from overscripted.precrawl import sites

URLS = ["https://a.example/x", "http://b.example/?q=1,2"]


def written(path: Path, data: bytes | str) -> Path:
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


PLAIN = "# mine\n\n" + "".join(f"{url}\n" for url in URLS)
LISTS = {
    "plain": PLAIN.encode(),
    "carriage returns": PLAIN.replace("\n", "\r\n").encode(),
    "old carriage returns": PLAIN.replace("\n", "\r").encode(),
    "mark": PLAIN.encode("utf-8-sig"),
    "UTF-16": PLAIN.encode("utf-16"),
    "UTF-16 of the other order": ("\ufeff" + PLAIN).encode("utf-16-be"),
    "UTF-16 without a mark": PLAIN.encode("utf-16-le"),
    "packed": gzip.compress(PLAIN.encode("utf-8-sig")),
    "packed UTF-16": gzip.compress(PLAIN.encode("utf-16")),
    "ranked": "".join(f'{n},"{url}"\n' for n, url in enumerate(URLS, 1)).encode(),
    "rank behind": "".join(f'"{url}",{n}000\n' for n, url in enumerate(URLS, 1)).encode(),
    "named columns": b"origin,rank\n" + "".join(f'"{url}",1000\n' for url in URLS).encode(),
    "one named column": "".join(f"{line}\n" for line in ["url", *URLS]).encode(),
    "tabs": "".join(f"{n}\t{url}\n" for n, url in enumerate(URLS, 1)).encode(),
    "quoted": "".join(f'"{url}"\n' for url in URLS).encode(),
    "JSON lines": "".join(json.dumps({"id": 1, "url": url}) + "\n" for url in URLS).encode(),
}


@pytest.mark.parametrize("kind", LISTS)
def test_sites_and_seeds_are_the_same_in_any_list(tmp_path: Path, kind: str) -> None:
    path = written(tmp_path / "list", LISTS[kind])
    assert [seed.url for seed in seeds.of_file(str(path))] == URLS
    assert [site for _, site in sites.read(path)] == URLS


def test_hosts_become_first_pages(tmp_path: Path) -> None:
    hosts = ["a.example", "bücher.example:8080", "1.2.3.4"]
    for number, text in enumerate(("".join(f"{host}\n" for host in hosts), "1,a.example\n2,b.example\n")):
        path = written(tmp_path / f"{number}.txt", text)
        assert next(seeds.of_file(str(path))).url == "http://a.example/"
        assert next(sites.read(path))[1] == "a.example"
    path = written(
        tmp_path / "hosts", "127.0.0.1 localhost\n0.0.0.0 a.example b.example # ads\n::1 ip6-loopback\n"
    )
    assert [seed.url for seed in seeds.of_file(str(path))] == ["http://a.example/", "http://b.example/"]


def test_ranks_are_kept(tmp_path: Path) -> None:
    path = written(tmp_path / "list", 'rank;site\n7;a.example\n"9";"b.example"\n')
    assert list(sites.read(path)) == [(7, "a.example"), (9, "b.example")]


def test_urls_keep_their_commas_and_what_is_no_url_stays(tmp_path: Path) -> None:
    lines = [
        "https://a.example/1,2,x",
        "https://a.example/,",
        "ftp://b.example/",
        "nonsense",
        "two words",
        "a,b",
    ]
    path = written(tmp_path / "list", "".join(f"{line}\n" for line in lines).encode() + b"caf\xe9\n")
    assert [seed.url for seed in seeds.of_file(str(path))] == [*lines, "caf\ufffd"]


def test_a_zip_of_two_is_named_and_its_name_does_not_matter(tmp_path: Path) -> None:
    for names in (["one"], ["one", "two"]):
        path = tmp_path / f"{len(names)}.csv"
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.writestr(name, "a.example\n")
        if len(names) == 1:
            assert [entry.text for entry in listing.read(path, "--sites")] == ["a.example"]
            continue
        with pytest.raises(listing.InputError, match="holds 2 files"):
            list(listing.read(path, "--sites"))


@pytest.mark.parametrize("site", [".", "..", "*.example.com", "*", "xn--a.com"])
def test_what_no_browser_can_visit_is_no_site(tmp_path: Path, site: str) -> None:
    with pytest.raises(listing.InputError, match="line 2"):
        list(sites.read(written(tmp_path / "list", f"a.example\n{site}\n")))
