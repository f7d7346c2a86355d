"""What is typed into forms, with exact truth: fields, values, what pages send, no submit."""

import hashlib
import json
from base64 import b64encode
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import pytest
import pytest_asyncio

from overscripted import tokens
from overscripted.crawl import settings
from overscripted.crawl.frontier.queue import Frontier, Seed
from overscripted.crawl.instrument import settings as instrument_settings
from overscripted.crawl.settings import Options
from overscripted.crawl.worker import Worker
from overscripted.progress import Work
from overscripted.run import Run
from tests.crawl.raw import Raw, Row, table
from tests.crawl.web import Web

pytestmark = [pytest.mark.firefox, pytest.mark.usefixtures("firefox")]

KEPT = "frames many submits unruly".split()


class Crawled:
    """A crawl of all pages at once, in one Firefox."""

    def __init__(self, web: Web, raw: Raw) -> None:
        self.web, self.raw = web, raw
        self.contents = {row["sha256"]: row["content"] for row in table(raw.run, "contents")}

    def url(self, name: str, mark: str = "") -> str:
        mark = mark or name
        third = quote(self.web.other, safe="")
        return f"{self.web.base}/pages/forms-{name}.html?mark={mark}&third={third}"

    def values(self, url: str) -> dict[str, str]:
        visit = self.raw.visits[url]
        return tokens.values(visit["crawl_id"], visit["visit_id"])

    def rows(self, url: str, action: str = "fill") -> list[Row]:
        rows = sorted(self.raw.of("actions", url), key=lambda row: row["ordinal"])
        return [row | json.loads(row["detail"]) for row in rows if row["action"] == action]

    def sent(self, url: str) -> list[tuple[str, Any]]:
        """What the page sent by POST of its fields: the address without its origin, the value."""
        addresses = {(row["request_id"]): row["url"] for row in self.raw.of("requests", url)}
        found = []
        for row in self.raw.of("request_bodies", url):
            mark = addresses[row["request_id"]].partition("=")[2]
            if mark in ("plain", "hashed", "recorded") or "-" in mark:
                found.append((mark, json.loads(self.contents[row["sha256"]])))
        return sorted(found, key=lambda pair: pair[0])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def crawled(small_web: Web, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Crawled]:
    folder = tmp_path_factory.mktemp("forms")
    run = Run.open(folder / "run", create=True)
    frontier = Frontier(f"sqlite:///{folder}/frontier.sqlite", run.crawl_id)
    of = Crawled(small_web, Raw(str(folder / "run")))
    acting = [of.url(name) for name in KEPT] + [of.url("leaks", mark) for mark in ("one", "two")]
    frontier.add([*(Seed(url, "forms") for url in [*acting, of.url("loops")]), of.url("leaks", "silent")])
    options = Options(dwell_s=35.0, windows=9, per_domain=9, allow_private=True, retries=0)
    with pytest.MonkeyPatch.context() as patch, Work("crawl", 9) as work:
        for name in ("STEP", "REST", "DOWN", "KEY"):
            patch.setattr(settings, f"INPUT_{name}_S", 0.005)
        patch.setattr(settings, "PROCESS_CPU_S", 8.0)
        patch.setattr(settings, "FORM_REACT_S", 0.3)
        patch.setattr(settings, "FORM_FIELDS", 8)
        patch.setattr(settings, "FLUSH_TIMEOUT_S", 3.0)
        patch.setattr(settings, "LAST_FLUSH_S", 1.0)
        await Worker(run.store, frontier, options, instrument_settings.resolve("default"), work).run()
    frontier.close()
    yield Crawled(small_web, Raw(str(folder / "run")))


def test_every_field_gets_its_value_and_near_misses_nothing(crawled: Crawled) -> None:
    url = crawled.url("leaks", "one")
    values = crawled.values(url)
    rows = crawled.rows(url)
    assert [(row["target"], row["kind"], row["known_by"], row["outcome"]) for row in rows] == [
        ("input[name=m]", "email", "words", "done"),
        ("input[name=full_name]", "name", "words", "done"),
        ("input[name=phone]", "phone", "words", "done"),
        ("input[name=secret]", "password", "type", "done"),
        ("input#c[name=c]", "card", "words", "done"),
        ("input[name=words]", "search", "type", "done"),
        ("input[name=short_name]", "name", "words", "failed"),
    ]
    assert {row["kind"]: row["value"] for row in rows} == values
    assert [(row["as_typed"], row["emptied"], row["submits"]) for row in rows[:6]] == [(True, True, 0)] * 6
    assert {row["frame_url"] for row in rows} == {url}
    (found,) = crawled.rows(url, "find")
    assert found["outcome"] == "done" and found["more"] == 0
    assert found["skipped"] == {
        "hidden": 5,
        "read-only": 1,
        "disabled": 1,
        "not empty": 1,
        "for something else": 3,
    }
    told = crawled.web.told["one"]
    assert told["touched"] == ["m", "full_name", "phone", "secret", "c", "words"]
    assert (told["untrusted"], told["entered"], told["submits"]) == (0, 0, 0)
    assert told["left"] == {"full_email": "somebody", "email_news": "on"}


