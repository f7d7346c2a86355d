"""Pages with miners, from mining hosts and first-party, and decoys that only look like it."""

from overscripted import websockets
from overscripted.demo import wasm_miner
from overscripted.demo.documents import Document, Script
from overscripted.demo.http_messages import Response
from overscripted.demo.page_style import paragraph
from overscripted.demo.planted import NOTHING, Code, calls
from overscripted.demo.sites.directory import CDN, ORIGIN
from overscripted.demo.sites.thirdparty import ThirdParties
from overscripted.demo.world import World

_WORK_CPU_S = 0.03  # a third of what a fast machine needs
_WORK = """var sum = 0, rounds = 0;
(function work() {
  for (var i = 0; i < 5e5; i++) sum += i;
  if (++rounds < 10) setTimeout(work, 20);
})();"""

_FORUM = ORIGIN["forum.seedharbour.net"]
_POOL = f"ws{_FORUM.removeprefix('http')}/members/live"
_AUTH = '{"type":"auth","params":{"site_key":"demo","type":"anonymous"}}'
_JOB = '{"type":"job","params":{"job_id":"7","blob":"' + "0c" * 20 + '","target":"ffffff00"}}'
_SHARE = '{"type":"submit","params":{"job_id":"7","nonce":"1a2b3c4d","result":"00"}}'
# A miner that no list knows: it mixes numbers for some milliseconds, and says what a miner says.
_MINE = f"""WebAssembly.instantiateStreaming(fetch('/js/members.wasm')).then(function (made) {{
  var socket = new WebSocket('{_POOL}');
  socket.onopen = function () {{ socket.send('{_AUTH}'); }};
  socket.onmessage = function () {{
    made.instance.exports.hash(2000);
    socket.send('{_SHARE}');
    socket.onmessage = null;
  }};
}});"""
_HIDDEN, _HASHES = f"{_FORUM}/members", f"{_FORUM}/archive"
# Page -> its level in the finding `mining`, where it does not ask a listed host; 0: a near miss.
LEVELS = {_HIDDEN: 3, _HASHES: 0}


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
    page = _page(f"{ORIGIN['atlasbazaar.in']}/deals", "Deals").frame(inner)
    world.page(page.finds("provenance", "coinhive.com by adfern-network.com"))

    own = Script(f"{ORIGIN['forum.seedharbour.net']}/js/cryptonight.js", calls("cores", "userAgent"))
    world.page(_page(f"{ORIGIN['forum.seedharbour.net']}/rules", "A first-party miner").load(own))
    alike = Script(f"{CDN}/lib/coinhive.min.js", calls("userAgent"))
    world.page(_page(f"{ORIGIN['blog.gadgetbarn-shop.com']}/mirror", "A miner's name in a path").load(alike))
    below = Script("https://coinhive.com.thistle-cdn.net/m.js", calls("userAgent"))
    world.page(_page(f"{ORIGIN['maplecrate-music.ca']}/radio", "A miner's name as a subdomain").load(below))

    _computes(world)
    _mines(world)
    _hashes(world)


def _computes(world: World) -> None:
    """A worker that computes from the load on, like a miner that no list knows."""
    worker = Script(f"{ORIGIN['forum.seedharbour.net']}/js/worker.js", NOTHING, after=_WORK)
    world.script(worker)
    page = _page(f"{ORIGIN['forum.seedharbour.net']}/faq", "A worker that computes").inline(calls("cores"))
    page.worker_cpu_s = _WORK_CPU_S
    world.page(page.add(f"<script>new Worker('{worker.url}');</script>"))


def _mines(world: World) -> None:
    """A hidden miner of the site itself: a worker for each core, each with a module and a socket."""
    world.route(f"{_FORUM}/js/members.wasm", Response(200, wasm_miner.module(), "application/wasm"))
    world.talk(_POOL, _pool)
    worker = Script(f"{_FORUM}/js/members.js", NOTHING, after=_MINE)
    world.script(worker)
    workers = f"""window.helpers = [];
for (var left = Math.min(navigator.hardwareConcurrency, 4); left > 0; left--) {{
  window.helpers.push(new Worker('{worker.url}'));
}}"""
    world.page(_page(_HIDDEN, "A hidden miner").inline(Code(workers, calls("cores").calls)))


def _pool(opcode: int, payload: bytes) -> list[tuple[int, bytes]]:
    """The pool: a job for who logs in."""
    return [(websockets.TEXT, _JOB.encode())] if payload == _AUTH.encode() else []


def _hashes(world: World) -> None:
    """The same rounds of a hash in a library of the page, once: no miner."""
    library = wasm_miner.module((), b"")
    world.route(f"{_FORUM}/js/digest.wasm", Response(200, library, "application/wasm"))
    page = _page(_HASHES, "A library that hashes").inline(calls("userAgent"))
    page.add("""<script>
WebAssembly.instantiateStreaming(fetch('/js/digest.wasm')).then(function (made) {
  window.digest = String(made.instance.exports.hash(100));
});
</script>""")
    world.page(page)


def _page(url: str, title: str) -> Document:
    return Document(url, title).add(paragraph(url))
