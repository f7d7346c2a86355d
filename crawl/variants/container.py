"""Sets up a container for the visits of a variant, before its first page.

Firefox emulates these settings for a whole container: in its documents, frames and workers, and in its
requests. Commands: https://w3c.github.io/webdriver-bidi/.
"""

import json
from typing import Any

from overscripted.crawl import settings
from overscripted.crawl.firefox.bidi import Bidi, BidiError
from overscripted.crawl.variants.variant import Screen, Variant
from overscripted.errors import InputError

_REFUSALS = ("invalid argument", "unsupported operation")  # codes of the protocol


async def set_up(bidi: Bidi, user_context: str, variant: Variant, contact: str) -> None:
    """Give a container the settings of a variant. ``contact`` is added to its User-Agent.

    Raises InputError where Firefox refuses one, BidiError, BidiClosed or TimeoutError where it fails.
    """
    commands: list[tuple[str, dict[str, Any]]] = []
    if variant.locale:
        commands.append(("emulation.setLocaleOverride", {"locale": variant.locale}))
    if variant.timezone:
        commands.append(("emulation.setTimezoneOverride", {"timezone": variant.timezone}))
    if variant.user_agent:
        user_agent = f"{variant.user_agent} (+{contact})" if contact else variant.user_agent
        commands.append(("emulation.setUserAgentOverride", {"userAgent": user_agent}))
    if variant.screen:
        commands += _of_screen(variant.screen)
    if variant.headers:
        headers = [
            {"name": name, "value": {"type": "string", "value": text}}
            for name, text in variant.headers.items()
        ]
        commands.append(("network.setExtraHeaders", {"headers": headers}))
    for method, params in commands:
        try:
            await bidi.command(method, {**params, "userContexts": [user_context]})
        except BidiError as error:
            if error.code not in _REFUSALS:
                raise
            raise InputError(
                f"--variants: {variant.name}: Firefox refuses {json.dumps(params)}: {error.message[:300]}; "
                "correct the file, and start another run with it"
            ) from error


def _of_screen(screen: Screen) -> list[tuple[str, dict[str, Any]]]:
    kind = "portrait" if screen.height > screen.width else "landscape"
    orientation = {"natural": kind, "type": f"{kind}-primary"}
    window = {"width": screen.width, "height": max(screen.height - settings.BROWSER_BARS_PX, 1)}
    area = {"width": screen.width, "height": screen.height}
    return [
        ("emulation.setScreenSettingsOverride", {"screenArea": area}),
        ("emulation.setScreenOrientationOverride", {"screenOrientation": orientation}),
        ("browsingContext.setViewport", {"viewport": window, "devicePixelRatio": screen.pixel_ratio}),
    ]
