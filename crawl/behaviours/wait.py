"""The behaviour ``wait=SECONDS``: do nothing for a while, for example between two others."""

import asyncio

from overscripted.crawl import settings
from overscripted.crawl.behaviours.behaviour import Behaviour
from overscripted.crawl.behaviours.page import Page


async def wait(page: Page, argument: str) -> None:
    """Wait for ``argument`` seconds."""
    await asyncio.sleep(float(argument))


def _accepts(argument: str) -> bool:
    try:
        return 0 < float(argument) <= settings.DAY_S
    except ValueError:
        return False


WAIT = Behaviour("wait", wait, settings.DAY_S, _accepts, "a number of seconds")
