"""The demo web, served once for all tests of this folder; and a way to ask it as a vantage point."""

from collections.abc import Callable, Iterator

import pytest
import requests

from overscripted.demo.web import DemoWeb

Get = Callable[..., requests.Response]


@pytest.fixture(scope="session")
def web() -> Iterator[DemoWeb]:
    """With our own stand-ins, so that it needs no npm."""
    with DemoWeb("own") as served:
        yield served


@pytest.fixture(scope="session")
def get(web: DemoWeb) -> Get:
    """``get(url, vantage="tokyo", **options)``: a request through that vantage point's proxy."""
    sessions = {}
    for vantage, proxy in web.proxies.items():
        session = sessions[vantage] = requests.Session()
        session.trust_env = False
        session.proxies = {"http": proxy, "https": proxy}
        session.verify = web.ca_file

    def ask(url: str, vantage: str = "tokyo", **options: object) -> requests.Response:
        return sessions[vantage].get(url, **{"timeout": 10, **options})  # type: ignore[arg-type]

    return ask
