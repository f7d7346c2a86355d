"""Consent platforms are found and answered as asked, beside the page, and trackers follow the choice."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import pytest_asyncio

from overscripted.crawl.behaviours import plan
from overscripted.crawl.frontier.queue import Frontier, Seed
from overscripted.crawl.instrument import settings as instrument_settings
from overscripted.crawl.settings import Options
from overscripted.crawl.worker import Worker
from overscripted.errors import InputError, UserError
from overscripted.progress import Work
from overscripted.run import Run
from tests.crawl.behaviours.consent_web import ConsentWeb
from tests.crawl.raw import Raw

pytestmark = [pytest.mark.firefox, pytest.mark.asyncio(loop_scope="module")]

PLATFORMS = {
    # page -> name of the rule, its source, whether the banner is in a frame
    "cookieconsent": ("cookieconsent3", "autoconsent", False),
    "tarteaucitron": ("tarteaucitron deny", "autoconsent", False),
    "cookiebot": ("Cybotcookiebot", "autoconsent", False),
    "sourcepoint": ("Sourcepoint-frame", "autoconsent", True),
    "onetrust": ("Onetrust", "autoconsent", False),
    "unknown": ("HEURISTIC-REJECT", "heuristic", False),
}
CLICKED = {  # to accept, to reject
    "cookieconsent": (".cm__btn[data-role=all]", ".cm__btn[data-role=necessary]"),
    "tarteaucitron": ("#tarteaucitronPersonalize2", "#tarteaucitronAllDenied2"),
    "cookiebot": (
        "#CybotCookiebotDialogBodyButtonAccept",
        "#CybotCookiebotDialogBodyLevelButtonLevelOptinDeclineAll",
    ),
    "sourcepoint": (".sp_choice_type_11", ".sp_choice_type_13"),
    "onetrust": (
        "#onetrust-accept-btn-handler,#accept-recommended-btn-handler,.js-accept-cookies",
        "#onetrust-reject-all-handler",
    ),
    "unknown": ("Accept all", "no"),
}
CHOICES = ("accept", "reject", "detect")
OTHERS = ("plain", "newsletter", "hostile", "stuck", "covered", "again")


class Visits:
    """The records of one crawl of the web's pages: each platform with each choice, and pages without one."""

    def __init__(self, site: ConsentWeb, raw: Raw) -> None:
        self.site, self.raw = site, raw

    def actions(self, name: str, choice: str) -> list[dict[str, Any]]:
        rows = self.raw.of("actions", self.site.page(name, choice))
        return sorted(rows, key=lambda row: row["ordinal"])

    def consents(self, name: str, choice: str) -> list[dict[str, Any]]:
        rows = self.raw.of("consents", self.site.page(name, choice))
        return sorted(rows, key=lambda row: row["time_stamp"])

    def told(self, name: str, choice: str) -> dict[str, Any]:
        told: dict[str, Any] = self.site.told[self.site.page(name, choice).partition("?")[2]]
        return told


@pytest.fixture(scope="module")
def site() -> Iterator[ConsentWeb]:
    try:
        with ConsentWeb() as web:
            yield web
    except UserError as missing:
        pytest.skip(f"npm cannot be had: {missing}")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def visits(site: ConsentWeb, firefox: None, tmp_path_factory: pytest.TempPathFactory) -> Visits:
    folder = tmp_path_factory.mktemp("consent")
    run = Run.open(folder / "run", create=True)
    frontier = Frontier(f"sqlite:///{folder}/frontier.sqlite", run.crawl_id)
    seeds = [Seed(site.page(name, choice), f"consent={choice}") for name in PLATFORMS for choice in CHOICES]
    seeds += [Seed(site.page(name, "reject"), "consent=reject") for name in OTHERS]
    seeds += [
        Seed(site.page("newsletter", "accept"), "consent=accept"),
        Seed(site.page("onetrust", "silent")),
    ]
    frontier.add(seeds)
    options = Options(dwell_s=20.0, windows=11, allow_private=True, retries=0, per_domain=0)
    with Work("crawl", len(seeds)) as work:
        await Worker(run.store, frontier, options, instrument_settings.resolve("default"), work).run()
    frontier.close()
    return Visits(site, Raw(str(folder / "run")))


@pytest.mark.parametrize("text", ["consent", "consent=maybe"])
async def test_a_wrong_choice_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(InputError) as refused:
        plan.parse(text)
    assert "consent takes accept or reject or detect" in str(refused.value)


@pytest.mark.parametrize("name", PLATFORMS)
@pytest.mark.parametrize("choice", CHOICES)
async def test_a_platform_is_answered_as_asked(visits: Visits, name: str, choice: str) -> None:
    platform, source, frame = PLATFORMS[name]
    rows = visits.actions(name, choice)
    found = {"source": source, "banner": True, "cosmetic": False}
    expected = [("detect", platform, "done"), ("step", f"consent={choice}", "done")]
    if choice != "detect":
        target = CLICKED[name][choice == "reject"]
        expected[1:1] = [("click", target, "done"), (choice, platform, "done")]
        if rows[2]["action"] == "click" and name == "tarteaucitron":  # it did not listen yet
            del rows[2]
    assert [(row["action"], row["target"], row["outcome"]) for row in rows] == expected, [
        row["detail"] for row in rows
    ]
    assert json.loads(rows[0]["detail"]) == found
    url = f"{visits.site.other}/index.html?message_id=1" if frame else visits.site.page(name, choice)
    assert [row["frame_url"] for row in rows] == [*[url] * (len(rows) - 1), ""]
    if choice != "detect":
        clicked, answered = (json.loads(row["detail"]) for row in rows[1:3])
        if name in ("sourcepoint", "unknown"):  # whether the frame can still report its click is chance
            assert clicked in ({"document_went": True}, {"trusted": True})
            assert answered == {"document_went": True}
        else:
            tested = True if choice == "reject" else None
            how = {"reported": True, "gone": True, "selfTest": tested}
            assert clicked == {"trusted": True}
            assert answered == how | {name: answered[name] for name in ("clicks", "trusted")}
            assert answered["trusted"] == answered["clicks"] >= 1
    assert visits.site.tracked(name, choice) == (choice == "accept")
    moments = [(row["moment"], row["choice"], row["platform"]) for row in visits.consents(name, choice)]
    after = [] if choice == "detect" else [("after", choice, platform)]
    assert moments == [("before", "", ""), *after]


