"""Values of other people's data: whatever they are, reading them never fails and never invents."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overscripted.foreign.values import iso, moment, text, truth, whole

_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.binary(),
    st.decimals(),
    st.datetimes(),
    st.dates(),
    st.from_regex(r"[+-]?[0-9]{1,30}(\.0*)?"),
)
ANYTHING = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)
INT64 = range(-(2**63), 2**63)


@given(ANYTHING)
def test_any_value_is_text_or_nothing_and_its_text_is_valid(value: object) -> None:
    said = text(value)
    assert said is None or said.encode("utf-8").decode() == said
    assert truth(value) in (None, True, False)
    found = iso(value)
    assert found is None or found.encode("utf-8")


@given(ANYTHING)
def test_a_number_is_of_64_bits_and_the_one_that_was_meant(value: object) -> None:
    found = whole(value)
    if found is None:
        return
    assert found in INT64
    said = value.decode() if isinstance(value, bytes) else value
    assert Decimal(said.strip() if isinstance(said, str) else said) == found  # type: ignore[arg-type]


@given(st.integers(-(2**63), 2**63 - 1))
def test_a_number_is_the_same_from_any_type(number: int) -> None:
    spelled: list[object] = [number, str(number), f" {number}.0 ", str(number).encode(), Decimal(number)]
    assert {whole(value) for value in spelled} == {number}
    if abs(number) < 2**53:
        assert whole(float(number)) == number


@pytest.mark.parametrize(
    "value", ["", "x", "1e3", "0x10", "1_000", "１", 2**63, "9" * 5000, 1.5, [1], {}, b"\xff"]
)
def test_what_is_no_whole_number_is_none(value: object) -> None:
    assert whole(value) is None


@given(st.datetimes(datetime(1974, 1, 1), datetime(2199, 1, 1)))
def test_a_moment_is_the_same_from_any_type(when: datetime) -> None:
    when = when.replace(microsecond=when.microsecond // 1000 * 1000, tzinfo=UTC)
    ms = round(when.timestamp() * 1000)
    spelled: list[object] = [
        when,
        when.replace(tzinfo=None),
        when.isoformat(),
        f"{when:%Y-%m-%d %H:%M:%S.%f}",
    ]
    assert {moment(value) for value in spelled} == {when}
    for number in (ms, ms * 1000, str(ms)):
        found = moment(number)
        assert found is not None and abs((found - when).total_seconds()) < 1e-3
    assert iso(when) == f"{when:%Y-%m-%dT%H:%M:%S}.{when.microsecond // 1000:03}Z"


@given(st.dates())
def test_a_date_is_its_first_moment(day: date) -> None:
    assert moment(day) == datetime(day.year, day.month, day.day, tzinfo=UTC)
