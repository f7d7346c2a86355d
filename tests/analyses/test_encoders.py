"""The pool finds a value in whatever chain of layers it was written, and nothing where there is none."""

import base64
import gzip
import hashlib
import json
import random
import string
import zlib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import brotli
import pyarrow as pa
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from overscripted.analyses.encoders import decoding, lz_string
from overscripted.analyses.encoders.forms import forms
from overscripted.analyses.encoders.glance import Glance
from overscripted.analyses.encoders.layers import AFTER_RAW, COMMON, LAYERS
from overscripted.analyses.encoders.opened import Opened, Texts
from overscripted.analyses.encoders.patterns import Pattern
from overscripted.analyses.encoders.pool import Pool
from overscripted.text import clean

EMAIL = "Zoe.Quist+news@gmail.com"
LZ_STRING = json.loads((Path(__file__).parent / "lz_string.json").read_text())["texts"]


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _raw_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(data) + compressor.flush()


COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "deflate": _raw_deflate,
    "brotli": brotli.compress,
    "zstd": zstandard.compress,
}
UNDONE = ("percent", "base64", "base32", "base16")  # by the decoder, where bytes are in them


@pytest.fixture(scope="module")
def pool() -> Pool:
    return Pool([EMAIL, "k3vd91x0sq7m"], depth=2)


def _chains(pool: Pool, text: str | bytes) -> set[tuple[str, tuple[str, ...]]]:
    return {(match.form, match.chain) for match in pool.find(text)}


@pytest.mark.parametrize(
    ("layer", "text", "output"),
    [  # of RFC 1319, 1320 and 1321, of the authors of RIPEMD, MurmurHash and xxHash, of NIST and Bitcoin
        ("md2", "abc", "da853b0d3f88d99b30283a69e6ded6bb"),
        ("md4", "abc", "a448017aaf21d8525fc10ae87aa6729d"),
        ("md5", "abc", "900150983cd24fb0d6963f7d28e17f72"),
        ("ripemd160", "abc", "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc"),
        ("sha3-256", "abc", "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"),
        ("murmur3", "test", "ba6bd213"),
        ("xxh32", "", "02cc5d05"),
        ("xxh64", "", "ef46db3751d8e999"),
        ("crc32", "123456789", "cbf43926"),
        ("base58", "Hello World!", "2NEpo7TZRRrLZSi2U"),
        ("base32", "foobar", "MZXW6YTBOI======"),
        ("json", 'a"/b', 'a\\"\\/b'),
    ],
)
def test_layers_give_the_published_outputs(layer: str, text: str, output: str) -> None:
    assert output.encode() in list(LAYERS[layer].whole(text.encode()))


@st.composite
def written(draw: st.DrawFn) -> tuple[str, list[str], bytes]:
    """A value, a chain of layers, and the value in that chain; also with other text beside it in between."""
    value = draw(st.text(st.characters(codec="utf-8"), min_size=8, max_size=40))
    data, names, last, whole = value.encode(), [], None, True
    for step in range(draw(st.integers(0, 3))):
        allowed = AFTER_RAW if last is not None and last.raw else LAYERS
        known = [LAYERS[name] for name in allowed]
        layer = draw(
            st.sampled_from([one for one in known if (whole or one.part) and not (step and one.weak)])
        )
        if layer.part is not None and draw(st.booleans()):
            data, whole = draw(_beside) + data + b'" and more', False
        data, last = draw(st.sampled_from(list(layer.whole(data)))), layer
        names.append(layer.name)
    return value, names, data


_beside = st.text(string.printable, max_size=5).map(lambda text: f'{text}"'.encode())


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(written())
def test_a_value_is_found_in_any_chain(case: tuple[str, list[str], bytes]) -> None:
    value, names, data = case
    found = Pool([value], depth=len(names), names=names).find(data, depth=0)
    assert {match.value for match in found} == {value}, names
    assert min(len(match.chain) for match in found) <= len(names)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(written(), st.text(max_size=5), st.integers(0, 3))
