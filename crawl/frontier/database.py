"""The frontier's database: SQLite for one machine, PostgreSQL for a fleet, the same SQLAlchemy code."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from overscripted.crawl.frontier.tables import META
from overscripted.errors import InputError, OutsideError, SoftwareMissing

# One clock for the whole fleet: the database's, in seconds since 1970.
Clock: TypeAlias = sa.ColumnElement[float]
_CLOCKS: dict[str, Clock] = {
    "postgresql": sa.literal_column("extract(epoch FROM statement_timestamp())::float8", sa.Float),
    "sqlite": sa.literal_column("((julianday('now') - 2440587.5) * 86400.0)", sa.Float),
}
_TABLES_LOCK = 797573  # number of an advisory lock: several workers may make the tables at the same time


class Database:
    """Connections to the frontier's database. One thread at a time may use them."""

    def __init__(self, url: str | sa.URL) -> None:
        """Connect, and make the tables that are missing. ``url`` as SQLAlchemy writes it, or of `sqlite_url`.

        Raises InputError for a wrong URL, SoftwareMissing without a driver, OutsideError where the database
        cannot be opened.
        """
        self._engine = _engine(url)
        self._postgres = self._engine.dialect.name == "postgresql"
        self.clock = _CLOCKS[self._engine.dialect.name]
        try:
            with self._engine.begin() as db:
                if self._postgres:
                    db.execute(sa.text(f"SELECT pg_advisory_xact_lock({_TABLES_LOCK})"))
                META.create_all(db)
                _add_missing_columns(db)
        except sa.exc.SQLAlchemyError as error:
            raise OutsideError(
                f"--frontier {_without_password(url)}: cannot be opened: {_first_line(error)}"
            ) from error

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """A transaction. Raises OutsideError where the database is away; the caller may try again."""
        try:
            with self._engine.begin() as db:
                yield db
        except sa.exc.OperationalError as error:
            raise OutsideError(f"the frontier cannot be reached: {_first_line(error)}") from error

    def now(self, db: sa.Connection) -> float:
        """The database's time in seconds since 1970."""
        return float(db.scalar(sa.select(self.clock)) or 0.0)

    def insert(self, table: sa.Table) -> Any:
        """An INSERT that can say what is done on a conflict."""
        return postgresql.insert(table) if self._postgres else sqlite.insert(table)


def _add_missing_columns(db: sa.Connection) -> None:
    """Add columns that a database of an earlier version lacks, with their default values."""
    inspector = sa.inspect(db)
    for table in META.sorted_tables:
        there = {column["name"] for column in inspector.get_columns(table.name)}
        for column in table.columns:
            if column.name not in there:
                definition = sa.schema.CreateColumn(column).compile(dialect=db.dialect)
                db.execute(sa.text(f"ALTER TABLE {table.name} ADD COLUMN {definition}"))


def sqlite_url(path: str) -> sa.URL:
    """The URL of a SQLite frontier in a file, whatever the characters of its path mean in a URL."""
    return sa.URL.create("sqlite", database=path)


def _engine(url: str | sa.URL) -> sa.Engine:
    if isinstance(url, str) and url.startswith("sqlite:///"):
        url = sqlite_url(url.removeprefix("sqlite:///"))
    elif isinstance(url, str) and url.startswith(("postgresql://", "postgres://")):
        url = "postgresql+psycopg://" + url.partition("://")[2]
    try:
        parsed = sa.engine.make_url(url)
        if parsed.get_backend_name() not in ("sqlite", "postgresql"):
            raise InputError(f"--frontier {_without_password(url)}: use sqlite:///FILE or postgresql://…")
        if parsed.get_backend_name() == "postgresql":
            return sa.create_engine(
                parsed, pool_pre_ping=True, pool_size=2, connect_args={"connect_timeout": 10}
            )
        engine = sa.create_engine(parsed, connect_args={"timeout": 60, "check_same_thread": False})
    except sa.exc.ArgumentError as error:
        raise InputError(
            f"--frontier {url}: not a database URL; use postgresql://… or sqlite:///FILE"
        ) from error
    except ImportError as error:
        raise SoftwareMissing(
            "--frontier postgresql://… needs psycopg; install it: pip install 'overscripted[postgres]'"
        ) from error
    sa.event.listen(engine, "connect", _sqlite_connect)
    sa.event.listen(engine, "begin", lambda db: db.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def _sqlite_connect(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # transactions begin where we say, not where the driver guesses
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


def _first_line(error: Exception) -> str:
    """The first line of the driver's error."""
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0]


def _without_password(url: str | sa.URL) -> str:
    try:
        return sa.engine.make_url(url).render_as_string(hide_password=True)
    except sa.exc.ArgumentError:
        return str(url)
