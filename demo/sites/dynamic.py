"""Pages that make code at run time: eval, Function, string timers, nested, first- and third-party."""

from overscripted.demo.documents import Document, Script
from overscripted.demo.look import paragraph
from overscripted.demo.planted import (
    Code,
    calls,
    evaled,
    evaled_indirectly,
    function_made,
    repeated,
    string_timer,
)
from overscripted.demo.sites.directory import CDN, ORIGIN
from overscripted.demo.world import World

_WAYS: dict[str, tuple[str, Code]] = {
    f"{ORIGIN['harbourlight-news.com']}/eval": ("Direct eval", evaled(calls("userAgent"))),
    f"{ORIGIN['thornwick-gazette.co.uk']}/indirect": (
        "Indirect eval",
        evaled_indirectly(calls("userAgent", "cookie")),
    ),
    f"{ORIGIN['gadgetbarn-shop.com']}/function": (
        "A made function",
        function_made(calls("userAgent", "platform", "language")),
    ),
    f"{ORIGIN['polderbericht.nl']}/nested": (
        "Eval in eval, and a function in eval",
        evaled(calls("cookie") + evaled(calls("userAgent")) + function_made(calls("language"))),
    ),
    f"{ORIGIN['volga-rynok.ru']}/eval": ("Many evals", repeated(evaled(calls("cookie")), 7)),
    f"{ORIGIN['nordlicht-rundschau.de']}/gemischt": (
        "Static and dynamic calls",
        calls("userAgent", "cookie", "referrer") + evaled(calls("cookie")),
    ),
}


def add(world: World) -> None:
    """A page for each way, then third-party and framed ones."""
    for url, (title, code) in _WAYS.items():
        world.page(Document(url, title).add(paragraph(url)).inline(code))
    packed = Script(f"{CDN}/packed/bundle.js", evaled(calls("userAgent", "cookie")) + calls("referrer"))
    for host in ("fernweh-reisen.de", "hirewell-jobs.com", "copperkettle-cafe.ie"):
        url = f"{ORIGIN[host]}/packed"
        world.page(Document(url, "A packed third-party script").add(paragraph(url)).load(packed))
    inner = Document("https://frames.adfern-network.com/eval", "Framed").inline(evaled(calls("userAgent")))
    url = f"{ORIGIN['outback-weatherwatch.com.au']}/tides"
    world.page(Document(url, "Dynamic code in a frame").add(paragraph(url)).frame(inner))
    # Code made at run time that makes no call, and a script whose URL pretends: neither is dynamic.
    url = f"{ORIGIN['mossandfern-recipes.com']}/scales"
    idle = Code("window.grams = eval('12 * 28'); window.ounce = new Function('return 28')();")
    world.page(Document(url, "Dynamic code without calls").inline(idle).inline(calls("userAgent")))
    url = f"{ORIGIN['docs.openquarry.org']}/line%201%20%3E%20eval"
    world.page(Document(url, "A URL that pretends").inline(calls("userAgent")))
    url = f"{ORIGIN['stellarforge-software.io']}/timers"
    world.page(Document(url, "A string timer").inline(string_timer(calls("userAgent"))))