def test_a_glance_at_the_texts_hides_no_match(
    case: tuple[str, list[str], bytes], beside: str, cut: int
) -> None:
    value, names, data = case
    texts = [data, base64.b64encode(data), beside.encode() + data[cut:] + beside.encode()]
    glance = Glance(_opened(texts).buffers(10**6) or ())
    layers = list(dict.fromkeys([*names, "base16", "base64", "sha256"]))
    whole, some = Pool([value], 2, layers), Pool([value], 2, layers, glance)
    assert list(some.find_opened(_opened(texts))) == list(whole.find_opened(_opened(texts)))


def _opened(texts: list[bytes]) -> Opened:
    return Opened(Texts.of_column(pa.array(texts, pa.binary())), 2)


def test_a_pattern_is_left_out_where_its_first_bytes_are_absent() -> None:
    there = [b"abcdefgh", b"bcdefghi", b"cdefghij", b"cdefghij and more", b"cdefgh", b"absent"]
    glance = Glance([b"", b"few", b"abcdefghij"])
    patterns = [Pattern(text, ()) for text in (*there, b"absent!!", b"abcdefg!")]
    assert [pattern.text for pattern in glance.possible(patterns)] == there
    assert list(glance.possible([])) == []


@pytest.mark.parametrize("name", [name for name, layer in LAYERS.items() if layer.run])
def test_a_layer_is_left_out_where_no_run_is_long_enough(name: str) -> None:
    layer = LAYERS[name]
    assert layer.run
    for n in (7, 8, 9, 40):
        data = bytes(range(200, 200 + n))
        for text in (*layer.whole(data), *(layer.part(data) if layer.part else ())):
            assert Glance([b"?", text]).among((layer,), n) == (layer,)
        short = layer.run.alphabets[0][:1] * (layer.run.least(n) - 1)
        assert Glance([b"?", short + b"?" + short]).among((layer,), n) == ()


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.text(string.ascii_letters + string.digits, max_size=40),
    st.sampled_from(["md5", "sha256", "base64", "base58", "reversed", ""]),
    st.sampled_from(sorted(COMPRESS)),
    st.lists(st.sampled_from(UNDONE), max_size=2),
    st.data(),
)
def test_a_value_is_found_in_what_is_compressed(
    value: str, layer: str, compression: str, around: list[str], data: st.DataObject
) -> None:
    value += "qK7vZ2mX9cTb4Wn8sJ5d"  # what repeats itself may become too short to be tried
    inner = value.encode()
    if layer:
        inner = data.draw(st.sampled_from(list(LAYERS[layer].whole(inner))))
    text = COMPRESS[compression](inner)
    for name in around:
        text = data.draw(st.sampled_from(list(LAYERS[name].whole(text))))
    found = Pool([value], depth=1, names=[layer] if layer else []).find(text, depth=3)
    assert value in {match.value for match in found}, (text, around)


@pytest.mark.parametrize("escaped", [True, False])
@pytest.mark.parametrize("level", [1, 3, 6, 9])
def test_bytes_in_a_json_string_are_undone(pool: Pool, level: int, escaped: bool) -> None:
    inner = json.dumps({"text": [EMAIL, "a \\ and a quote", *map(str, range(50))]}).encode()
    for name, data in (("gzip", gzip.compress(inner, level)), ("zlib", zlib.compress(inner, level))):
        written = json.dumps([{"data": data.decode("latin-1")}, "x\x9c no zlib"], ensure_ascii=not escaped)
        for text in (written, gzip.compress(written.encode())):
            chains = {match.chain[0] for match in pool.find(text, depth=3)}
            assert chains == {name}


@pytest.mark.parametrize("kind", ["base64", "uri", "utf16"])
@pytest.mark.parametrize("name", sorted(LZ_STRING))
def test_what_lz_string_wrote_is_undone(name: str, kind: str) -> None:
    text, written = LZ_STRING[name]["text"], LZ_STRING[name][kind]
    read = (
        lz_string.from_utf16(written, 10**6)
        if kind == "utf16"
        else lz_string.from_base64(written.encode(), 10**6)
    )
    assert clean(read) == text
    (match,) = Pool(["k3vd91x0sq7m"], depth=0).find(f"{'' if kind == 'utf16' else 'd='}{written}", depth=1)
    assert match.chain == ("lz-string",)


