"""Pages with miners, from mining hosts and first-party, and decoys that only look like it."""

from overscripted.demo.documents import Document, Script
from overscripted.demo.page_style import paragraph
from overscripted.demo.planted import NOTHING, calls
from overscripted.demo.sites.directory import CDN, ORIGIN
from overscripted.demo.sites.thirdparty import ThirdParties
from overscripted.demo.world import World

_WORK_CPU_S = 0.03  # a third of what a fast machine needs
_WORK = """var sum = 0, rounds = 0;
(function work() {
  for (var i = 0; i < 5e5; i++) sum += i;
  if (++rounds < 10) setTimeout(work, 20);
})();"""


def add(world: World, third: ThirdParties) -> None:
    """Add the pages with miners, and the decoys."""
    page = _page(f"{ORIGIN['seedharbour.net']}/browse", "Browse").load(third.coinhive)
    world.page(page.add("<script>new CoinHive.Anonymous('demo').start();</script>"))
    page = _page(f"{ORIGIN['seedharbour.net']}/top", "Top").load(third.coinhive)
    world.page(page.load(third.coin_hive))
    page = _page(f"{ORIGIN['coinpatch-faucet.com']}/earn", "Earn").load(third.authedmine)
    world.page(page.add("<script>new AuthedMine.Anonymous('demo').start();</script>"))
    page = _page(f"{ORIGIN['streamdelta-video.tv']}/watch/3", "Watch").load(third.crypto_loot, "defer")
    world.page(page)

    inner = _page("https://frames.adfern-network.com/slot", "Slot").load(third.coinhive)
    world.page(_page(f"{ORIGIN['atlasbazaar.in']}/deals", "Deals").frame(inner))

    own = Script(f"{ORIGIN['forum.seedharbour.net']}/js/cryptonight.js", calls("cores", "userAgent"))
    world.page(_page(f"{ORIGIN['forum.seedharbour.net']}/rules", "A first-party miner").load(own))
    alike = Script(f"{CDN}/lib/coinhive.min.js", calls("userAgent"))
    world.page(_page(f"{ORIGIN['blog.gadgetbarn-shop.com']}/mirror", "A miner's name in a path").load(alike))
    below = Script("https://coinhive.com.thistle-cdn.net/m.js", calls("userAgent"))
    world.page(_page(f"{ORIGIN['maplecrate-music.ca']}/radio", "A miner's name as a subdomain").load(below))

    _computes(world)


def _computes(world: World) -> None:
    """A worker that computes from the load on, like a miner that no list knows."""
    worker = Script(f"{ORIGIN['forum.seedharbour.net']}/js/worker.js", NOTHING, after=_WORK)
    world.script(worker)
    page = _page(f"{ORIGIN['forum.seedharbour.net']}/faq", "A worker that computes").inline(calls("cores"))
    page.worker_cpu_s = _WORK_CPU_S
    world.page(page.add(f"<script>new Worker('{worker.url}');</script>"))


def _page(url: str, title: str) -> Document:
    return Document(url, title).add(paragraph(url))
