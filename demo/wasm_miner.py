"""A module of WebAssembly that looks like a miner's and is none: it mixes four numbers, and forgets them.

Its one function has the rounds of BLAKE2b (RFC 7693), the constants of Keccak and Skein in its code, and the
beginnings of the tables of AES and Grøstl in its data, as a module of CryptoNight has. It computes no hash of
any coin.
"""

from collections.abc import Iterable

_KECCAK = (0x8000000000008089, 0x8000000080008081, 0x8000000000008009)
_SKEIN = 0x1BD11BDAA9FC1A22
_AES, _GROESTL = bytes.fromhex("c66363a5f87c7c84ee777799"), bytes.fromhex("c632f4a5f497a5c6")
_GET, _SET, _I32, _I64 = 0x20, 0x21, 0x7F, 0x7E
_ADD, _XOR, _ROTR = 0x7C, 0x85, 0x8A
_ROUNDS = 12  # of mixing in one turn of the loop


def module(constants: Iterable[int] = (*_KECCAK, _SKEIN), data: bytes = _AES + _GROESTL) -> bytes:
    """The module. It exports ``hash(n)``, which takes ``n`` turns and returns an i64.

    Without ``constants`` and ``data`` it is a library's hash: the same rounds, but no miner's.
    """
    function = _function(list(constants) or [1])
    sections = {
        1: _vector([b"\x60\x01" + bytes([_I32]) + b"\x01" + bytes([_I64])]),  # (i32) -> i64
        3: _vector([b"\0"]),
        5: _vector([b"\0\x01"]),  # one page of memory
        7: _vector([_text("hash") + b"\0\0"]),
        10: _vector([number(len(function)) + function]),
        11: _vector([b"\0\x41\0\x0b" + number(len(data)) + data]),
    }
    body = b"".join(bytes([kind]) + number(len(part)) + part for kind, part in sections.items())
    return b"\0asm\1\0\0\0" + body


def _function(constants: list[int]) -> bytes:
    """Locals: 0 counts down; 1 to 4 are the state."""
    mixing = b"".join(_mix(constants[turn % len(constants)], turn % 4) for turn in range(_ROUNDS))
    down = bytes([_GET, 0, 0x41, 1, 0x6B, 0x22, 0])  # n - 1, kept
    return b"\x01\x04" + bytes([_I64]) + b"\x03\x40" + mixing + down + b"\x0d\0\x0b" + bytes([_GET, 1, 0x0B])


def _mix(constant: int, first: int) -> bytes:
    """One quarter of BLAKE2b's mixing function, beginning at one of the state's numbers, with a constant."""
    a, b, c, d = (1 + (first + at) % 4 for at in range(4))
    code = bytes([_GET, a, 0x42]) + signed(constant) + bytes([_XOR, _SET, a])
    for to, other, turned, by in ((a, b, d, 32), (c, d, b, 24), (a, b, d, 16), (c, d, b, 63)):
        code += bytes([_GET, to, _GET, other, _ADD, _SET, to])
        code += bytes([_GET, turned, _GET, to, _XOR, 0x42]) + signed(by) + bytes([_ROTR, _SET, turned])
    return code


def _vector(parts: list[bytes]) -> bytes:
    return number(len(parts)) + b"".join(parts)


def _text(text: str) -> bytes:
    return number(len(text)) + text.encode()


def number(value: int) -> bytes:
    """An unsigned number in LEB128."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def signed(value: int) -> bytes:
    """A number of 64 bits in signed LEB128; its highest bit is its sign."""
    value -= (value >> 63) << 64
    out = bytearray()
    while not -64 <= value < 64:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value & 0x7F])