def _lz_bomb() -> bytes:
    """A text in which every number is the entry that comes next: each is longer by one than the last."""
    bits, room, width = "0010000110", 3, 3  # the letter a, with its lowest bit first
    for code in range(4, 4000):
        bits += f"{code:0{width}b}"[::-1]
        room -= 1
        if room == 0:
            room, width = 1 << width, width + 1
    bits += "0" * (-len(bits) % 24)
    return base64.b64encode(bytes(int(bits[n : n + 8], 2) for n in range(0, len(bits), 8)))


@pytest.mark.parametrize(
    ("text", "form", "chain"),
    [
        (f"https://t.test/?e={quote(EMAIL, safe='')}", "as given", ("percent",)),
        (hashlib.sha256(b"zoe.quist+news@gmail.com").hexdigest(), "lower case", ("sha256",)),
        (hashlib.md5(b"zoequist@gmail.com").hexdigest().upper(), "gmail", ("md5-raw", "base16")),
        (
            base64.b64encode(hashlib.sha1(b"zoe.quist@gmail.com").digest()).decode(),
            "without tag",
            ("sha1-raw", "base64"),
        ),
        (hashlib.sha512(b"gmail.com").hexdigest(), "domain", ("sha512",)),
        (hashlib.sha1(b"Zoe.Quist+news").hexdigest(), "local part", ("sha1",)),
        (f"v={zlib.crc32(EMAIL.encode()):x}&w=1", "as given", ("crc32",)),
        (EMAIL.encode().hex(), "as given", ("base16",)),
        (base64.urlsafe_b64encode(b'{"?>?": "' + EMAIL.encode() + b'"}').decode(), "as given", ("base64",)),
        (
            quote(base64.b64encode(gzip.compress(b"[" + EMAIL.encode() + b"]", mtime=0))),
            "as given",
            ("gzip", "base64", "percent"),
        ),
        (json.dumps(json.dumps({"a": EMAIL, "b": "\n"})), "as given", ()),
        ("Zoe&period;Quist&plus;news&commat;gmail.com", "as given", ("entities",)),
    ],
)
def test_the_form_and_the_chain_are_named(pool: Pool, text: str, form: str, chain: tuple[str, ...]) -> None:
    (match,) = pool.find(text, depth=3)
    assert (match.form, match.chain) == (form, chain)
    assert len(match.context.encode()) <= 80


@pytest.mark.parametrize(
    "text",
    [
        "Zoe.Quist-news@gmail.com".replace("Quist", "Quizt"),
        hashlib.sha256(b"zoe.quist+news@gmail.co").hexdigest(),
        hashlib.sha256(EMAIL.encode()).hexdigest()[:-1] + "x",
        _base64(b"someone@gmail.com"),  # the domain alone tells nothing
        f"{zlib.crc32(EMAIL.encode()):08x}".join("ab"),  # within a longer number
        hashlib.sha3_384(f"{zlib.crc32(EMAIL.encode()):08x}".encode()).hexdigest()[:20],
        _base64(gzip.compress(b"k3vd91x0sq7", mtime=0)),
    ],
)
def test_near_misses_are_not_found(pool: Pool, text: str) -> None:
    assert pool.find(text, depth=3) == []


def test_random_text_has_no_match(pool: Pool) -> None:
    source = random.Random(25)
    noise = source.randbytes(100_000)
    for text in (
        noise,
        noise.hex(),
        base64.b64encode(noise),
        base64.b32encode(noise),
        str(noise),
        gzip.compress(noise, mtime=0),
    ):
        assert pool.find(text, depth=3) == []


def test_an_undone_escape_does_not_find_the_same_again(pool: Pool) -> None:
    text = f"a=%20&b={_base64(EMAIL.encode())}&c=k3vd91x0sq7m"
    assert _chains(pool, text) == {("as given", ("base64",)), ("as given", ())}


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400), st.sampled_from([*COMPRESS.values(), bytes]), st.integers(0, 400))
def test_any_bytes_are_searched(
    pool: Pool, data: bytes, compress: Callable[[bytes], bytes], cut: int
) -> None:
    for text in (data, compress(data)[:cut], base64.b64encode(compress(data))[:cut], compress(data)[::-1]):
        assert pool.find(text, depth=3) == []


