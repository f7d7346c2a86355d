"""What was recorded: rows of the table ``instruments``, which says what a count of 0 means."""

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

    Without ``properties`` all of them are meant but for those in ``excluded``. ``source`` says where
    the items come from; ``sha256`` is what raw ``visits`` names them by.
    """
    made = []
    for item in items:
        excluded = json.dumps(sorted(item["excluded"]), ensure_ascii=False) if item.get("excluded") else None
        for name in item.get("properties") or [None]:
            made.append(
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
    return pa.Table.from_pylist(made, schema=RAW["instruments"].schema)


def of_symbols(crawl_id: int, symbols: Iterable[str], source: str) -> pa.Table:
    """Raw rows of whole symbols."""
    parts = (symbol.rpartition(".") for symbol in sorted(symbols))
    items = [{"name": name, "properties": [last]} for name, _, last in parts]
    return rows(crawl_id, items, source)
