"""Storage at the end of a visit: each item once, of this visit alone, and the page sees nothing."""

import asyncio
import json
import time
from collections import Counter
from functools import partial
from typing import Any

import pytest

from tests.crawl.instrument.harness import Instrumented, Visit, Web, seen_page
from tests.crawl.instrument.page_files import read_page

pytestmark = [pytest.mark.firefox, pytest.mark.asyncio(loop_scope="session")]

COLUMNS = ("origin", "partition", "kind", "container", "store", "key", "value", "extra")
Item = tuple[Any, ...]


def items(visit: Visit) -> Counter[Item]:
    """Every item recorded."""
    return Counter(tuple(message.get(name) for name in COLUMNS) for message in visit.of("stored_item"))


def values(visit: Visit, kind: str) -> dict[str, str | None]:
    """Key -> value of one kind of storage."""
    found = [message for message in visit.of("stored_item") if message["kind"] == kind]
    assert len({message["key"] for message in found}) == len(found)
    return {message["key"]: message["value"] for message in found}


def gaps(visit: Visit) -> dict[str, int]:
    """Every gap, with how often."""
    return {message["name"]: message["n"] for message in visit.of("gap")}


def files(browser: Instrumented, visit: Visit) -> dict[str, int]:
    """The files in which Firefox keeps what a visit has stored, and their sizes."""
    folder = browser.firefox.folder / "profile" / "storage"
    own = f"^userContextId={visit.container_id.rpartition('-')[2]}&"
    found = [path for path in folder.glob("default/*/**/*") if own in str(path) and path.is_file()]
    return {str(path.relative_to(folder)): path.stat().st_size for path in found}


async def ended(browser: Instrumented, visit: Visit) -> Visit:
    """The visit, at its end."""
    await browser.flush(visit, 30, end=True)
    await browser.close(visit)
    return visit


async def everything(browser: Instrumented, web: Web, mark: str) -> Visit:
    """An open page that has stored something of every kind."""
    web.add("/storage/frame", read_page("storage/frame.html"))
    web.add("/storage/worker.js", "// nothing", "text/javascript")
    page = web.add("/storage/everything", read_page("storage/everything.html"))
    visit = await seen_page(browser, f"{web.base}{page}?{mark}")
    await visit.until("heard.length === 2")
    assert sorted(json.loads(await visit.run("JSON.stringify(heard)"))) == ["refused", "stored"]
    return visit


def of_everything(web: Web, mark: str) -> list[Item]:
    """What that page and its frame of another site have stored."""
    top, frame = (web.base, ""), (web.other, "http://127.0.0.1")
    worker = f"{web.base}/storage/"
    return [
        (*top, "local_storage", "", None, "local", mark, None),
        (*top, "local_storage", "", None, "blank", mark, None),
        (*top, "session_storage", "", None, "session", mark, None),
        (*top, "indexed_db", "database", "records", "key", f'{{"mark":"{mark}"}}', "3"),
        (*top, "indexed_db", "database", "empty", None, None, "3"),
        (*top, "cache", "cache", None, None, None, None),
        (*top, "service_worker", worker, None, None, None, f"{worker}worker.js"),
        (*frame, "local_storage", "", None, "framed", mark, None),
        (*frame, "session_storage", "", None, "framed", mark, None),
        (*frame, "indexed_db", "framed", "records", "1", f'["{mark}"]', "1"),
    ]


async def test_each_item_once_with_its_origin_and_partition_in_its_own_visit(
    browser: Instrumented, web: Web
) -> None:
    one, two = await everything(browser, web, "one"), await everything(browser, web, "two")
    for visit, mark in ((one, "one"), (two, "two")):
        await ended(browser, visit)
        assert items(visit) == Counter(of_everything(web, mark))
        assert {message["moment"] for message in visit.of("stored_item")} == {"end"}
        assert not visit.of("gap")


async def test_cookies_with_all_attributes(browser: Instrumented, web: Web) -> None:
    begun = time.time() * 1000
    web.add("/storage/frame", read_page("storage/frame.html"))
    frame = f"<iframe src='{web.other}/storage/frame?f'></iframe>"
    script = "<script>addEventListener('message', () => { window.done = true })</script>"
    header = "http=\u00e9; HttpOnly; Secure; SameSite=Lax; Domain=127.0.0.1"
    page = web.add("/storage/cookies", script + frame, Set_Cookie=header)
    visit = await seen_page(browser, web.base + page)
    await visit.until("window.done")
    await visit.run("document.cookie = 'gone=1'; document.cookie = 'gone=1; max-age=0'")
    await visit.run("document.cookie = 'lasting=a; path=/; max-age=1000; SameSite=Strict'")
    await ended(browser, visit)
    cookies = {message["name"]: message for message in visit.of("stored_cookie")}
    assert len(cookies) == len(visit.of("stored_cookie")) == 3
    lasting, http, framed = (cookies[name] for name in ("lasting", "http", "framed"))
    for cookie in cookies.values():
        del cookie["type"], cookie["container_id"]
        created, accessed = cookie.pop("created"), cookie.pop("last_accessed")
        for moment in (created, accessed):
            assert begun - 1000 < moment < time.time() * 1000 + 1000
    assert abs(lasting.pop("expiry") - begun - 1_000_000) < 60_000
    same = {"schemes": "http", "moment": "end", "is_partitioned": False, "first_party_domain": ""}
    assert lasting == same | {
        "host": "127.0.0.1",
        "name": "lasting",
        "value": "a",
        "path": "/",
        "is_secure": False,
        "is_http_only": False,
        "is_host_only": True,
        "same_site": "strict",
        "size": 8,
    }
    assert http == same | {
        "host": "127.0.0.1",
        "name": "http",
        "value": "\u00e9",
        "path": "/storage",
        "expiry": None,
        "is_secure": True,
        "is_http_only": True,
        "is_host_only": True,
        "same_site": "lax",
        "size": 6,
    }
    assert framed == same | {
        "host": "localhost",
        "name": "framed",
        "value": "f",
        "path": "/storage",
        "expiry": None,
        "is_secure": True,
        "is_http_only": False,
        "is_host_only": True,
        "is_partitioned": True,
        "same_site": "no_restriction",
        "first_party_domain": "http://127.0.0.1",
        "size": 7,
    }


