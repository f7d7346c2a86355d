"""The behaviour ``mouse``: move the mouse over the page, and rest on links, buttons and pictures."""

import asyncio

from overscripted.crawl import settings
from overscripted.crawl.behaviours.behaviour import Behaviour
from overscripted.crawl.behaviours.page import Page, Place
from overscripted.crawl.javascript import function

_PLACES = function("placesOfWindow", "js/beside_page/places.js")


async def mouse(page: Page, _: str) -> None:
    """Move to places of the window in random order, and rest on each for a moment."""
    found = await page.evaluate(_PLACES, settings.MOUSE_LOOKS)
    places = [Place(int(x), int(y), str(name)) for x, y, name in found]
    page.random.shuffle(places)
    width, height = await page.size()
    between = [Place(page.random.randrange(width), page.random.randrange(height), "page") for _ in range(2)]
    for place in [between[0], *places[: settings.MOUSE_PLACES], between[1]]:
        await page.move(place)
        await asyncio.sleep(page.random.uniform(0.5, 1.5) * settings.MOUSE_REST_S)


MOUSE = Behaviour("mouse", mouse, settings.MOUSE_S)
