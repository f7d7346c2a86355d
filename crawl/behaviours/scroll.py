"""The behaviour ``scroll``: scroll to the end of the page as a reader does: what loads late then loads."""

import asyncio

from overscripted.crawl import settings
from overscripted.crawl.behaviours.behaviour import Behaviour
from overscripted.crawl.behaviours.page import Page


async def scroll(page: Page, argument: str) -> None:
    """Scroll by most of a window at a time until the page ends. A page that grows for ever is left."""
    _, height = await page.size()
    at_end = 0
    for _ in range(settings.SCROLL_STEPS):
        scrolled = await page.scroll(round(height * page.random.uniform(0.6, 0.9)))
        await asyncio.sleep(page.random.uniform(0.5, 1.5) * settings.SCROLL_REST_S)
        at_end = at_end + 1 if scrolled.at_end and not scrolled.moved else 0
        if at_end == settings.SCROLL_LOOKS:  # what is added at the end needs a moment to come
            return
    page.record("scroll", "the page has no end", "cut")


SCROLL = Behaviour("scroll", scroll, settings.SCROLL_S)
