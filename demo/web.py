"""Serve the demo web: a proxy per vantage point in one thread, and files for its users."""

import asyncio
import json
import tempfile
import threading
from pathlib import Path
from typing import Any

from overscripted.certificates import Authority
from overscripted.demo import acted
from overscripted.demo.build import build
from overscripted.demo.libraries import Libraries, load
from overscripted.demo.proxy import Proxy
from overscripted.demo.settings import VANTAGES
from overscripted.demo.truth import truth

_START_S = 60.0  # until all proxies listen; certificates are created later, on request


class DemoWeb:
    """Serves the demo web; a context manager. ``libraries``: "auto", "npm" or "own" (`libraries.load`).

    - ``proxies``: the proxy URL of each vantage point.
    - ``ca_file``: the certificate to trust (PEM).
    - ``sites_file``: the ranking, one "rank,host" per line.
    - ``acted_file``, ``variants_file``: the seeds and the variants of the second crawl.
    - ``truth``: see `overscripted.demo.truth`. ``truth_file``: the same as a JSON file.
    """

    def __init__(self, libraries: str | Libraries = "auto") -> None:
        self.libraries = load(libraries) if isinstance(libraries, str) else libraries
        self.demo = build(self.libraries)
        self.world = self.demo.world
        self.truth: dict[str, Any] = truth(self.demo, self.libraries.mode)
        self.proxies: dict[str, str] = {}
        self._ready = threading.Event()
        self._error: BaseException | None = None

    def __enter__(self) -> "DemoWeb":
        self._folder = tempfile.TemporaryDirectory(prefix="overscripted-demo-")
        folder = Path(self._folder.name)
        self._authority = Authority(folder)
        self.ca_file = str(self._authority.ca_file)
        self.sites_file = str(folder / "sites.csv")
        ranking = "".join(f"{rank},{host}\n" for rank, host in enumerate(self.demo.listed, 1))
        Path(self.sites_file).write_text(ranking, encoding="utf-8")
        self.acted_file, self.variants_file = str(folder / "acted.parquet"), str(folder / "variants.toml")
        consent = self.libraries.mode == "npm"
        acted.write_seeds(Path(self.acted_file), self.world.acted, consent)
        acted.write_variants(Path(self.variants_file), consent)
        self.truth_file = str(folder / "truth.json")
        Path(self.truth_file).write_text(
            json.dumps(self.truth, indent=1, ensure_ascii=False), encoding="utf-8"
        )
        self._thread = threading.Thread(target=self._run, name="demo-web", daemon=True)
        self._thread.start()
        if not self._ready.wait(_START_S) or self._error:
            self._folder.cleanup()
            raise RuntimeError("the demo web did not start") from self._error
        return self

    def __exit__(self, *exception: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._folder.cleanup()

    def request_counts(self, vantage: str) -> dict[str, int]:
        """The requests through a vantage point's proxy so far, by URL."""
        return dict(self._servers[vantage].request_counts)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            self._error = error
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(lambda loop, context: None)  # clients often close connections early
        self._stop = asyncio.Event()
        self._servers = {name: Proxy(name, self.world, self._authority) for name in VANTAGES}
        for proxy in self._servers.values():
            await proxy.start()
        self.proxies = {name: proxy.url for name, proxy in self._servers.items()}
        self._ready.set()
        await self._stop.wait()
        for proxy in self._servers.values():
            await proxy.stop()