def test_any_unicode_is_a_value_and_a_text(pool: Pool) -> None:
    odd = "\ud800abcdef\x00\U0001f600"
    assert [match.chain for match in Pool([odd], depth=1).find(f"x{odd}")] == [()]
    assert pool.find(odd) == []


@pytest.mark.parametrize(
    "bomb",
    [
        pytest.param(lambda: gzip.compress(bytes(30_000_000)), id="gzip"),
        pytest.param(lambda: base64.b64encode(gzip.compress(gzip.compress(bytes(30_000_000)))), id="nested"),
        pytest.param(lambda: brotli.compress(b"a" * 30_000_000, quality=5), id="brotli"),
        pytest.param(lambda: zstandard.compress(b"a" * 30_000_000), id="zstd"),
        pytest.param(
            lambda: b" ".join(gzip.compress(bytes([n]) * 10**6).hex().encode() for n in range(40)), id="many"
        ),
        pytest.param(lambda: b"%25" * 400_000, id="percent"),
        pytest.param(_lz_bomb, id="lz-string"),
        pytest.param(lambda: b'\\"x\\u009c' * 200_000, id="strings"),
    ],
)
def test_a_bomb_ends_within_the_limits(pool: Pool, bomb: Callable[[], bytes]) -> None:
    text = bomb()
    sizes = [len(one.data) for one in decoding.decoded(text)]
    limits = [max(decoding.MAX_SIZE, len(text)), decoding.MAX_TOTAL, decoding.MAX_TEXTS]
    assert sizes and max(sizes) <= limits[0] and sum(sizes) <= limits[1] and len(sizes) <= limits[2]
    assert pool.find(text) == []


def test_what_a_limit_leaves_is_searched(pool: Pool) -> None:
    text = b"k3vd91x0sq7m" + bytes(20_000_000) + EMAIL.encode()
    assert [match.value for match in pool.find(gzip.compress(text))] == ["k3vd91x0sq7m"]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.binary(), pa.string_view()])
def test_a_column_is_searched_row_by_row(pool: Pool, kind: pa.DataType) -> None:
    texts = [
        "",
        EMAIL[:15],
        EMAIL[15:],
        None,
        f"x{EMAIL}y",
        "",
        "é" * 50,
        base64.b64encode(gzip.compress(EMAIL.encode())).decode(),
        "k3vd91x0sq7m",
    ]
    whole = pa.array(["skipped", *texts], kind)
    column = pa.chunked_array([whole[1:5], whole[5:5], whole[5:]])
    one_by_one = {(n, m) for n, text in enumerate(texts) for m in pool.find(text or "")}
    assert set(pool.find_in(column)) == one_by_one
    assert {n for n, _ in one_by_one} == {1, 4, 7, 8}  # the half of an address is in row 1
    assert list(pool.find_in(pa.array([], kind))) == []


def test_many_values_share_one_search() -> None:
    values = [f"user-{n:05}-{hashlib.md5(str(n).encode()).hexdigest()[:6]}" for n in range(60)]
    pool = Pool(values, depth=2, names=COMMON)
    text = " ".join(
        base64.b64encode(hashlib.sha256(value.encode()).digest()).decode() for value in values[::3]
    )
    found = pool.find(text)
    assert [match.value for match in found] == values[::3]
    assert {match.chain for match in found} == {("sha256-raw", "base64")}


def test_an_address_has_the_forms_of_advertisers() -> None:
    assert forms(f" {EMAIL} ") == {
        "as given": f" {EMAIL} ",
        "trimmed": EMAIL,
        "lower case": "zoe.quist+news@gmail.com",
        "gmail": "zoequist@gmail.com",
        "without tag": "zoe.quist@gmail.com",
        "local part": "Zoe.Quist+news",
        "local part, lower case": "zoe.quist+news",
        "domain": "gmail.com",
    }
    assert forms("bo@ab.de") == {"as given": "bo@ab.de", "domain": "ab.de"}
    assert forms("no address") == {"as given": "no address"}
