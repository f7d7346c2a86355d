"""Bot walls and captchas in place of a page, and pages that only look like them."""

from overscripted.demo.documents import Document
from overscripted.demo.page_style import paragraph
from overscripted.demo.planted import calls
from overscripted.demo.sites.directory import ORIGIN
from overscripted.demo.world import World
from overscripted.outcomes import Outcome

_HERE = ORIGIN["gadgetbarn-shop.com"]
_READ = calls("userAgent")
_TURNSTILE = "https://challenges.cloudflare.com/cdn-cgi/challenge-platform/turnstile"
_DATADOME = "https://geo.captcha-delivery.com/captcha/"


def add(world: World) -> None:
    """Add walls, each with its near miss."""
    for frame in (_TURNSTILE, _DATADOME):
        world.page(Document(frame, "Are you human?", seed=False))
    _wall(world, "checkout", "Just a moment...", 403, "cloudflare-challenge", {"cf-mitigated": "challenge"})
    _wall(world, "offers", "Weekly offers", 200, "", {"Server": "cloudflare", "cf-ray": "8a1"})
    _wall(world, "stock", "Access Denied", 403, "akamai-block", {"Server": "AkamaiGHost"})
    _wall(world, "staff", "Access Denied", 403, "", {"Server": "nginx"})
    _wall(world, "basket", "Gadgetbarn", 403, "datadome", {}, _DATADOME)
    _wall(world, "sign-in", "Sign in", 200, "", {}, _TURNSTILE)


def _wall(
    world: World, name: str, title: str, status: int, rule: str, headers: dict[str, str], frame: str = ""
) -> None:
    """A page that a ``rule`` recognises; empty: none does."""
    url = f"{_HERE}/walls/{name}"
    page = Document(url, title, status=status, headers=headers).add(paragraph(url)).inline(_READ)
    page.outcome = Outcome.CHALLENGE if rule else Outcome.HTTP_ERROR if status >= 400 else Outcome.COMPLETE
    page.expect("visits", {"challenge": rule or None, "title": title})
    if frame:
        page.frame(Document(frame, "Are you human?"))
    world.page(page)
