"""Pages that create code at run time: eval, Function, string timers; nested, first- and third-party."""

from overscripted.demo.documents import Document, Script
from overscripted.demo.page_style import paragraph
from overscripted.demo.planted import (
    Code,
    calls,
    in_eval,
    in_indirect_eval,
    in_new_function,
    in_string_timer,
    repeated,
)
from overscripted.demo.sites.directory import CDN, ORIGIN
from overscripted.demo.world import World

_WAYS: dict[str, tuple[str, Code]] = {
    f"{ORIGIN['harbourlight-news.com']}/eval": ("Direct eval", in_eval(calls("userAgent"))),
    f"{ORIGIN['thornwick-gazette.co.uk']}/indirect": (
        "Indirect eval",
        in_indirect_eval(calls("userAgent", "cookie")),
    ),
    f"{ORIGIN['gadgetbarn-shop.com']}/function": (
        "A function from text",
        in_new_function(calls("userAgent", "platform", "language")),
    ),
    f"{ORIGIN['polderbericht.nl']}/nested": (
        "Eval in eval, and a function in eval",
        in_eval(calls("cookie") + in_eval(calls("userAgent")) + in_new_function(calls("language"))),
    ),
    f"{ORIGIN['volga-rynok.ru']}/eval": ("Many evals", repeated(in_eval(calls("cookie")), 7)),
    f"{ORIGIN['nordlicht-rundschau.de']}/gemischt": (
        "Static and dynamic calls",
        calls("userAgent", "cookie", "referrer") + in_eval(calls("cookie")),
    ),
}


def add(world: World) -> None:
    """Add a page per way of creating code, then pages with third-party scripts and frames."""
    for url, (title, code) in _WAYS.items():
        world.page(Document(url, title).add(paragraph(url)).inline(code))
    packed = Script(f"{CDN}/packed/bundle.js", in_eval(calls("userAgent", "cookie")) + calls("referrer"))
    for host in ("fernweh-reisen.de", "hirewell-jobs.com", "copperkettle-cafe.ie"):
        url = f"{ORIGIN[host]}/packed"
        world.page(Document(url, "A packed third-party script").add(paragraph(url)).load(packed))
    inner = Document("https://frames.adfern-network.com/eval", "Framed").inline(in_eval(calls("userAgent")))
    url = f"{ORIGIN['outback-weatherwatch.com.au']}/tides"
    world.page(Document(url, "Dynamic code in a frame").add(paragraph(url)).frame(inner))
    # Dynamic code without a call, and a script URL that looks like dynamic code: neither counts.
    url = f"{ORIGIN['mossandfern-recipes.com']}/scales"
    idle = Code("window.grams = eval('12 * 28'); window.ounce = new Function('return 28')();")
    world.page(Document(url, "Dynamic code without calls").inline(idle).inline(calls("userAgent")))
    url = f"{ORIGIN['docs.openquarry.org']}/line%201%20%3E%20eval"
    world.page(Document(url, "A URL that pretends").inline(calls("userAgent")))
    url = f"{ORIGIN['stellarforge-software.io']}/timers"
    world.page(Document(url, "A string timer").inline(in_string_timer(calls("userAgent"))))
