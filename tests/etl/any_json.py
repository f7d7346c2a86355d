"""Any JSON in the place of any part of a document, for Hypothesis."""

from typing import Any

from hypothesis import strategies as st

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
Place = tuple[Any, ...]


def paths(value: Any, path: Place = ()) -> list[Place]:
    """The place of each part, the whole first."""
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [path, *(found for key in keys for found in paths(value[key], (*path, key)))]


def replaced(value: Any, path: Place, by: Any) -> Any:
    """A copy with another part at a place."""
    if not path:
        return by
    key, *rest = path
    if isinstance(value, list):
        return [replaced(one, tuple(rest), by) if n == key else one for n, one in enumerate(value)]
    return {**value, key: replaced(value[key], tuple(rest), by)}
