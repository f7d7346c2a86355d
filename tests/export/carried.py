"""What OpenWPM's schema carries of our tables: the columns that come back the same."""

import json
from collections import Counter
from typing import Any

from overscripted.run import Run

# Table -> its columns. docs/guide/export.md lists them, too.
CARRIED = {
    "calls": "visit_id frame_id ordinal symbol operation arguments value location context_url top_level_url "
    "script_url script_line script_col func_name script_loc_eval call_stack time_stamp is_third_party",
    "visits": "visit_id site_url error",
    "frames": "visit_id frame_id parent_frame_id url context_url",
    "requests": "visit_id frame_id parent_frame_id top_level_url request_id hop url method resource_type "
    "request_headers body_sha256 redirect_url time_stamp call_stack script_url is_third_party",
    "cookies": "visit_id record_type change_cause host name value path expiry is_secure is_http_only "
    "same_site first_party_domain time_stamp",
    "dns_names": "visit_id host canonical_names addresses used_address names_error",
}


def carried(run: Run, table: str, columns: str) -> Counter[tuple[str, ...]]:
    """The rows of a run's table in these columns, each as often as it is there.

    Arguments are compared as the values that their JSON means. Calls of the browser's own code are left out:
    no script's line made them, so an import counts them as invalid.
    """
    found = run.store.read_table(f"tables/{table}").to_pylist()
    return Counter(
        tuple(_value(column, row[column]) for column in columns.split())
        for row in found
        if not row.get("by_browser")
    )


def _value(column: str, value: Any) -> str:
    return repr(json.loads(value)) if column == "arguments" else str(value)
