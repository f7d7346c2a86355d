"""Which symbols were instrumented: rows of the table ``instruments``.

A count of 0 calls means something only for a symbol that was instrumented.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from overscripted.schemas import RAW

ALL = "*"


def rows(
    crawl_id: int, items: Iterable[Mapping[str, Any]], source: str, sha256: str | None = None
) -> pa.Table:
    """Raw rows of ``items``, each with the ``name`` that its symbols begin with, and its ``properties``.

    An item without ``properties`` stands for all properties except those in ``excluded``. ``source`` says
    where the items come from. ``sha256`` identifies the instrument in raw ``visits``.
    """
    records = []
    for item in items:
        excluded = json.dumps(sorted(item["excluded"]), ensure_ascii=False) if item.get("excluded") else None
        for name in item.get("properties") or [None]:
            records.append(
                {
                    "crawl_id": crawl_id,
                    "symbol": f"{item['name']}.{ALL if name is None else name}",
                    "object": item["name"],
                    "property": name,
                    "excluded": excluded if name is None else None,
                    "source": source,
                    "instrument_sha256": sha256,
                }
            )
    return pa.Table.from_pylist(records, schema=RAW["instruments"].schema)


def of_symbols(crawl_id: int, symbols: Iterable[str], source: str) -> pa.Table:
    """Raw rows of symbols that are named in full, such as ``window.navigator.userAgent``."""
    parts = (symbol.rpartition(".") for symbol in sorted(symbols))
    items = [{"name": name, "properties": [last]} for name, _, last in parts]
    return rows(crawl_id, items, source)
