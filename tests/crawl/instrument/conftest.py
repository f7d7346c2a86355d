"""One web and one instrumented Firefox for all tests of this folder; they cost seconds to start."""

import shutil
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from overscripted import npm
from overscripted.crawl.firefox import profile
from overscripted.crawl.firefox.process import Firefox
from overscripted.crawl.instrument import openwpm
from overscripted.crawl.instrument import settings as instrument_settings
from overscripted.errors import OutsideError, SoftwareMissing
from tests.crawl.instrument.harness import Instrumented, Web
from tests.crawl.instrument.hosts import Secure, hosted

pytestmark = pytest.mark.firefox


def _need_firefox() -> None:
    if not (shutil.which("firefox-esr") or shutil.which("firefox")):
        pytest.skip("Firefox is not installed (Debian: apt install firefox-esr)")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def web() -> AsyncIterator[Web]:
    """Pages of the tests."""
    it = Web()
    await it.start()
    yield it
    await it.stop()


async def _instrumented(folder, preset: str, **more) -> AsyncIterator[Instrumented]:  # type: ignore[no-untyped-def]
    _need_firefox()
    it = Instrumented()
    try:
        await it.start(
            folder, **instrument_settings.resolve(preset), **{"prefs": profile.popups("allow"), **more}
        )
        yield it
    finally:
        await it.stop()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Instrumented]:
    """A Firefox with the default instrument; keeps the first 100 calls of a script and symbol, and 500
    navigations of a visit.
    """
    caps = {"calls": 100, "navigations": 500}
    async for it in _instrumented(tmp_path_factory.mktemp("x"), "default", caps=caps):
        yield it


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def plain() -> AsyncIterator[Firefox]:
    """A plain Firefox."""
    _need_firefox()
    async with await Firefox.start(profile.popups("allow")) as it:
        yield it


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def reference(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Instrumented]:
    """A Firefox with OpenWPM's instrument."""
    try:
        npm.installed(openwpm.FOLDER)
    except (SoftwareMissing, OutsideError) as error:
        pytest.skip(f"OpenWPM's package cannot be had: {error.message}")
    async for it in _instrumented(tmp_path_factory.mktemp("x"), "openwpm"):
        yield it


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def fingerprinting(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Instrumented]:
    """A Firefox with our instrument on what OpenWPM's is on."""
    async for it in _instrumented(tmp_path_factory.mktemp("x"), "fingerprinting"):
        yield it


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def fingerprinting2026(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Instrumented]:
    """A Firefox with the instrument for today's fingerprinters."""
    async for it in _instrumented(tmp_path_factory.mktemp("x"), "fingerprinting2026"):
        yield it


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def secure(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Secure]:
    """A Firefox as a crawl has it, with the default instrument, and a web of many names, which it trusts."""
    async with hosted(tmp_path_factory.mktemp("hosts")) as (hosts, prefs, authority):
        # A camera and a microphone of Firefox's own, for tests.
        prefs |= {"media.navigator.streams.fake": True}
        folder = tmp_path_factory.mktemp("x")
        async for it in _instrumented(folder, "default", prefs=prefs, authorities=[authority]):
            yield Secure(it, hosts, prefs, authority)