async def test_a_page_that_stores_nothing_has_nothing_and_no_folder(browser: Instrumented, web: Web) -> None:
    web.add("/storage/none", "<script>sessionStorage.getItem('x')</script>")
    html = "<iframe srcdoc='x'></iframe><iframe src={OTHER}/storage/none></iframe>"
    html += "<script>localStorage.length</script>"
    visit = await seen_page(browser, web.base + web.add("/storage/nothing", html))
    before = files(browser, visit)
    await browser.flush(visit, end=True)
    after = files(browser, visit)
    await browser.close(visit)
    assert before == after == {}
    assert not [m for m in visit.messages if m["type"] in ("stored_item", "stored_cookie", "gap")]


async def test_storage_of_removed_frames(browser: Instrumented, web: Web) -> None:
    web.add("/storage/frame", read_page("storage/frame.html"))
    page = web.add("/storage/removed", read_page("storage/removed_frame.html"))
    visit = await seen_page(browser, web.base + page)
    await visit.until("removed")
    before = await visit.run("lengths()")
    await browser.flush(visit, end=True)
    after = await visit.run("lengths()")
    await browser.close(visit)
    assert before == after
    partition = (web.other, "http://127.0.0.1")
    assert items(visit) == Counter(
        [
            (web.base, "", "local_storage", "", None, "framed", "same", None),
            (web.base, "", "session_storage", "", None, "framed", "same", None),
            (web.base, "", "indexed_db", "framed", "records", "1", '["same"]', "1"),
            # Its session storage cannot be read any more: see docs/explanation/not-covered.md.
            (*partition, "local_storage", "", None, "framed", "other", None),
            (*partition, "indexed_db", "framed", "records", "1", '["other"]', "1"),
        ]
    )


async def test_the_page_sees_nothing(browser: Instrumented, web: Web) -> None:
    page = web.add("/storage/unseen", read_page("storage/unseen.html"))
    visit = await seen_page(browser, web.base + page)
    await visit.until("connection !== null")
    async with asyncio.timeout(30):  # until Firefox has written its log into the database
        while any(size for name, size in files(browser, visit).items() if name.endswith("-wal")):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    before, files_before = await visit.run("state()"), files(browser, visit)
    await browser.flush(visit, end=True)
    after, files_after = await visit.run("state()"), files(browser, visit)
    upgraded = await visit.run("upgraded()")
    await browser.close(visit)
    assert (before, files_before) == (after, files_after)
    assert json.loads(after)[0] == [] and upgraded == "upgraded"
    assert len(visit.of("stored_item")) == 2 and files_after


async def test_databases_that_a_page_is_busy_with(browser: Instrumented, web: Web) -> None:
    page = web.add("/storage/upgrading", read_page("storage/upgrading.html"))
    visit = await seen_page(browser, web.base + page)
    await visit.until("state === 'held' && busy.readyState === 'done' && free.readyState === 'done'")
    await browser.flush(visit, end=True)
    held = await visit.run("state")
    await visit.run("released = true")
    await visit.until("state === 'open'")
    await browser.close(visit)
    assert held == "held"
    assert values(visit, "local_storage") == {"beside": "there"}
    found = [tuple(m.get(name) for name in COLUMNS[3:]) for m in visit.of("stored_item")]
    assert sorted(found[1:], key=str) == [
        ("busy", "records", None, None, "1"),
        ("free", "records", "1", "1", "1"),
        ("held", None, None, None, "1"),
    ]
    assert gaps(visit) == {"storage not read in time": 2}