@pytest.mark.parametrize("mark", ["one", "two"])
def test_what_a_page_sends_has_the_values_of_its_own_visit_alone(crawled: Crawled, mark: str) -> None:
    url = crawled.url("leaks", mark)
    values = crawled.values(url)
    password = values["password"]
    assert crawled.sent(url) == [
        ("hashed", hashlib.sha256(values["email"].encode()).hexdigest()),
        ("plain", values["email"]),
        ("recorded", [password[:n] for n in range(1, len(password) + 1)]),
    ]
    pixels = [row["url"] for row in crawled.raw.of("requests", url) if "/shows?" in row["url"]]
    assert pixels == [f"{crawled.web.other}/shows?html={b64encode(values['name'].encode()).decode()}"]
    messages = [row["data"] for row in crawled.raw.of("websocket_messages", url) if row["opcode"] == "text"]
    assert messages == [values["phone"]]


def test_values_of_two_visits_never_mix(crawled: Crawled) -> None:
    one, two = (crawled.url("leaks", mark) for mark in ("one", "two"))
    for url, other in ((one, two), (two, one)):
        theirs = crawled.values(other)
        everything = json.dumps([crawled.raw.of(name, url) for name in ("requests", "actions")], default=str)
        everything += json.dumps(crawled.sent(url))
        assert not [kind for kind in ("email", "name", "password", "search") if theirs[kind] in everything]


def test_nothing_is_typed_without_the_behaviour(crawled: Crawled) -> None:
    url = crawled.url("leaks", "silent")
    assert crawled.raw.of("actions", url) == [] and crawled.sent(url) == []
    assert crawled.web.told["silent"]["touched"] == []


def test_fields_in_frames_of_other_sites_and_in_shadow_trees(crawled: Crawled) -> None:
    url = crawled.url("frames")
    values = crawled.values(url)
    inner = f"{crawled.web.other}/pages/forms-frame.html?inner"
    rows = [(row["target"], row["frame_url"], row["kind"], row["outcome"]) for row in crawled.rows(url)]
    assert rows == [
        ("div#open / input[name=q]", url, "search", "done"),
        ("div#closed / section / input", url, "password", "done"),
        ("input[name=email]", inner, "email", "done"),
        ("input[name=email]", inner.replace("inner", "covered"), "email", "failed"),
    ]
    assert crawled.rows(url)[3]["error"] == "something is in front of it"
    assert crawled.sent(url) == [
        ("frame-inner", values["email"]),
        ("shadow-closed", values["password"]),
        ("shadow-open", values["search"]),
    ]


def test_forms_that_submit_themselves_are_kept_back_and_told(crawled: Crawled) -> None:
    url = crawled.url("submits")
    assert [(row["kind"], row["outcome"], row["submits"]) for row in crawled.rows(url)] == [
        ("email", "blocked", 2),  # a change when it is left, and one when it is left empty
        ("name", "blocked", 2),
    ]
    assert not [path for path in crawled.web.asked if path.startswith("/submitted")]
    assert crawled.raw.visits[url]["final_url"] == url
    assert crawled.web.told["submits"]["left"] == {}


def test_fields_that_misbehave(crawled: Crawled) -> None:
    url = crawled.url("unruly")
    values = crawled.values(url)
    rows = {row["kind"]: (row["outcome"], row.get("error")) for row in crawled.rows(url)}
    assert rows == {
        "email": ("failed", "it is gone"),
        "name": ("done", None),
        "phone": ("failed", "it does not take the focus"),
        "search": ("done", None),
        "password": ("failed", "something is in front of it"),
    }
    (search,) = [row for row in crawled.rows(url) if row["kind"] == "search"]
    assert not search["as_typed"] and search["emptied"] and search["value"] == values["search"]
    assert crawled.web.told["unruly"]["left"] == {}


def test_of_very_many_fields_some_are_filled_and_all_are_told(crawled: Crawled) -> None:
    url = crawled.url("many")
    (found,) = crawled.rows(url, "find")
    assert (found["outcome"], found["fields"], found["more"]) == ("cut", {"email": 100}, 9900)
    rows = crawled.rows(url)
    assert len(rows) == 100 and {row["outcome"] for row in rows} == {"done", "cut"}
    done = [row for row in rows if row["outcome"] == "done"]
    assert 0 < len(done) <= 8 and rows[: len(done)] == done
    cut = [row for row in rows if row["outcome"] == "cut" and "value" in row]
    assert len(cut) <= 1  # the field in which something was typed when the time was over


def test_a_page_in_a_loop_costs_its_own_visit_alone(crawled: Crawled) -> None:
    outcomes = crawled.raw.outcomes()
    assert outcomes.pop(crawled.url("loops")) == "hung"
    assert set(outcomes.values()) == {"complete"} and len(outcomes) == 7
    rows = crawled.rows(crawled.url("loops"))
    assert [(row["kind"], row["outcome"]) for row in rows] == [("email", "cut"), ("name", "cut")]
