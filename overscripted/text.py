"""What becomes of text that cannot be stored: decided once, at the door."""

import pyarrow as pa


def clean(text: str) -> str:
    """Any JavaScript string as valid Unicode.

    Surrogate pairs are joined, each lone surrogate becomes U+FFFD (as the URL and Encoding
    standards do). NUL and every other character stay as they are.
    """
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def decoded(data: bytes) -> str:
    """Bytes as text: UTF-8, with surrogates that were written as such; U+FFFD for what is neither."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        pass
    try:
        return clean(data.decode("utf-8", "surrogatepass"))
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace")


def readable(rows: pa.Table) -> tuple[pa.Table, int]:
    """The table with valid UTF-8 in every text column, and how many values were not.

    Files promise it and do not always keep it. Such a value is `decoded`; all others stay.
    """
    changed = 0
    for at, field in enumerate(rows.schema):
        if is_text(field.type):
            column, n = readable_column(rows.column(at))
            if n:
                rows, changed = rows.set_column(at, field.name, column), changed + n
    return rows, changed


def is_text(kind: pa.DataType) -> bool:
    """Whether it is a type of text."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def is_bytes(kind: pa.DataType) -> bool:
    """Whether it is a type of bytes."""
    return bool(
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_binary_view(kind)
        or pa.types.is_fixed_size_binary(kind)
    )


def readable_column(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, int]:
    """A column of text or bytes as text in valid UTF-8, and how many values had to be `decoded`."""
    whole = column.type if is_text(column.type) else pa.string()
    parts, changed = [], 0
    for chunk in column.chunks:
        part, n = _readable_chunk(chunk, whole)
        parts.append(part)
        changed += n
    return pa.chunked_array(parts, whole), changed


def _readable_chunk(chunk: pa.Array, kind: pa.DataType) -> tuple[pa.Array, int]:
    try:
        part = chunk.cast(kind)  # checks bytes, not text
        part.validate(full=True)
        return part, 0
    except pa.ArrowInvalid:
        found = chunk.cast(pa.large_binary()).to_pylist()
    texts = [None if value is None else decoded(value) for value in found]
    changed = sum(
        text is not None and text.encode() != value for text, value in zip(texts, found, strict=True)
    )
    return pa.array(texts, kind), changed