async def test_limits_of_a_visit(browser: Instrumented, web: Web) -> None:
    neighbour = await everything(browser, web, "beside")
    page = web.add("/storage/full", read_page("storage/full.html", ITEMS=12_000, DATABASES=9, RECORDS=1))
    visit = await seen_page(browser, web.base + page)
    await visit.until("done")
    await asyncio.gather(ended(browser, visit), ended(browser, neighbour))
    assert items(neighbour) == Counter(of_everything(web, "beside"))
    found = Counter(message["kind"] for message in visit.of("stored_item"))
    assert found == {"local_storage": 10_000}
    large = [m for m in visit.of("stored_item") if m["key"] == "large"]
    assert [(len(m["value"]), m["value_len"]) for m in large] in ([], [(65_536, 2**20)])
    assert gaps(visit) == {"stored items over the limit": 2_001 + 9}


async def test_large_databases_are_recorded_without_values(browser: Instrumented, web: Web) -> None:
    html = read_page("storage/full.html", ITEMS=9, DATABASES=1, RECORDS=9)
    visit = await seen_page(browser, web.base + web.add("/storage/large", html))
    await visit.until("done")
    await ended(browser, visit)
    assert values(visit, "indexed_db") == {str(i): None for i in range(9)}
    assert len(values(visit, "local_storage")) == 10
    large = [m for m in visit.of("stored_item") if m["key"] == "large"]
    assert [(len(m["value"]), m["value_len"]) for m in large] == [(65_536, 2**20)]
    assert gaps(visit) == {"stored values over the limit": 9}


async def test_keys_and_values_of_every_kind(browser: Instrumented, web: Web) -> None:
    page = web.add("/storage/values", read_page("storage/values.html"))
    visit = await seen_page(browser, web.base + page)
    await visit.until("done")
    await ended(browser, visit)
    assert values(visit, "local_storage") == {
        "nul\0 \ud800": "\udfff\0",
        "__proto__": "own",
        "long": "x" * 65_536,
    }
    assert {(m["container"], m["store"]) for m in visit.of("stored_item") if m["kind"] == "indexed_db"} == {
        ("\0 database", "\ud800")
    }
    assert values(visit, "indexed_db") == {
        "text\0\ud800": "as it is \0\udfff",
        "1.5": "0",
        '"-Infinity"': '"NaN"',
        '"1970-01-01T00:00:00.000Z"': '"1970-01-01T00:00:00.001Z"',
        '{"type":"ArrayBuffer","byteLength":3,"base64":"AQL/"}': (
            '{"type":"Uint16Array","byteLength":4,"base64":"AQAAAQ=="}'
        ),
        '["a",[2,{"type":"ArrayBuffer","byteLength":0,"base64":""}]]': "[null,null,true]",
        "plain": '{"a":{"b":[1,"c"]}}',
        "cycle": '{"toJSON":1,"name":"n","self":"object"}',
        "map": '{"type":"Map","entries":[[{"a":1},{"type":"Set","values":["2"]}]]}',
        "blob": '{"type":"Blob","size":3,"mime":"text/x"}',
        "error": '"TypeError: wrong"',
        "pattern": '"/a/g"',
        "boxed": '["s",1,false]',
        "null": "null",
    }
    assert gaps(visit) == {"files of an origin not read": 1}


async def test_a_page_that_hangs_has_all_but_its_session_storage(browser: Instrumented, web: Web) -> None:
    html = """<script>
      localStorage.setItem("local", "1");
      sessionStorage.setItem("session", "1");
      document.cookie = "cookie=1";
      function hang() { setTimeout(() => { const end = Date.now() + 5000; while (Date.now() < end); }) }
    </script>"""
    visit = await seen_page(browser, web.base + web.add("/storage/hangs", html))
    await visit.run("hang()")
    await browser._realms.flush_requests(visit.container_id, end=True)
    await browser.close(visit)
    assert [m["key"] for m in visit.of("stored_item")] == ["local"]
    assert [m["name"] for m in visit.of("stored_cookie")] == ["cookie"]
    assert gaps(visit) == {"storage not read in time": 1}


async def test_a_process_cannot_answer_for_the_windows_of_another(browser: Instrumented, web: Web) -> None:
    forger = await seen_page(browser, web.base + web.add("/storage/forger", "<p>forger"))
    visit = await everything(browser, web, "true")
    numbers = [one.container_id.rpartition("-")[2] for one in (forger, visit)]
    begin = read_page("storage/forged_answers.js").removesuffix(";")
    await browser.parent.call(begin, browser.name, *numbers)
    # The process of the visit is late, so that the other could be first.
    await visit.run("setTimeout(() => { const end = Date.now() + 1000; while (Date.now() < end); })")
    await browser._realms.flush_requests(visit.container_id, end=True)
    await browser.close(visit)
    await browser.close(forger)
    assert items(visit) == Counter(of_everything(web, "true"))
    assert not visit.of("gap")


async def test_a_second_end_of_a_visit_waits_for_the_first(browser: Instrumented, web: Web) -> None:
    """As when the page closes its window while its storage is read."""
    page = web.add("/storage/twice", "<!doctype html><script>localStorage.a = 1</script>")
    visit = await seen_page(browser, web.base + page)
    end = partial(browser._realms.flush_requests, visit.container_id, end=True)
    first, second = asyncio.create_task(end()), asyncio.create_task(end())
    await second
    assert values(visit, "local_storage") == {"a": "1"}
    await first
    await browser.close(visit)
    assert len(visit.of("stored_item")) == 1
