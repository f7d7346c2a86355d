"""What a module of WebAssembly computes: which hashes it has, by their constants, and how much of it hashes.

Three signs, each by what was published:

- The *constants* of hashes and ciphers, from their standards, in the code or in the data. CryptoNight, the
  proof of work that browsers mined, runs Keccak, AES, and then one of BLAKE-256, Grøstl, JH and Skein.
- The *mix of instructions*: hashes consist of xor, rotations and shifts, and little else does (Wang et al.,
  SEISMIC, ESORICS 2018). The thresholds are ours, from the modules that ``docs/analyses/mining.md`` names.
- The *fingerprints of functions* of MineSweeper (Konoth et al., CCS 2018): how often a function of a miner of
  CryptoNight has each instruction. They were made of the modules of 2018, which have no rotations.
"""

import re
from collections import Counter
from dataclasses import dataclass

from overscripted.analyses.mining.wasm_code import Module, read

# Numbers by which a hash is known: all of them must be there. 64-bit ones first, where a hash has both.
_CONSTANTS: dict[str, tuple[int, tuple[int, ...]]] = {
    "keccak": (64, (0x8000000000008089, 0x8000000080008081, 0x8000000000008009)),
    "sha512": (64, (0x428A2F98D728AE22, 0x7137449123EF65CD)),
    "blake2b": (64, (0x6A09E667F3BCC908, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B)),  # SHA-512 begins so, too
    "skein": (64, (0x1BD11BDAA9FC1A22,)),
    "sha256": (32, (0x428A2F98, 0x71374491, 0xB5C0FBCF, 0xE9B5DBA5)),
    "blake2s": (32, (0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A)),  # and SHA-256, BLAKE3, BLAKE-256
    "blake256": (32, (0x6A09E667, 0xBB67AE85, 0x243F6A88, 0x85A308D3)),  # and the digits of pi
    "groestl": (32, (0xA5F432C6, 0xC6A597F4)),
    "salsa20": (32, (0x61707865, 0x3320646E, 0x79622D32, 0x6B206574)),  # and ChaCha
    "sha1": (32, (0x5A827999, 0x6ED9EBA1, 0x8F1BBCDC, 0xCA62C1D6)),
    "md5": (32, (0xD76AA478, 0xE8C7B756)),
}
# Bytes of tables by which they are known: one of them must be there.
_TABLES: dict[str, tuple[bytes, ...]] = {
    "aes": tuple(
        bytes.fromhex(text)
        for text in (
            "637c777bf26b6fc53001672bfed7ab76",
            "c66363a5f87c7c84ee777799",
            "a56363c6847c7cf8997777ee",
        )
    ),
    "jh": (bytes.fromhex("72d5dea2df15f8677b84150ab7231557"),),
    "randomx": (b"RandomX\x03",),  # the salt of its cache
}
CRYPTONIGHT = ("keccak", "aes", "blake256", "groestl", "jh", "skein")
_RARE = {"blake256", "groestl", "jh", "skein"}  # which libraries of cryptography do not have
MIN_CRYPTONIGHT = 3  # of CRYPTONIGHT, one of them rare
# Names of proofs of work, as miners' exports and functions have them.
_WORK = re.compile(
    r"crypto_?night|cn_?slow_?hash|hash_cn|random_?x(?![a-z])|yes(?:power|crypt)|ghost_?rider|verus_?hash|minotaur_?x|"
    r"astrobwt|cn_?(?:gpu|heavy|pico|upx)(?![a-z])",
    re.IGNORECASE,
)

_XOR, _ROTATE = (0x73, 0x85), (0x77, 0x78, 0x89, 0x8A)
_SHIFT = (0x74, 0x75, 0x76, 0x86, 0x87, 0x88)
_ARITHMETIC = range(0x45, 0xC5)
MIN_ARITHMETIC = 100  # instructions of a function that is judged by its mix
MIN_XOR = 0.15  # of them xor and rotations: a codec or a physics engine has one in a hundred
MIN_MIX = 0.5  # of them xor, rotations and shifts: a checksum or a compressor shifts and masks
MIN_SHARE = 0.25  # of a module's arithmetic in functions with that mix
MIN_KNOWN_SHARE = (
    0.05  # of the same, where the module has the constants of a hash: it has other code beside it
)

