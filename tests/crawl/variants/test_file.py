"""Files of variants: what they may say, and what is said of a wrong one."""

from base64 import b64decode
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overscripted.crawl.variants import file
from overscripted.crawl.variants.tracking_protection import tables
from overscripted.crawl.variants.variant import Screen, Variant
from overscripted.errors import InputError

TOML = """
[plain]

[phone]
user_agent = "Mozilla/5.0 (Android 15; Mobile; rv:153.0) Gecko/153.0 Firefox/153.0"
screen = { width = 412, height = 915, pixel_ratio = 2.625 }
touch = true

[german]
locale = "de-DE"
timezone = "Europe/Berlin"
headers = { X-Study = "1" }

[again]
state = "revisit"
after = 30

[control]
twin = "phone"
"""
YAML = """
plain:
phone:
  user_agent: "Mozilla/5.0 (Android 15; Mobile; rv:153.0) Gecko/153.0 Firefox/153.0"
  screen: {width: 412, height: 915, pixel_ratio: 2.625}
  touch: true
german: {locale: de-DE, timezone: Europe/Berlin, headers: {X-Study: "1"}}
again: {state: revisit, after: 30}
control: {twin: phone}
"""


def read(folder: Path, text: str, name: str = "variants.toml") -> dict[str, Variant]:
    path = folder / name
    path.write_text(text, "utf-8")
    return file.read(str(path)).by_name


def test_toml_and_yaml_say_the_same(tmp_path: Path) -> None:
    found = read(tmp_path, TOML)
    assert found == read(tmp_path, YAML, "variants.yaml")
    assert list(found) == ["plain", "phone", "german", "again", "control"]
    assert found["plain"] == Variant("plain") and found["plain"].settings() == {}
    assert found["phone"].screen == Screen(412, 915, 2.625)
    assert found["again"].after == 30 and found["again"].settings() == {"state": "revisit", "after": 30}
    twin = found["control"]
    assert (twin.twin, twin.screen, twin.touch, twin.name) == (
        "phone",
        found["phone"].screen,
        True,
        "control",
    )


def test_variants_share_a_browser_where_firefox_allows_it(tmp_path: Path) -> None:
    more = "[gpc]\ngpc = true\n[also]\ngpc = true\nlocale = 'fr'\n[there]\nproxy = 'http://there:3128'\n"
    found = read(tmp_path, TOML + more)
    kinds = {name: variant.browser_kind for name, variant in found.items()}
    assert kinds["plain"] == kinds["german"] == kinds["again"] == ""
    assert kinds["phone"] == kinds["control"] != ""
    assert kinds["gpc"] == kinds["also"] not in ("", kinds["phone"])
    assert kinds["there"] not in ("", kinds["gpc"], kinds["phone"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no variants"),
        ("[a", "not valid TOML"),
        ("a = 1", "a: settings are needed, not 1"),
        ('["a b"]', "'a b': a name has letters"),
        ("[a]\ncolour = 1", "a: 'colour' is unknown; choose from state, after, twin"),
        ("[a]\nstate = 'old'", "a: state: must be one of fresh, kept, revisit, not 'old'"),
        ("[a]\nstate = 'revisit'", 'a: state = "revisit" needs `after`'),
        ("[a]\nafter = 3", "needs `after`"),
        ("[a]\nstate = 'revisit'\nafter = -1", "after: must be a number from 0"),
        ("[a]\ntwin = 'b'\n[b]", "a: twin: must name a variant above it"),
        ("[b]\n[a]\ntwin = 'b'\ngpc = true", "and be the only setting"),
        ("[a]\ntouch = true\nprefs = { 'ui.primaryPointerCapabilities' = 4 }", "Capabilities: touch sets it"),
        ("[a]\ngpc = true\nprefs = { 'privacy.globalprivacycontrol.enabled' = true }", "gpc sets it"),
        ("[a]\nlocale = 'de'\nprefs = { 'intl.accept_languages' = 'fr' }", "locale sets it"),
        ("[a]\nprefs = { 'network.proxy.type' = 0 }", "network.proxy.type: proxy or --proxy sets it"),
        ("[a]\nprefs = { 'dom.disable_open_during_load' = false }", "--popups sets it"),
        (
            "[a]\ntracking_protection = 'strict'\nprefs = { 'privacy.trackingprotection.enabled' = false }",
            "prefs: privacy.trackingprotection.enabled: tracking_protection sets it",
        ),
        ("[a]\ntracking_protection = 'off'\nprefs = { 'network.cookie.cookieBehavior' = 1 }", "sets it"),
        ("[a]\ntracking_protection = 'off'\ncookies = 'reject'", "cookies: tracking_protection says it"),
        ("[a]\nuser_agent = 'x'\nheaders = { User-Agent = 'y' }", "headers: User-Agent: user_agent sends it"),
        ("[a]\ngpc = true\nheaders = { sec-gpc = '0' }", "headers: sec-gpc: gpc sends it, too"),
        ("[a]\ndnt = true\nheaders = { DNT = '0' }", "headers: DNT: dnt sends it"),
        ("[a]\nlocale = 'de'\nheaders = { Accept-Language = 'fr' }", "Accept-Language: locale sends it"),
        ("[a]\ntimezone = 'Berlin'", "a: timezone: must be a time zone"),
        ("[a]\ngpc = 1", "a: gpc: must be true or false, not 1"),
        ("[a]\nscreen = { width = 5, height = 5 }", "screen: width: must be a number from 100"),
        ("[a]\nscreen = { width = 500 }", "screen: must be width, height"),
        ("[a]\nheaders = { 'X Y' = 'z' }", "headers: must be a header's name, not 'X Y'"),
        ('[a]\nheaders = { X = "a\\nb" }', "must be a text in one line"),
        ("[a]\ncookies = 'some'", "cookies: must be one of accept, reject, partition"),
        ("[a]\ntracking_protection = 'most'", "must be one of off, standard, strict"),
        (
            "[a]\ntracking_protection = 'strict'",
            "run `overscripted lists fetch disconnect-2018-04-19`, or",
        ),
        (
            "[a]\ntracking_protection = 'strict'\ntracking_list = 'nocoin-2017-12-16'",
            "nocoin-2017-12-16: not fetched yet; run `overscripted lists fetch",
        ),
        ("[a]\ntracking_protection = 'strict'\ntracking_list = 'none.txt'", "none.txt: cannot be read"),
        ("[a]\ntracking_protection = 'off'\ntracking_list = 'x'", 'needs tracking_protection = "standard"'),
        ("[a]\ntracking_list = 'x'", 'tracking_list: needs tracking_protection = "standard" or "strict"'),
        ("[a]\nproxy = 'socks5://a:1'", "proxy socks5://a:1: must be an HTTP forward proxy without a login"),
        ("[a]\nproxy = 'http://me:pass@a:1'", "without a login"),
        ("[a]\nproxy = 'http://'", "must be an HTTP forward proxy"),
        ("[a]\nproxy = 'http://a:b'", "proxy http://a:b: must be an HTTP forward proxy"),
        ("[a]\nextension = 'none.xpi'", "none.xpi: no .xpi file"),
        ("[a]\nprefs = { x = 1.5 }", "prefs: x: must be a text, a whole number"),
        ("[a]\ndo = 'dance'", "a: do: 'dance' is unknown"),
        ("[a]\ndecorate = 'a b'", "decorate: must be a query"),
        ("\n".join(f"[v{n}]" for n in range(21)), "21 variants, at most 20"),
    ],
)
def test_a_wrong_file_is_refused_with_the_setting(
    tmp_path: Path, text: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))  # in which no list is
    with pytest.raises(InputError) as refused:
        read(tmp_path, text)
    assert words in str(refused.value) and str(refused.value).startswith(f"--variants {tmp_path}")


