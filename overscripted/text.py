"""Make text valid Unicode before it is stored, and harmless before it is shown."""

import pyarrow as pa


def clean(text: str) -> str:
    """Any JavaScript string as valid Unicode.

    Surrogate pairs are joined, and each lone surrogate becomes U+FFFD, as in the URL and Encoding
    standards. NUL and every other character stay unchanged.
    """
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def visible(text: str) -> str:
    """Text without the characters that control a terminal: U+FFFD is in the place of each."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def decoded(data: bytes) -> str:
    """Bytes of UTF-8 as text. Encoded surrogates are accepted; other invalid bytes become U+FFFD."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        pass
    try:
        return clean(data.decode("utf-8", "surrogatepass"))
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace")


def readable(rows: pa.Table) -> tuple[pa.Table, int]:
    """The table with valid UTF-8 in every text column, and the number of values that were not valid.

    Parquet files should hold valid UTF-8 only, and some do not. An invalid value is `decoded`.
    """
    changed = 0
    for index, field in enumerate(rows.schema):
        if is_text(field.type):
            column, n = readable_column(rows.column(index))
            if n:
                rows, changed = rows.set_column(index, field.name, column), changed + n
    return rows, changed


def is_text(kind: pa.DataType) -> bool:
    """Whether a type is a text type."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def is_bytes(kind: pa.DataType) -> bool:
    """Whether a type is a type of bytes."""
    return bool(
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_binary_view(kind)
        or pa.types.is_fixed_size_binary(kind)
    )


def readable_column(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, int]:
    """A column of text or bytes as valid UTF-8 text, and the number of values that had to be `decoded`."""
    text_type = column.type if is_text(column.type) else pa.string()
    parts, changed = [], 0
    for chunk in column.chunks:
        part, n = _readable_chunk(chunk, text_type)
        parts.append(part)
        changed += n
    return pa.chunked_array(parts, text_type), changed


def _readable_chunk(chunk: pa.Array, kind: pa.DataType) -> tuple[pa.Array, int]:
    try:
        part = chunk.cast(kind)  # validates bytes, but not text
        part.validate(full=True)
        return part, 0
    except pa.ArrowInvalid:
        values = chunk.cast(pa.large_binary()).to_pylist()
    texts = [None if value is None else decoded(value) for value in values]
    changed = sum(
        text is not None and text.encode() != value for text, value in zip(texts, values, strict=True)
    )
    return pa.array(texts, kind), changed
