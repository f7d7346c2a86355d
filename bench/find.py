"""The pool's one search against a loop over tokens with `in`, on the same URLs and in the same process.

    python bench/find.py [URLS] [TOKENS ...]

Both look for the same patterns: each token plain and in the pool's common layers, two deep. The loop is what
an analysis would write without the pool. It is measured on as many URLs as it needs for its rate. The output
has CPU seconds for a million URLs and the ratio, and the time to make the pool.
"""

import hashlib
import random
import sys
import time

import pyarrow as pa

from overscripted.analyses.encoders.layers import COMMON, chosen
from overscripted.analyses.encoders.patterns import patterns
from overscripted.analyses.encoders.pool import Pool

LOOP_CHECKS = 30_000_000  # URLs times patterns that the loop is given


def tokens(n: int) -> list[str]:
    return [hashlib.md5(f"token {i}".encode()).hexdigest()[:20] for i in range(n)]


def urls(n: int, known: list[str]) -> list[str]:
    """URLs with random identifiers, of which one in ten has a token, plain or hashed."""
    source = random.Random(25)
    found = []
    for i in range(n):
        token = known[i % len(known)]
        sent = hashlib.sha256(token.encode()).hexdigest() if i % 20 else token
        own = f"{source.getrandbits(128):032x}"
        found.append(f"https://t{i % 97}.example/p/{i}?uid={sent if i % 10 == 0 else own}&r={own}&v=3")
    return found


def main(n_urls: int, counts: list[int]) -> None:
    for n in counts:
        known = tokens(n)
        texts = urls(n_urls, known)
        start = time.process_time()
        pool = Pool(known, depth=2, names=COMMON)
        made = time.process_time() - start
        column = pa.array(texts)
        start = time.process_time()
        rows = {row for row, _ in pool.find_in(column, depth=0)}
        by_pool = (time.process_time() - start) / n_urls * 1e6

        layers = chosen(tuple(COMMON))
        sought = [p.text for token in known for p in patterns(token.encode(), layers, 2)]
        some = [text.encode() for text in texts[: max(20, min(n_urls, LOOP_CHECKS // len(sought)))]]
        start = time.process_time()
        by_hand = {i for i, text in enumerate(some) if any(pattern in text for pattern in sought)}
        by_loop = (time.process_time() - start) / len(some) * 1e6
        assert by_hand == {row for row in rows if row < len(some)}, "the two do not agree"
        print(
            f"{n:,} tokens, {len(sought):,} patterns: pool made in {made:.1f} s, {by_pool:,.1f} s; "
            f"loop {by_loop:,.0f} s a million URLs: {by_loop / by_pool:,.0f} times faster",
            flush=True,
        )


if __name__ == "__main__":
    main(int((sys.argv[1:2] or ["200000"])[0]), [int(n) for n in sys.argv[2:]] or [10, 100, 1000])
