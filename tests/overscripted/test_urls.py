"""URLs as a browser reads them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overscripted import urls


@pytest.mark.parametrize(
    ("url", "host", "domain"),
    [
        ("https://A.b.co.uk:8443/x#f", "a.b.co.uk", "b.co.uk"),
        ("http://münchen.de/", "xn--mnchen-3ya.de", "xn--mnchen-3ya.de"),
        ("http://user:pw@evil.com\\@good.com/", "evil.com", "evil.com"),
        ("http://0x7f.1/", "127.0.0.1", "127.0.0.1"),
        ("http://[::1]/", "[::1]", "[::1]"),
        ("http://localhost/", "localhost", "localhost"),
        ("data:text/html,x", "", ""),
        ("//no-scheme.com/", "", ""),
        ("http://bad\ud800host.com/", "", ""),
    ],
)
def test_host_and_domain(url: str, host: str, domain: str) -> None:
    assert (urls.host(url), urls.domain(url)) == (host, domain)


@pytest.mark.parametrize(
    ("base", "reference", "joined"),
    [
        ("https://a.com/x/y", " //b.com/ü?q#f ", "https://b.com/%C3%BC?q#f"),
        ("https://a.com/x/y", "../z", "https://a.com/z"),
        ("https://a.com/", "ht\ntp://b.com", "http://b.com/"),
        ("https://a.com/", "http://[bad", None),
        ("https://a.com/", 'http:"', None),
        ("https://a.com/", "//%2A.com/", None),
        ("https://a.com/", '/*"', "https://a.com/*%22"),
    ],
)
def test_join(base: str, reference: str, joined: str | None) -> None:
    assert urls.join(base, reference) == joined


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("http://xn--a.com/", "http://xn--zca.com/"),  # of no text; of ß
        ("http://xn--/", "http://xn--ls8h/"),
        ("http://a.xn--bcher-kv/", "http://a.xn--bcher-kva/"),
        ("http://xn--a-/", "http://xn-a/"),
        # Punycode within punycode: of a ligature, of a capital, of ASCII alone, and twice.
        ("http://xn--xn---o05x.com/", "http://xn--xn---epa.com/"),
        ("http://xn--xn--a-wma/", "http://xn--xn--a--gua/"),
        ("http://xn--xn--a-/", "http://xn--xn--dma/"),
        ("http://a.xn--xn--xn----jqa/", "http://a.xn--xn---j79h/"),
        # Beside a label that is not ASCII it is none by the standard, and one to Firefox.
        ("http://xn--xn---epa.\u00e9/", "http://xn--xn---epa.xn--9ca/"),
        ("http://\u65e5.XN--XN---EPA/", "http://\u65e5.XN--ZCA/"),
        ("http://0x/", "http://0x0/"),
        ("http://1.0x/", "http://1.0x.1/"),
        ("http://u@1.0X.:80/", "http://a/0x/"),
        ("//0\tx", "http://1.2.3.4/.0x"),
        ("http://1.\u05d0/", "http://\u05d01/"),  # a number is no beginning beside letters from the right
        ("http://a.\u05d0.1a/", "http://a.\u05d0.a1/"),
    ],
)
def test_hosts_that_are_none_to_firefox(wrong: str, right: str) -> None:
    assert urls.join("https://page.example/", wrong) is None
    assert urls.join("https://page.example/", right)


@pytest.mark.parametrize("reference", [".0x", "0x", "/0x", "?//0x", "a//b.0x", "#.0x/"])
def test_what_follows_an_address_is_none(reference: str) -> None:
    assert urls.join("http://127.0.0.1/", reference)


@given(st.text(), st.text())
def test_no_text_raises(first: str, second: str) -> None:
    urls.host(first)
    urls.domain(f"https://{first}/")
    urls.join(first, second)
    urls.join("https://a.com/", second)
    urls.registrable_domain(first)
