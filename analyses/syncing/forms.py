"""The forms in which an identifier may be sent: plain, hashed or encoded, each as one token.

The engines' own functions make them: Python took 80 µs for the forms of an identifier, they take 30.
"""

import ibis
import ibis.expr.types as ir

from overscripted.analyses.syncing.tokens import LONGEST, SHORTEST

PLAIN = "plain"
KHALEESI = ("base64", "md5", "sha1")  # one layer
OURS = ("base64", "base16", "md5", "sha1", "sha256")  # two layers
_DIGESTS = ("md5", "sha1", "sha256")  # their bytes may be in base64, too


@ibis.udf.scalar.builtin(signature=(("string",), "string"))
def sha1(text):  # type: ignore[no-untyped-def]  # a signature would be read as Ibis types
    ...


@ibis.udf.scalar.builtin(signature=(("binary",), "string"))
def base64(data):  # type: ignore[no-untyped-def]  # as above
    ...


@ibis.udf.scalar.builtin(signature=(("string",), "string"))
def hex(text):  # type: ignore[no-untyped-def]  # as above
    ...


@ibis.udf.scalar.builtin(signature=(("string",), "binary"))
def unhex(text):  # type: ignore[no-untyped-def]  # as above
    ...


def with_forms(rows: ir.Table, layers: tuple[str, ...], depth: int) -> ir.Table:
    """One row for each form of a column ``value``, which is a token, in the columns ``form`` and ``token``.

    ``form`` names the layers around the value, the innermost first, such as "md5+base64", or is `PLAIN`.
    ``layers``: which ones, up to ``depth`` of them around each other. Of an inner layer only the usual
    writing counts: base64 with its padding, hexadecimal in lower case. What is no token by its length has no
    row.
    """
    named = [ibis.literal(f"{form} ") + token for form, token in _forms(rows.value, layers, depth)]
    made = rows.mutate(_form=ibis.array(named))
    made = made.mutate(_form=made._form.unnest())
    space = made._form.find(" ")
    made = made.mutate(form=made._form.substr(0, space), token=made._form.substr(space + 1)).drop("_form")
    length = made.token.length()
    return made.filter(length >= SHORTEST, length <= LONGEST)


def _forms(value: ir.StringValue, layers: tuple[str, ...], depth: int) -> list[tuple[str, ir.StringValue]]:
    """The layers and the token of each form."""
    found, inner = [(PLAIN, value)], [("", value)]
    for _ in range(depth):
        outer = []
        for chain, text in inner:
            for name in layers:
                usual = _usual(name, text)
                found += [(chain + name, token) for token in _writings(name, usual)]
                outer.append((f"{chain}{name}+", usual))
        inner = outer
    if depth > 1:
        for name in _DIGESTS:
            digest = base64(unhex(_usual(name, value)))
            found += [(f"{name}-raw+base64", token) for token in (_url_safe(digest), _longest_piece(digest))]
    return found


def _usual(name: str, text: ir.StringValue) -> ir.StringValue:
    """A layer around a text in its usual writing."""
    if name == "base64":
        return base64(text.cast("binary"))
    if name == "base16":
        return hex(text).lower()
    return sha1(text) if name == "sha1" else text.hexdigest(name)


def _writings(name: str, usual: ir.StringValue) -> list[ir.StringValue]:
    """The tokens of all writings. Base64 of a token, or of another layer, has no "+" and no "/"."""
    return [_unpadded(usual)] if name == "base64" else [usual, usual.upper()]


def _unpadded(text: ir.StringValue) -> ir.StringValue:
    return text.replace("=", "")


def _url_safe(text: ir.StringValue) -> ir.StringValue:
    return _unpadded(text).replace("+", "-").replace("/", "_")


def _longest_piece(text: ir.StringValue) -> ir.StringValue:
    """The longest piece of base64 between "+" and "/", the first of several."""
    pieces = _unpadded(text).re_split("[+/]+")
    longest = pieces.map(lambda piece: piece.length()).maxs()
    return pieces.filter(lambda piece: piece.length() == longest)[0]
