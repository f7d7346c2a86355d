"""What OpenWPM was set to record. Since 2020 it is in the parameters of its browsers."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from overscripted import instruments as shared
from overscripted.foreign.openwpm_source import Source
from overscripted.foreign.values import text

_CLEANED = "cleaned_js_instrument_settings"


def instruments(source: Source, crawl_id: int) -> pa.Table:
    """Raw rows of the table ``instruments``; none where the data set does not tell."""
    tables = [_rows(row.get("browser_params"), crawl_id) for row in source.rows("crawl")]
    return pa.concat_tables([shared.rows(crawl_id, [], ""), *tables])


def parameters(value: Any) -> Mapping[str, Any]:
    """The parameters of a browser from ``browser_params``, which is JSON; none where it is anything else."""
    try:
        found = json.loads(text(value) or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _rows(params: Any, crawl_id: int) -> pa.Table:
    settings = parameters(params).get(_CLEANED)
    return shared.rows(crawl_id, items(settings), "OpenWPM's js_instrument_settings")


def items(settings: Any) -> list[Mapping[str, Any]]:
    """OpenWPM's cleaned settings as items of `instruments.rows`; anything else gives none."""
    return [item for setting in settings if (item := _item(setting))] if isinstance(settings, list) else []


def _item(setting: Any) -> Mapping[str, Any] | None:
    """An object with its properties. ``null`` properties mean: only those that the object lacks by itself."""
    if not isinstance(setting, dict) or not isinstance(setting.get("instrumentedName"), str):
        return None
    log = setting.get("logSettings")
    log = log if isinstance(log, dict) else {}
    own, more = log.get("propertiesToInstrument", []), [*_names(log.get("nonExistingPropertiesToInstrument"))]
    named = [*_names(own)]
    if own is None and not more:
        return None
    item = {"name": setting["instrumentedName"], "excluded": [*_names(log.get("excludedProperties"))]}
    return item | {"properties": named + more if named or own is None else None}


def _names(value: Any) -> Iterator[str]:
    """Names of properties: in a list, or in lists of a list, one for each depth."""
    for part in value if isinstance(value, list) else []:
        if isinstance(part, str):
            yield part
        elif isinstance(part, dict):
            yield from _names(part.get("propertyNames"))