async def test_clicks_are_a_persons_also_in_a_frame_of_another_site(visits: Visits) -> None:
    assert visits.site.asked["/clicked?accept=true"] == visits.site.asked["/clicked?reject=true"] == 1
    assert visits.told("onetrust", "accept")["clicks"] == [True]


async def test_the_strings_before_and_after_the_choice(visits: Visits) -> None:
    columns = ("tcf", "tcf_answer", "gpp", "gpp_answer", "usp", "usp_answer")

    def strings(name: str, choice: str) -> list[tuple[str, ...]]:
        return [tuple(row[column] for column in columns) for row in visits.consents(name, choice)]

    before = ("tcf-none", "answered", "gpp-none", "answered", "1YNN", "answered")
    for choice in ("accept", "reject"):
        after = (f"tcf-{choice}", "answered", f"gpp-{choice}", "answered", "1YNN", "answered")
        assert strings("onetrust", choice) == [before, after]
    assert strings("plain", "reject") == [("", "absent") * 3]
    cookie = ("of-the-cookie", "cookie", "", "absent", "", "absent")
    assert strings("unknown", "accept") == [("", "absent") * 3, cookie]
    assert strings("hostile", "reject") == [("", "silent", "", "threw", "1" * 10_000, "answered")]


@pytest.mark.parametrize(
    ("name", "choice"),
    [("plain", "reject"), ("newsletter", "reject"), ("newsletter", "accept"), ("hostile", "reject")],
)
async def test_a_page_without_a_consent_platform_is_left_alone(
    visits: Visits, name: str, choice: str
) -> None:
    rows = visits.actions(name, choice)
    assert [(row["action"], row["target"], row["outcome"], row["detail"]) for row in rows] == [
        ("detect", "", "nothing", "{}"),
        ("step", f"consent={choice}", "done", "{}"),
    ]
    assert not [path for path in visits.site.asked if path.startswith(f"/clicked?{name}")]
    assert len(visits.consents(name, choice)) == 1


async def test_a_banner_that_stays_is_told(visits: Visits) -> None:
    _, *clicked, answered, _ = visits.actions("stuck", "reject")
    assert [(row["action"], row["detail"]) for row in clicked] == [("click", '{"trusted": true}')] * 2
    assert (answered["action"], answered["target"], answered["outcome"]) == ("reject", "Onetrust", "failed")
    detail = json.loads(answered["detail"])
    assert (detail["reported"], detail["gone"], detail["clicks"]) == (True, False, 2)


async def test_a_banner_that_comes_again_after_each_choice_is_told(visits: Visits) -> None:
    rows = [row for row in visits.actions("again", "reject") if row["action"] != "click"]
    found = ("detect", "Onetrust", "done")
    assert [(row["action"], row["target"], row["outcome"]) for row in rows] == [
        *[found] * 3,
        ("reject", "Onetrust", "failed"),
        ("step", "consent=reject", "done"),
    ]
    assert json.loads(rows[3]["detail"]) == {"error": "the banner comes again after each choice"}


async def test_a_button_that_a_mouse_cannot_reach_is_clicked_by_its_method(visits: Visits) -> None:
    _, clicked, answered, _ = visits.actions("covered", "reject")
    assert (clicked["action"], clicked["detail"]) == ("click", '{"trusted": false}')
    assert (answered["target"], answered["outcome"]) == ("Onetrust", "done")
    assert json.loads(answered["detail"])["trusted"] == 0


async def test_a_page_sees_nothing_but_clicks_and_questions_to_its_platform(visits: Visits) -> None:
    silent = visits.told("onetrust", "silent")
    assert (silent["called"], silent["callbacks"], silent["clicks"]) == ([], [], [])
    for choice in CHOICES:
        told = visits.told("onetrust", choice)
        asked = 1 if choice == "detect" else 2
        assert told.pop("callbacks") == ["function() {\n    [native code]\n}"] * asked
        assert told.pop("stacks") == ["asked < window.__tcfapi"] * asked  # the stack has no function of ours
        assert told.pop("clicks") == [True] * (asked - 1)
        assert told == {name: silent[name] for name in ("called", "nodes", "globals")}
    assert not visits.actions("onetrust", "silent") and not visits.consents("onetrust", "silent")


async def test_nothing_of_it_is_recorded_as_a_call_of_the_page(visits: Visits) -> None:
    def calls(choice: str) -> set[tuple[Any, ...]]:
        url = visits.site.page("onetrust", choice)
        names = ("symbol", "script_url", "script_line", "script_col", "by_browser")
        found = [[row[name] for name in names] for row in visits.raw.of("calls", url)]
        return {(symbol, at.replace(url, ""), *where) for symbol, at, *where in found}

    assert calls("detect") == calls("reject") == calls("silent") != set()
    for name in PLATFORMS:
        for choice in CHOICES:
            url = visits.site.page(name, choice)
            assert not visits.raw.of("console", url) and not visits.raw.of("mixed_content", url)


async def test_every_visit_is_complete(visits: Visits) -> None:
    assert set(visits.raw.outcomes().values()) == {"complete"}
    visits.raw.check()
