"""Which links are followed: words in many languages, endings of files, and near misses beside each."""

import json
from pathlib import Path

import pytest

from overscripted.lists import followed_links
from overscripted.lists.followed_links import objection

PAGE = "https://www.shop.example.co.uk/de/start?x=1#top"
BASE = "https://www.shop.example.co.uk"


@pytest.mark.parametrize(
    ("url", "text", "why"),
    [
        (f"{BASE}/logout", "", "ends a session"),
        (f"{BASE}/users/sign_out", "x", "ends a session"),
        (f"{BASE}/wp-login.php?action=logout&_wpnonce=1", "", "ends a session"),
        (f"{BASE}/index.php?title=Special:UserLogout", "", "ends a session"),
        (f"{BASE}/index.php?route=account/logout", "", "ends a session"),
        (f"{BASE}/account/Log-Off.aspx", "", "ends a session"),
        (f"{BASE}/konto/%61bmelden/", "", "ends a session"),
        (f"{BASE}/x", " Log out ", "ends a session"),
        (f"{BASE}/x", "ログアウト", "ends a session"),
        (f"{BASE}/x", "تسجيل الخروج", "ends a session"),
        (f"{BASE}/x", "लॉग आउट", "ends a session"),
        (f"{BASE}/checkout", "", "buys or pays"),
        (f"{BASE}/cart/checkout.php", "", "buys or pays"),
        (f"{BASE}/hat?add-to-cart=17", "Add", "buys or pays"),
        (f"{BASE}/x", "Zur Kasse", "buys or pays"),
        (f"{BASE}/x", "Do košíku", "buys or pays"),
        (f"{BASE}/comment/5/delete", "", "changes something"),
        (f"{BASE}/newsletter?op=unsubscribe", "", "changes something"),
        (f"{BASE}/x", "Télécharger", "downloads or prints"),
        (f"{BASE}/files/Report.PDF", "", "leads to a file"),
        (f"{BASE}/feed.xml?x=1", "", "leads to a file"),
        (f"{BASE}/share?u=https%3A%2F%2Fsocial.example.com%2F", "", "leads to another site"),
        ("https://other.example.org.uk/", "", "leaves the site"),
        ("https://shop.example.co.uk.evil.com/", "", "leaves the site"),
        ("https://co.uk/", "", "leaves the site"),
        (f"{BASE}/de/start?x=1", "", "leads to the same page"),
        (f"{BASE}/de/start?x=1#more", "", "leads to the same page"),
        ("mailto:a@shop.example.co.uk", "", "is no address of a page"),
        ("javascript:void(0)", "", "is no address of a page"),
        ("https://a:b@www.shop.example.co.uk/x", "", "is no address of a page"),
        ("https://[", "", "is no address"),
    ],
)
def test_a_link_is_not_followed_for_a_reason(url: str, text: str, why: str) -> None:
    assert objection(url, text, PAGE) == why


@pytest.mark.parametrize(
    ("url", "text"),
    [
        (f"{BASE}/checkout-guide", "How our checkout works"),
        (f"{BASE}/blog/logout-vs-exit", "Why you should log out"),
        (f"{BASE}/payment-methods", "Payment methods"),
        (f"{BASE}/kassel", "Kassel"),
        (f"{BASE}/downloads-of-2026", "All downloads"),
        (f"{BASE}/pdf", "PDF"),
        (f"{BASE}/report.pdf.html", "x"),
        (f"{BASE}/buyers", "For buyers"),
        (f"{BASE}/my/account", "My account"),
        (f"{BASE}/de/start?x=2", "x"),
        (f"{BASE}/de/start/", "x"),
        ("http://shop.example.co.uk/", "Home"),
        ("https://news.example.co.uk/a?from=https://www.shop.example.co.uk/", "News"),
        (f"{BASE}/x", "log out " * 1000),
        (f"{BASE}/x", "\ud800\0"),
        (f"{BASE}/%ff%00?%ff=%00", ""),
    ],
)
def test_near_misses_are_followed(url: str, text: str) -> None:
    assert objection(url, text, PAGE) == ""


def test_every_word_is_found_as_a_text_and_means_one_thing() -> None:
    file = Path(followed_links.__file__).parent / "builtin" / "followed_links.json"
    data = json.loads(file.read_text("utf-8"))
    assert data["licence"] and data["provenance"]
    meanings: dict[str, str] = {}
    for meaning, languages in data["words"].items():
        for language, words in languages.items():
            assert len(words) == len(set(words)), (meaning, language)
            for word in words:
                assert objection(f"{BASE}/x", word.title(), PAGE) == meaning, word
                assert meanings.setdefault(word, meaning) == meaning, word
    for name in ("fillers", "page_endings", "files"):
        assert data[name] == sorted(set(data[name])), name
