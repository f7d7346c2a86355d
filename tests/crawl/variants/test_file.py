"""Files of variants: what they may say, and what is said of a wrong one."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overscripted.crawl.variants import file
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
    found = read(tmp_path, TOML + "[gpc]\ngpc = true\n[also]\ngpc = true\nlocale = 'fr'\n")
    kinds = {name: variant.browser_kind for name, variant in found.items()}
    assert kinds["plain"] == kinds["german"] == kinds["again"] == ""
    assert kinds["phone"] == kinds["control"] != ""
    assert kinds["gpc"] == kinds["also"] not in ("", kinds["phone"])


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
        ("[a]\ntimezone = 'Berlin'", "a: timezone: must be a time zone"),
        ("[a]\ngpc = 1", "a: gpc: must be true or false, not 1"),
        ("[a]\nscreen = { width = 5, height = 5 }", "screen: width: must be a number from 100"),
        ("[a]\nscreen = { width = 500 }", "screen: must be width, height"),
        ("[a]\nheaders = { 'X Y' = 'z' }", "headers: must be a header's name, not 'X Y'"),
        ('[a]\nheaders = { X = "a\\nb" }', "must be a text in one line"),
        ("[a]\ncookies = 'some'", "cookies: must be one of accept, reject, partition"),
        ("[a]\nextension = 'none.xpi'", "none.xpi: no .xpi file"),
        ("[a]\nprefs = { x = 1.5 }", "prefs: x: must be a text, a whole number"),
        ("[a]\ndo = 'dance'", "a: do: 'dance' is unknown"),
        ("[a]\ndecorate = 'a b'", "decorate: must be a query"),
        ("\n".join(f"[v{n}]" for n in range(21)), "21 variants, at most 20"),
    ],
)
def test_a_wrong_file_is_refused_with_the_setting(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError) as refused:
        read(tmp_path, text)
    assert words in str(refused.value) and str(refused.value).startswith(f"--variants {tmp_path}")


@given(st.text(max_size=200), st.sampled_from(["v.toml", "v.yaml"]))
def test_any_text_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str, name: str) -> None:
    try:
        found = read(tmp_path_factory.getbasetemp(), text.replace("\ud800", ""), name)
    except InputError:
        return
    assert all(isinstance(variant, Variant) for variant in found.values())