_FINGERPRINTS: dict[str, tuple[dict[int, int], ...]] = {  # family -> functions: instruction -> how often
    "aes": ({0x76: 12, 0x74: 16, 0x73: 16}, {0x76: 120, 0x74: 160, 0x73: 160}),
    "keccak": (
        {0x74: 4, 0x86: 6, 0x85: 101, 0x88: 6},
        {0x74: 10, 0x85: 61, 0x86: 6, 0x88: 6, 0x03: 3, 0x04: 2},
    ),
    "skein": (
        {0x86: 288, 0x85: 305, 0x88: 288},
        {0x86: 144, 0x85: 153, 0x88: 144},
        {0x74: 24, 0x86: 64, 0x85: 97, 0x88: 64},
    ),
    "blake": (
        {0x76: 32, 0x74: 128, 0x73: 80},
        {0x03: 2, 0x04: 1, 0x73: 80, 0x74: 85, 0x76: 32},
        {0x03: 2, 0x04: 1, 0x73: 80, 0x74: 69, 0x76: 32},
    ),
    "groestl": ({0x76: 99, 0x74: 286, 0x73: 127}, {0x76: 99, 0x74: 286, 0x73: 136}),
}
MIN_FAMILIES = 3  # of these five: "more than half"
_FITS = 0.7  # of a fingerprint's instructions that a function must have
_OFF = 2  # times the kinds of instructions in a fingerprint: so far a function with all of them may be off

WORK, HASHES, OTHER = "proof of work", "hashes", "other"


@dataclass(frozen=True)
class Judged:
    """What a module computes, and why one says so.

    ``kind``: `WORK`, `HASHES` or `OTHER`. ``primitives``: hashes and ciphers, by their constants.
    ``families``: those of MineSweeper's fingerprints. ``share``: of its arithmetic in functions that hash.
    ``why``: what makes it of this kind, or what it lacks to be of the one above.
    """

    kind: str
    primitives: tuple[str, ...]
    families: tuple[str, ...]
    share: float
    functions: int
    unread: int
    why: str


def judge(content: bytes) -> Judged:
    """What a module computes, from its bytes."""
    module = read(content)
    primitives, families = known(module), fitting(module)
    share = hashing_share(module)
    named = next((found[0] for name in module.names if (found := _WORK.search(name))), "")
    kind, why = _kind(set(primitives), families, share, named)
    return Judged(kind, primitives, families, share, len(module.functions), module.unread, why)


def _kind(primitives: set[str], families: tuple[str, ...], share: float, named: str) -> tuple[str, str]:
    of_cryptonight = [name for name in CRYPTONIGHT if name in primitives]
    hashes = share >= (MIN_KNOWN_SHARE if primitives else MIN_SHARE)
    if len(of_cryptonight) >= MIN_CRYPTONIGHT and _RARE & primitives:
        return WORK, f"has {len(of_cryptonight)} of the {len(CRYPTONIGHT)} parts of CryptoNight"
    if "randomx" in primitives:
        return WORK, "has RandomX's salt"
    if len(families) >= MIN_FAMILIES:
        return WORK, f"fits {len(families)} of MineSweeper's {len(_FINGERPRINTS)} families"
    if named and hashes:
        return WORK, f"hashes, and names {named}"
    if hashes:
        return HASHES, f"has {len(of_cryptonight)} parts of CryptoNight ({MIN_CRYPTONIGHT} needed)"
    needed = MIN_KNOWN_SHARE if primitives else MIN_SHARE
    return OTHER, f"{share:.0%} of its arithmetic is in functions that hash ({needed:.0%} needed)"


def known(module: Module) -> tuple[str, ...]:
    """The hashes and ciphers whose constants a module has, by name."""
    data = b"\0".join(module.data)
    found = {name for name, tables in _TABLES.items() if any(table in data for table in tables)}
    for name, (bits, numbers) in _CONSTANTS.items():
        if all(number in module.constants or _bytes(number, bits) in data for number in numbers):
            found.add(name)
    return tuple(sorted(found))


def _bytes(number: int, bits: int) -> bytes:
    return number.to_bytes(bits // 8, "little")


def hashing_share(module: Module) -> float:
    """The share of the module's arithmetic that is in functions with a hash's mix of instructions."""
    total = hashing = 0
    for function in module.functions:
        arithmetic = _sum(function.counts, _ARITHMETIC)
        total += arithmetic
        xor = _sum(function.counts, (*_XOR, *_ROTATE))
        mix = xor + _sum(function.counts, _SHIFT)
        if arithmetic >= MIN_ARITHMETIC and xor >= MIN_XOR * arithmetic and mix >= MIN_MIX * arithmetic:
            hashing += arithmetic
    return hashing / total if total else 0.0


def _sum(counts: Counter[int], instructions: tuple[int, ...] | range) -> int:
    return sum(counts[instruction] for instruction in instructions)


def fitting(module: Module) -> tuple[str, ...]:
    """The families of MineSweeper's fingerprints of which the module has a function."""
    return tuple(
        family
        for family, prints in _FINGERPRINTS.items()
        if any(_fits(function.counts, wanted) for function in module.functions for wanted in prints)
    )


def _fits(counts: Counter[int], wanted: dict[int, int]) -> bool:
    """As its tool decides: enough of the instructions, each about as often."""
    found = [instruction for instruction in wanted if counts[instruction]]
    off = sum(abs(counts[instruction] - wanted[instruction]) for instruction in found)
    if len(found) == len(wanted):
        return off <= _OFF * len(found)
    return len(found) >= _FITS * len(wanted) and off <= len(found)
