"""How a visit of OpenWPM ended, in our words."""

from typing import Any

from overscripted.crawl.openwpm.page import Page
from overscripted.lists import challenges
from overscripted.outcomes import Outcome

# Words of Selenium's errors after the browser, or the process of its page, has died.
_DEATHS = (
    "without establishing a connection",
    "failed to decode response from marionette",
    "connection refused",
    "invalidsessionidexception",
    "nosuchwindowexception",
    "browsing context has been discarded",
)


def judge(visit: dict[str, Any], page: Page) -> tuple[Outcome, str, str]:
    """The outcome, the error, and the name of the rule for challenges that fired, from the imported visit.

    OpenWPM marks whole visits as incomplete; the importer's outcome looks at the commands instead.
    """
    told, error = str(visit.get("outcome", "")), str(visit.get("error") or "")
    if told == Outcome.COMPLETE:
        if rule := challenges.fired(page.seen()):
            return Outcome.CHALLENGE, f"{rule.vendor}: {rule.what}", rule.name
        if page.status is not None and page.status >= 400:
            return Outcome.HTTP_ERROR, error, ""
        return Outcome.COMPLETE, error, ""
    if told == Outcome.TIMEOUT:
        return Outcome.TIMEOUT, "OpenWPM ended its command for the page, which took too long", ""
    if told == Outcome.NET_ERROR:
        return Outcome.NET_ERROR, error, ""
    if any(words in error.lower() for words in _DEATHS):
        return Outcome.CRASHED, error, ""
    return Outcome.FAILED, error or "OpenWPM did not finish the visit", ""
