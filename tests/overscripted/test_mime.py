"""A Content-Type by the standards; tests/precrawl/test_responses_firefox.py asks Firefox."""

import time

import pytest

from overscripted.mime import Mime, extract, is_html

CYRILLIC = "windows-1251"


@pytest.mark.parametrize(
    ("parameters", "charset"),
    [
        # Quotes that do not end go to the end of the value.
        (f';charset="{CYRILLIC}', CYRILLIC),
        (';charset="windows\\-1251', CYRILLIC),
        (f';charset="{CYRILLIC}\\', f"{CYRILLIC}\\"),
        (f';charset="{CYRILLIC};x=y', f"{CYRILLIC};x=y"),
        (f';charset="{CYRILLIC}, text/plain', f"{CYRILLIC}, text/plain"),
        (f';x="a;charset={CYRILLIC}', ""),
        (f';x="a\\";charset={CYRILLIC}', ""),
        (f';x="a";charset={CYRILLIC}', CYRILLIC),
        # They mean something at the beginning of a value alone.
        (f';x=a";charset={CYRILLIC}', CYRILLIC),
        (f';x=a"b";charset={CYRILLIC}', CYRILLIC),
        (f';x= "a;charset={CYRILLIC}', CYRILLIC),
        (f';";charset={CYRILLIC}', CYRILLIC),
        (f';"=;charset={CYRILLIC}', CYRILLIC),
        (f';charset={CYRILLIC}"', f'{CYRILLIC}"'),
        (f';"charset="a;charset={CYRILLIC}', ""),
        # The first counts, empty too where it is in quotes.
        (f';charset="";charset={CYRILLIC}', ""),
        (f';charset=";charset={CYRILLIC}', f";charset={CYRILLIC}"),
        (f";charset=;charset={CYRILLIC}", CYRILLIC),
        (f";charset;charset={CYRILLIC}", CYRILLIC),
        (f';charset="{CYRILLIC}"x;charset=utf-8', CYRILLIC),
        (f';charset="\x01";charset={CYRILLIC}', CYRILLIC),
        (f";charset={CYRILLIC}, text/html", CYRILLIC),
        (f';charset={CYRILLIC}, text/html;charset=""', ""),
        (f";charset={CYRILLIC}, text/html;charset=", CYRILLIC),
        (f";charset={CYRILLIC}, text/plain, text/html", ""),
    ],
)
def test_charset(parameters: str, charset: str) -> None:
    assert extract(f"text/html{parameters}") == Mime("text/html", charset)
    assert is_html(f"text/html{parameters}", b"")


def test_a_quote_in_the_type_ends_with_it() -> None:
    assert extract(f'text/html";charset={CYRILLIC}') == Mime('text/html"', CYRILLIC)
    assert not is_html('text/html"', b"<html>")


@pytest.mark.parametrize("piece", ["\\", '"', ";", '"\\', "; ", "=", ',"', ' ;="'])
def test_long_ones_take_no_time(piece: str) -> None:
    began = time.process_time()
    extract('text/html;charset="' + piece * 100_000)
    assert time.process_time() - began < 0.5
