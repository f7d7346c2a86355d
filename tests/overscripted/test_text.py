"""Text from pages becomes valid Unicode at the door."""

from hypothesis import given
from hypothesis import strategies as st

from overscripted.text import clean


def test_lone_surrogates_become_replacement_characters_and_pairs_are_joined() -> None:
    assert clean("a\ud800b\ud83d\ude00\udc00\x00") == "a\ufffdb😀\ufffd\x00"


@given(st.text(st.characters()))
def test_result_is_always_encodable_and_valid_text_is_untouched(text: str) -> None:
    clean(text).encode()
    if not any(0xD800 <= ord(c) <= 0xDFFF for c in text):
        assert clean(text) == text
