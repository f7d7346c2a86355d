"""The tables of the frontier. Several crawls can share a database: each row names its crawl."""

import sqlalchemy as sa

META = sa.MetaData()

SEEDS = sa.Table(
    "overscripted_seeds",
    META,
    sa.Column("crawl_id", sa.BigInteger, primary_key=True),
    sa.Column("visit_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("seed", sa.Text, nullable=False),
    sa.Column("domain", sa.Text, nullable=False),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column(
        "place", sa.Integer, nullable=False
    ),  # position in the order, random: seeds that are neighbours in a list are not neighbours here
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("not_before", sa.Float, nullable=False),
    sa.Column("worker", sa.Text),
    sa.Column("outcome", sa.Text),
    sa.Column("calls", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("ended", sa.Float),
    sa.Column("variant", sa.Text, nullable=False, server_default=""),
    sa.Column("do", sa.Text, nullable=False, server_default=""),
    sa.Column("wave", sa.Integer, nullable=False, server_default="1"),
)
ORDER = (SEEDS.c.priority.desc(), SEEDS.c.place)  # the index must have the same order
# Literals, not parameters: otherwise a prepared query does not use the indexes below.
WAITING = SEEDS.c.state == sa.literal_column("'waiting'")
LEASED = SEEDS.c.state == sa.literal_column("'leased'")


def _index(name: str, where: sa.ColumnElement[bool], *columns: sa.ColumnElement[object]) -> None:
    sa.Index(name, *columns, postgresql_where=where, sqlite_where=where)


_index("overscripted_seeds_waiting", WAITING, SEEDS.c.crawl_id, *ORDER)
_index("overscripted_seeds_by_domain", WAITING, SEEDS.c.crawl_id, SEEDS.c.domain, SEEDS.c.priority)
_index("overscripted_seeds_leased", LEASED, SEEDS.c.crawl_id, SEEDS.c.worker)

# Seeds of each registrable domain that wait, and that are leased (``active``).
DOMAINS = sa.Table(
    "overscripted_domains",
    META,
    sa.Column("crawl_id", sa.BigInteger, primary_key=True),
    sa.Column("domain", sa.Text, primary_key=True),
    sa.Column("waiting", sa.BigInteger, nullable=False),
    sa.Column("active", sa.Integer, nullable=False),
    sa.Column("next_at", sa.Float, nullable=False),
)
HAS_WAITING = DOMAINS.c.waiting > sa.literal_column("0")
_index("overscripted_domains_waiting", HAS_WAITING, DOMAINS.c.crawl_id, DOMAINS.c.domain)

# Ended seeds by worker and outcome: counting the rows of all seeds would take too long.
ENDED = sa.Table(
    "overscripted_ended",
    META,
    sa.Column("crawl_id", sa.BigInteger, primary_key=True),
    sa.Column("worker", sa.Text, primary_key=True),
    sa.Column("outcome", sa.Text, primary_key=True),
    sa.Column("seeds", sa.BigInteger, nullable=False),
    sa.Column("calls", sa.BigInteger, nullable=False),
)

WORKERS = sa.Table(
    "overscripted_workers",
    META,
    sa.Column("crawl_id", sa.BigInteger, primary_key=True),
    sa.Column("worker", sa.Text, primary_key=True),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("started", sa.Float, nullable=False),
    sa.Column("seen", sa.Float, nullable=False),
    sa.Column("alive_until", sa.Float, nullable=False),
    sa.Column("facts", sa.JSON, nullable=False),
)

# Each time that the crawl's seeds are visited, with what had ended before it began.
WAVES = sa.Table(
    "overscripted_waves",
    META,
    sa.Column("crawl_id", sa.BigInteger, primary_key=True),
    sa.Column("wave", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("started", sa.Float, nullable=False),
    sa.Column("request", sa.JSON, nullable=False),
    sa.Column("ended_before", sa.JSON, nullable=False),
    sa.Column("calls_before", sa.BigInteger, nullable=False),
)