def test_settings_that_say_different_things_are_accepted(tmp_path: Path) -> None:
    headers = (
        "headers = { DNT = '1', User-Agent = 'x' }\nprefs = { 'privacy.trackingprotection.enabled' = true }"
    )
    found = read(tmp_path, f"[a]\ngpc = true\ncookies = 'reject'\n{headers}\n[b]\ntwin = 'a'\n")
    assert found["a"].headers == {"DNT": "1", "User-Agent": "x"}


@pytest.mark.parametrize("packed", [True, False])
def test_an_extension_belongs_to_the_run_by_its_content(tmp_path: Path, packed: bool) -> None:
    folder = tmp_path / "it"
    folder.mkdir()
    (folder / "manifest.json").write_text("{}")
    (folder / "it.xpi").write_bytes(b"one")
    path = "it/it.xpi" if packed else "it"
    variants = tmp_path / "variants.toml"
    variants.write_text(f"[a]\nextension = '{path}'\n")
    first = file.read(str(variants))
    assert file.read(str(variants)) == first
    (folder / "it.xpi").write_bytes(b"two")
    changed = file.read(str(variants))
    assert changed.sha256 != first.sha256
    assert changed.by_name["a"].browser_kind != first.by_name["a"].browser_kind


def test_a_list_of_trackers_fills_the_tables_of_its_categories(tmp_path: Path) -> None:
    lines = "0.0.0.0 ads.example\n0.0.0.0 www.ads.example\n"
    (tmp_path / "hosts.txt").write_text(lines)
    text = "[a]\ntracking_protection = 'strict'\ntracking_list = 'hosts.txt'\n[b]\ntwin = 'a'\n"
    first = read(tmp_path, text)["a"]
    assert first.tracking_list and read(tmp_path, text)["b"].browser_kind == first.browser_kind
    found = {name: b64decode(digests) for name, digests in tables(first.tracking_list).items()}
    hosts = [sha256(host).digest() for host in (b"ads.example/", b"www.ads.example/")]
    assert found == {"ads-track-digest256": b"".join(hosts)}
    before = file.read(str(tmp_path / "variants.toml")).sha256
    (tmp_path / "hosts.txt").write_text(lines + "0.0.0.0 more.example\n")
    assert file.read(str(tmp_path / "variants.toml")).sha256 != before
    assert read(tmp_path, text)["a"].browser_kind != first.browser_kind


@given(st.text(max_size=200), st.sampled_from(["v.toml", "v.yaml"]))
def test_any_text_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str, name: str) -> None:
    try:
        found = read(tmp_path_factory.getbasetemp(), text.replace("\ud800", ""), name)
    except InputError:
        return
    assert all(isinstance(variant, Variant) for variant in found.values())
