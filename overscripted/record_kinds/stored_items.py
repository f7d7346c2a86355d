"""What pages have stored at the end of a visit, beside cookies."""

from overscripted.columns import INT, STR, VISIT, Column, Table
from overscripted.record_kinds.kind import RecordKind

STORED_ITEMS = RecordKind(
    Table(
        "stored_items",
        "one item, record, cache or service worker that a visit's pages had stored at the visit's end",
        (
            *VISIT,
            Column("origin", STR, "Origin whose storage it is"),
            Column("partition", STR, "Partition's top-level site; empty if unpartitioned"),
            Column("kind", STR, "local_storage, session_storage, indexed_db, cache or service_worker"),
            Column(
                "container", STR, "Name of the database or cache; scope of the service worker; else empty"
            ),
            Column(
                "store", STR, "Object store of the record; NULL if the database has none, or was not opened"
            ),
            Column("key", STR, "Key: a string as it is, else JSON; NULL for a store without records"),
            Column("value", STR, "Value, or its beginning: a string as it is, else JSON; NULL: not recorded"),
            Column("value_len", INT, "Length of the whole value, where it is a string", "characters"),
            Column("extra", STR, "Version of the database; URL of the service worker's script"),
            Column("moment", STR, "When it was read: end"),
        ),
    ),
    kept="one stored item at the end of an acknowledged visit",
    message="stored_item",
    by_realm=False,
    order=("crawl_id", "visit_id", "origin", "partition", "kind", "container", "store", "key"),
    personal=("key", "value"),
)
