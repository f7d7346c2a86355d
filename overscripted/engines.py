"""The engines that run Ibis expressions on a run's tables: DuckDB in this process, or Spark.

Expressions are written once; only this file knows how each engine runs them. Both engines use UTC, strict
casts and case-sensitive names, so that the same expression gives the same rows. The etl uses Spark in two
ways: its SQL for roll-ups, here, and its workers, each with a DuckDB of its own, for batches of calls
(`overscripted.etl.executors.spark`).
"""

import contextlib
import functools
import itertools
import os
import posixpath
import re
import shutil
import sys
import tempfile
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, NamedTuple
from urllib.parse import unquote

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.types as ir
import pyarrow as pa
from fsspec.implementations.dirfs import DirFileSystem

from overscripted.engine_names import ENGINES
from overscripted.errors import InputError, OutsideError, SoftwareMissing, StageMissing, WriteError
from overscripted.sql import identifier, quoted
from overscripted.store import Store

# DuckDB may use this share of memory, in percent, before it spills to its temporary folder. Python and the
# page cache need the rest.
DUCKDB_MEMORY_PERCENT = 60
# Rows per row group, and zstd's level. The study's sample, sorted by location, took 47 bytes per call in row
# groups of 122,880 rows at level 3, and 42 in groups of 491,520 rows. With the larger groups, levels 3, 6 and
# 9 took 2.6, 3.6 and 4.7 CPU s for 42, 39 and 37 bytes per call. For generated calls they took 4.6, 7.4 and
# 11 CPU s for 68, 61 and 59 bytes.
ROW_GROUP = 491_520
# Rows per row group of tables from which readers take few rows. DuckDB writes one page per column and row
# group, so a reader of one URL decompresses the URLs of a whole group, 100 MB in large groups. A search among
# 870,000 references took 0.29 CPU s in large groups and 0.14 in small ones, which take 13 % more bytes.
SMALL_ROW_GROUP = 20_480
ZSTD_LEVEL = 6
# Local Spark runs driver and executors in one JVM; its default of 1 GB is too small.
SPARK_DRIVER_MEMORY = "2g"


class Capacity(NamedTuple):
    """What an engine may use: tasks at the same time, and bytes of memory for all of them.

    ``memory`` is None where the engine's machines are not known.
    """

    slots: int
    memory: int | None


class Engine(ABC):
    """Reads tables as Ibis expressions, runs them, writes their rows. A context manager."""

    name: str

    def read(self, store: Store, key: str | Sequence[str]) -> ir.Table:
        """A Parquet file, every Parquet file below a folder, or a list of files, as a table.

        Raises StageMissing where a folder holds none.
        """
        keys = _parquet(store, key)
        return self._read(store, keys)

    @abstractmethod
    def _read(self, store: Store, keys: list[str]) -> ir.Table: ...

    def invalid_text(self, store: Store, keys: Sequence[str]) -> list[str]:
        """The Parquet files with text that is not UTF-8 and that this engine would read all the same."""
        return []

    @abstractmethod
    def view(self, name: str, store: Store, keys: Sequence[str]) -> None:
        """Give Parquet files a name in this engine's SQL; a view of that name is replaced.

        Raises InputError for files that are no tables.
        """

    @abstractmethod
    def sql(self, query: str) -> ir.Table:
        """A query in this engine's own SQL, as a table. Raises InputError for one that it refuses."""

    @abstractmethod
    def table(self, rows: pa.Table) -> ir.Table:
        """Rows in memory as a table; for small ones, such as dimensions."""

    @abstractmethod
    def keep(self, expr: ir.Table) -> ir.Table:
        """Evaluate an expression once and keep its rows, on disk if need be, until `drop` or `close`."""

    def keep_step(self, expr: ir.Table) -> ir.Table:
        """As `keep`, for a step of a loop whose next step reads it: how the rows were made is forgotten.

        Spark's plans would else double with each step. A worker of a cluster that is lost then ends the loop.
        """
        return self.keep(expr)

    @abstractmethod
    def drop(self, table: ir.Table) -> None:
        """Delete the rows that `keep` holds for a table."""

    @abstractmethod
    def to_arrow(self, expr: ir.Table) -> pa.Table:
        """The rows of an expression in memory; for small results."""

    def write(
        self,
        expr: ir.Table,
        store: Store,
        key: str,
        name: str = "part",
        sort: Sequence[str] = (),
        row_group: int = ROW_GROUP,
    ) -> list[str]:
        """Write rows as ``key/<name>-….parquet`` (zstd), at least one file; the keys of the files.

        Files that are already there stay, so a table can be written in parts. Each file's rows are sorted by
        the columns ``sort``; ``row_group`` is in rows. Raises WriteError where the storage is full or out of
        reach, or where a file that the rows come from is damaged.
        """
        store.make_folder(key)
        try:
            return self._write(expr, store, key, name, sort, row_group)
        except OSError as error:
            reason = str(error).splitlines()[0]
            raise WriteError(
                f"{store.uri(key)}: cannot be written: {reason}; free space or fix its permissions"
            ) from error

    @abstractmethod
    def _write(
        self, expr: ir.Table, store: Store, key: str, name: str, sort: Sequence[str], row_group: int
    ) -> list[str]: ...

    @property
    def session(self) -> Any:
        """The SparkSession with workers that can make batches; None if the engine has no workers."""
        return None

    @abstractmethod
    def capacity(self) -> Capacity:
        """What this engine may use of its machines."""

    def divided(self, n: int) -> dict[str, str] | None:
        """DuckDB's settings for each of ``n`` processes of this machine that share the engine's capacity.

        Each needs a ``temp_directory`` of its own, below the one in these settings. None where the engine's
        settings cannot be shared.
        """
        return None

    def for_few_rows(self) -> contextlib.AbstractContextManager["Engine"]:
        """The engine that is fastest for few rows, as a context manager: this one, or DuckDB here."""
        return contextlib.nullcontext(self)

    @abstractmethod
    def close(self) -> None:
        """Release memory and temporary files."""

    def __enter__(self) -> "Engine":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_engine(
    name: str = "duckdb",
    master: str | None = None,
    conf: Mapping[str, str] | Iterable[str] | None = None,
    store: Store | None = None,
    alone: bool = False,
) -> Engine:
    """An engine by name.

    ``conf`` are the engine's own settings, a mapping or ``"KEY=VALUE"`` strings (DuckDB:
    ``memory_limit=4GB``; Spark: ``spark.executor.memory=8g``). ``master`` is Spark's; without it
    ``spark-submit`` decides, or Spark uses all cores of this machine. Spark needs ``store`` to read a run on
    object storage: its S3 client gets the store's options. ``alone`` promises that no expression joins tables
    of this engine with tables of another one in this process; later engines then reuse its compiled SQL.
    Raises InputError for an unknown name or setting, SoftwareMissing without Java or PySpark.
    """
    settings = _settings(conf)
    if name == "duckdb":
        if master:
            raise InputError("--master is Spark's: add --engine spark, or leave it out")
        return DuckDB(settings, alone)
    if name == "spark":
        return Spark(master, settings, store)
    raise InputError(f"--engine {name}: unknown; choose one of {', '.join(ENGINES)}")


def copy_options(row_group: int = ROW_GROUP, fractions: bool = False) -> str:
    """Options for DuckDB's COPY to write a table. ``row_group`` is in rows.

    Pages are V2, which has delta encodings for numbers and sorted text; pyarrow, DuckDB, Spark and Polars
    read them. ``fractions``: the table has floating-point numbers. V2 splits their bytes
    (BYTE_STREAM_SPLIT), which Spark does not read, so the pages of such a table are V1.
    """
    level = f"COMPRESSION zstd, COMPRESSION_LEVEL {ZSTD_LEVEL}"
    version = "V1" if fractions else "V2"
    return f"FORMAT parquet, {level}, PARQUET_VERSION {version}, ROW_GROUP_SIZE {row_group}"


def view_of(name: str, uris: Iterable[str]) -> str:
    """SQL of DuckDB that gives Parquet files a name; a view of that name is replaced."""
    files = f"[{', '.join(map(quoted, uris))}], union_by_name = true, hive_partitioning = false"
    return f"CREATE OR REPLACE VIEW {identifier(name)} AS FROM read_parquet({files})"


# Expression -> SQL for DuckDB. Ibis takes a second for the expressions of a batch. All batches have the same.
_COMPILED: dict[ops.Node, str] = {}
_MAX_COMPILED = 200

_PATTERN = re.compile(r"[\\*?\[\]{}]")  # characters that DuckDB or Hadoop reads as a pattern


class _Files(DirFileSystem):  # type: ignore[misc]  # fsspec has no types
    """A store's files for DuckDB, under a scheme of their own: ``scheme://key``.

    A key is always a name, never a pattern. DuckDB does not see the store's root.
    """

    cachable = False

    def __init__(self, scheme: str, store: Store) -> None:
        super().__init__(path=store.root, fs=store.fs)
        self.protocol = scheme

    def _join(self, path: Any) -> Any:
        return super()._join(path.removeprefix(f"{self.protocol}://") if isinstance(path, str) else path)

    def glob(self, path: str, **_: Any) -> list[str]:
        return [path] if self.exists(path) else []


def _usable(folder: str, option: str) -> None:
    """Raise InputError for a temporary folder that DuckDB would look for elsewhere, once it needs it."""
    if "\\" in folder:
        raise InputError(
            f"{folder}: DuckDB takes the backslash in this temporary folder for a slash; "
            f"name another ({option})"
        )


# Settings of DuckDB that several processes cannot share, or that would count for each of them.
_NOT_SHARED = {"database", "max_temp_directory_size"}


class DuckDB(Engine):
    """DuckDB in this process, reading any storage through fsspec."""

    name = "duckdb"

    def __init__(self, settings: Mapping[str, str], alone: bool = False) -> None:
        self.settings = {"memory_limit": f"{DUCKDB_MEMORY_PERCENT}%", **_plain(settings)}
        self._folder = ""  # the temporary folder, where `close` must delete it
        if "temp_directory" not in self.settings:
            _usable(tempfile.gettempdir(), "TMPDIR=FOLDER")
            self._folder = self.settings["temp_directory"] = tempfile.mkdtemp(prefix="overscripted-duckdb-")
        else:
            _usable(self.settings["temp_directory"], "--conf temp_directory=FOLDER")
        import duckdb  # here, so that commands that need no engine start fast

        try:
            # Ibis takes connections with the same settings for one, and so their tables with the same name.
            own = {"temp_directory"} if alone else set()
            self._con = ibis.duckdb.connect(**{k: v for k, v in self.settings.items() if k not in own})
            self._con.con.execute(f"SET temp_directory = {quoted(self.settings['temp_directory'])}")
        except duckdb.Error as error:
            self._tidy()
            raise InputError(f"--conf: DuckDB refuses a setting: {error}") from error
        raw = self._con.con
        raw.execute("SET TimeZone = 'UTC'")
        raw.execute("SET preserve_insertion_order = true")
        # In a notebook without ipywidgets DuckDB has no progress bar and refuses to switch it off.
        with contextlib.suppress(duckdb.InvalidInputException):
            raw.execute("SET enable_progress_bar = false")
        self._stores: dict[str, str] = {}
        # Ibis calls subqueries t0, t1, …; one of them would hide a table of that name.
        self._names = (f"table_{n}" for n in itertools.count()) if alone else iter(_fresh, None)
        self._compiled: dict[ops.Node, str] = _COMPILED if alone else {}

    def capacity(self) -> Capacity:
        query = "SELECT current_setting('threads'), current_setting('memory_limit')"
        rows = self._con.con.execute(query).fetchall()  # all: an open result blocks the connection
        ((threads, memory),) = rows
        return Capacity(int(threads), _bytes(memory))

    def divided(self, n: int) -> dict[str, str] | None:
        if _NOT_SHARED & self.settings.keys():
            return None
        threads, memory = self.capacity()
        return {**self.settings, "threads": str(threads // n), "memory_limit": f"{(memory or 0) // n}B"}

    def files(self, store: Store, keys: list[str]) -> list[str]:
        """What DuckDB opens: paths; or names in `_Files`, for object storage and where a path is a pattern.

        For ``s3://`` DuckDB would download a client of its own at run time.
        """
        if store.local and not _PATTERN.search(store.root):
            return [store.path(key) for key in keys]
        if store.url not in self._stores:
            scheme = self._stores[store.url] = f"run{len(self._stores)}"
            self._con.con.register_filesystem(_Files(scheme, store))
        return [f"{self._stores[store.url]}://{key}" for key in keys]

    def _read(self, store: Store, keys: list[str]) -> ir.Table:
        files = self.files(store, keys)
        return self._con.read_parquet(
            files, table_name=next(self._names), union_by_name=True, hive_partitioning=False
        )

    def view(self, name: str, store: Store, keys: Sequence[str]) -> None:
        import duckdb

        try:
            self._con.con.execute(view_of(name, self.files(store, list(keys))))
        except duckdb.Error as error:
            raise _no_table(store, keys, error) from error

    def sql(self, query: str) -> ir.Table:
        import duckdb

        name = next(self._names)
        try:
            self._con.con.execute(f'CREATE TEMP VIEW "{name}" AS {query}')
        except duckdb.Error as error:
            raise InputError(f"sql: DuckDB refuses the query: {error}") from error
        return self._con.table(name)

    def connection(self) -> Any:
        """Another connection to this engine's database, for one thread: with its views, memory and files."""
        other = self._con.con.cursor()
        other.execute("SET TimeZone = 'UTC'")
        return other

    def table(self, rows: pa.Table) -> ir.Table:
        name, raw = next(self._names), self._con.con
        raw.register(f"{name}_rows", rows)
        raw.execute(f'CREATE TEMP TABLE "{name}" AS FROM "{name}_rows"')
        raw.unregister(f"{name}_rows")
        return self._con.table(name)

    def keep(self, expr: ir.Table) -> ir.Table:
        name = next(self._names)
        self._con.con.execute(f'CREATE TEMP TABLE "{name}" AS {self._sql(expr)}')
        return self._con.table(name)

    def _sql(self, expr: ir.Table) -> str:
        """The expression in DuckDB's SQL, with the types of Ibis: DuckDB's own sums have 128 bits."""
        self._con._run_pre_execute_hooks(expr)  # registers the expression's Python functions
        known, expression = self._compiled, expr.op()
        if expression not in known:
            if len(known) >= _MAX_COMPILED:
                known.clear()
            known[expression] = self._compile(expr)
        return known[expression]

    def _compile(self, expr: ir.Table) -> str:
        columns = ", ".join(
            f'CAST("{name}" AS BIGINT) AS "{name}"' if kind.is_int64() else f'"{name}"'
            for name, kind in expr.schema().items()
        )
        return f"SELECT {columns} FROM ({self._con.compile(expr)})"

    def drop(self, table: ir.Table) -> None:
        self._con.con.execute(f'DROP TABLE IF EXISTS "{table.get_name()}"')

    def to_arrow(self, expr: ir.Table) -> pa.Table:
        rows: pa.Table = self._con.con.sql(self._sql(expr)).to_arrow_table()
        return rows.cast(expr.schema().to_pyarrow())

    def _write(
        self, expr: ir.Table, store: Store, key: str, name: str, sort: Sequence[str], row_group: int
    ) -> list[str]:
        import duckdb

        file = f"{key}/{name}-0.parquet"
        (uri,) = self.files(store, [file])
        order = " ORDER BY " + ", ".join(f'"{column}"' for column in sort) if sort else ""
        # This optimizer makes DuckDB mark columns without a NULL as required. The files of one table would
        # then differ in schema.
        self._con.con.execute("SET disabled_optimizers = 'statistics_propagation'")
        try:
            rows = f"{self._sql(expr)}{order}"
            options = copy_options(row_group, any(kind.is_floating() for kind in expr.schema().values()))
            self._con.con.execute(f"COPY ({rows}) TO {quoted(uri)} ({options})")
        except duckdb.IOException as error:
            raise OSError(str(error)) from error
        except duckdb.OutOfMemoryException as error:
            raise OutsideError(
                f"{store.uri(key)}: too little memory to sort its rows; give more (--conf memory_limit=8GB) "
                "to fewer threads (--conf threads=1; on Spark spark.executor.pyspark.memory or fewer cores)"
            ) from error
        finally:
            self._con.con.execute("RESET disabled_optimizers")
        return [file]

    def close(self) -> None:
        self._con.disconnect()
        self._tidy()

    def _tidy(self) -> None:
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)


_UTC_TIME = dt.Timestamp(timezone="UTC", scale=6)


class Spark(Engine):
    """Spark: on this machine, or the cluster that ``master`` or ``spark-submit`` names."""

    name = "spark"

    def __init__(self, master: str | None, settings: Mapping[str, str], store: Store | None) -> None:
        self._session, self._own = _spark_session(master, settings, store)
        self._con = ibis.pyspark.connect(self._session)
        self._kept: dict[ir.Table, Any] = {}

    @property
    def session(self) -> Any:
        return self._session

    def capacity(self) -> Capacity:
        context = self._session.sparkContext
        cores_per_task = int(context.getConf().get("spark.task.cpus", "1"))
        slots = max(1, int(context.defaultParallelism) // cores_per_task)
        if not str(context.master).startswith("local"):
            return Capacity(slots, None)
        with DuckDB({}) as engine:
            return Capacity(slots, engine.capacity().memory)

    def for_few_rows(self) -> contextlib.AbstractContextManager[Engine]:
        return DuckDB({}, alone=True)

    def _read(self, store: Store, keys: list[str]) -> ir.Table:
        return self._view(self._files(store, keys))

    def _files(self, store: Store, keys: list[str]) -> Any:
        paths = [_s3a(store, key) for key in keys]
        return self._each(paths) if _unescapable(paths[0]) else self._all(paths)

    def _all(self, paths: list[str]) -> Any:
        names = [_PATTERN.sub(r"\\\g<0>", path) for path in paths]  # of files, not patterns of names
        return self._session.read.option("mergeSchema", "true").parquet(*names)

    def _each(self, paths: list[str]) -> Any:
        """Files with a path that Hadoop does not accept escaped. Spark reads others one at a time."""
        reader = self._session.read.option("__globPaths__", "false")
        frames = [reader.parquet(path) for path in paths]
        return functools.reduce(lambda left, right: left.unionByName(right, allowMissingColumns=True), frames)

    def invalid_text(self, store: Store, keys: Sequence[str]) -> list[str]:
        from pyspark.sql import functions as f

        found = []
        folders: dict[str, list[str]] = {}
        for key in keys:  # one list per table
            folders.setdefault(posixpath.dirname(key), []).append(key)
        for group in folders.values():
            frame = self._files(store, group)
            invalid = f.lit(False)
            for name, kind in frame.dtypes:
                if kind == "string":
                    invalid = invalid | ~f.is_valid_utf8(f.coalesce(f.col(f"`{name}`"), f.lit("")))
            rows = frame.filter(invalid).select(f.input_file_name()).distinct().collect()
            names = {unquote(posixpath.basename(row[0])) for row in rows}
            found += [key for key in group if posixpath.basename(key) in names]
        return found

    def view(self, name: str, store: Store, keys: Sequence[str]) -> None:
        from pyspark.errors import PySparkException

        try:
            self._files(store, list(keys)).createOrReplaceTempView(f"`{name.replace('`', '``')}`")
        except PySparkException as error:
            raise _no_table(store, keys, error) from error

    def sql(self, query: str) -> ir.Table:
        from pyspark.errors import PySparkException

        try:
            return self._view(self._session.sql(query))
        except PySparkException as error:
            raise InputError(f"sql: Spark refuses the query: {error}") from error

    def _view(self, frame: Any) -> ir.Table:
        name = _fresh()
        frame.createOrReplaceTempView(name)
        table = self._con.table(name)
        # Ibis reads Spark's timestamps as times without a zone; DuckDB's are in UTC.
        times = {n: table[n].cast(_UTC_TIME) for n, kind in frame.dtypes if kind == "timestamp"}
        return table.mutate(**times) if times else table

    def table(self, rows: pa.Table) -> ir.Table:
        return self._view(self._session.createDataFrame(rows))

    def keep(self, expr: ir.Table) -> ir.Table:
        # On one machine no worker is lost alone, so a kept table may forget how its rows were made. Spark
        # else plans that again wherever it is read: tests of fingerprinting took 69 CPU s instead of 38.
        if str(self._session.sparkContext.master).startswith("local"):
            return self.keep_step(expr)
        from pyspark import StorageLevel

        return self._known(self._frame(expr).persist(StorageLevel.DISK_ONLY))

    def keep_step(self, expr: ir.Table) -> ir.Table:
        from pyspark import StorageLevel

        # Its blocks are freed once nothing refers to the frame.
        return self._known(self._frame(expr).localCheckpoint(storageLevel=StorageLevel.DISK_ONLY))

    def _known(self, frame: Any) -> ir.Table:
        table = self._view(frame)
        self._kept[table] = frame
        return table

    def drop(self, table: ir.Table) -> None:
        frame = self._kept.pop(table, None)
        if frame is not None:
            frame.unpersist()
            for view in table.op().find(ops.DatabaseTable):
                self._session.catalog.dropTempView(view.name)

    def _frame(self, expr: ir.Table) -> Any:
        for function in expr.op().find(ops.ScalarUDF):
            _carry(function.__func__.__module__)
        self._con._run_pre_execute_hooks(expr)  # registers the expression's Python functions
        return self._session.sql(self._con.compile(expr))

    def to_arrow(self, expr: ir.Table) -> pa.Table:
        return self._frame(expr).toArrow().cast(expr.schema().to_pyarrow())

    def _write(
        self, expr: ir.Table, store: Store, key: str, name: str, sort: Sequence[str], row_group: int
    ) -> list[str]:
        # `row_group` is not used: Spark limits row groups in bytes, and its pages are small in any case.
        scratch = f"{key}/.{_fresh()}"
        frame = self._frame(expr)
        if sort:
            # By hash: by range, Spark would run everything twice. By two columns: a run has one crawl_id.
            frame = frame.repartition(*sort[:2]).sortWithinPartitions(*sort)
        writer = frame.write.option("compression", "zstd")
        try:
            writer.parquet(_s3a(store, scratch))
        except Exception as error:
            if "No space left" in str(error) or "java.io.IOException" in str(error):
                raise OSError(str(error).splitlines()[0]) from error
            raise
        written = store.files(scratch, ".parquet")
        moved = [f"{key}/{name}-{n}.parquet" for n in range(len(written))]
        for source, target in zip(written, moved, strict=True):
            store.move(source, target)
        store.delete(scratch)
        if not moved:
            moved = [f"{key}/{name}-0.parquet"]
            store.write_table(moved[0], expr.schema().to_pyarrow().empty_table())
        return moved

    def close(self) -> None:
        for frame in self._kept.values():
            frame.unpersist()
        self._kept.clear()
        # spark-submit or a notebook stops the session that it began.
        if self._own:
            self._session.stop()


def _spark_session(master: str | None, settings: Mapping[str, str], store: Store | None) -> tuple[Any, bool]:
    """The Spark session, and whether this call began it."""
    java = os.path.join(os.environ["JAVA_HOME"], "bin", "java") if "JAVA_HOME" in os.environ else "java"
    if shutil.which(java) is None:
        raise SoftwareMissing(
            "--engine spark needs Java 17 or 21, and `java` is not there; install it "
            "(Debian: `apt install openjdk-17-jre-headless`) or use --engine duckdb"
        )
    try:
        from pyspark import SparkContext
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise SoftwareMissing(
            '--engine spark needs PySpark; run `pip install "overscripted[spark]"` or use --engine duckdb'
        ) from error
    # Not `getActiveSession`: the JVM knows it by thread, and a thread of Python may get another one there.
    began = SparkContext._active_spark_context is None
    builder = SparkSession.builder.appName("overscripted")
    if master:
        builder = builder.master(master)
    submitted = "PYSPARK_GATEWAY_PORT" in os.environ  # spark-submit's settings take precedence
    local = {} if submitted or not (master or "local").startswith("local") else _LOCAL
    if local:
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    elif "spark.pyspark.python" in settings:  # only spark-submit reads this setting itself
        os.environ["PYSPARK_PYTHON"] = settings["spark.pyspark.python"]
    for key, value in {**local, **_SPARK, **_s3_settings(store, settings), **settings}.items():
        builder = builder.config(key, value)
    with _quiet():
        try:
            session = builder.getOrCreate()
        except Exception as error:
            raise OutsideError(
                f"--engine spark: no session ({str(error).splitlines()[0]}); check --master and --conf"
            ) from error
    session.sparkContext.setLogLevel(settings.get("spark.log.level", "ERROR"))
    return session, began


# Settings for one machine. Driver and executors are one JVM. Nobody reads the web interface. Spark's default
# of 200 shuffle partitions costs more than it helps. The JVM's second compiler begins ten times later than
# by default: in a minute of work it takes a third of the JVM's CPU seconds and does not earn them back.
_LOCAL = {
    "spark.driver.memory": SPARK_DRIVER_MEMORY,
    "spark.driver.defaultJavaOptions": (
        "-XX:Tier4InvocationThreshold=50000 -XX:Tier4MinInvocationThreshold=6000 "
        "-XX:Tier4CompileThreshold=150000 -XX:Tier4BackEdgeThreshold=400000"
    ),
    "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": str(4 * (os.cpu_count() or 1)),
}

# With these settings Spark gives the same rows as DuckDB, and writes files that any reader understands.
_SPARK = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "true",
    "spark.sql.chunkBase64String.enabled": "false",  # no line breaks in base64
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
    "spark.hadoop.parquet.writer.version": "PARQUET_2_0",
    "spark.hadoop.parquet.compression.codec.zstd.level": str(ZSTD_LEVEL),
    "spark.log.level": "ERROR",
    "spark.ui.showConsoleProgress": "false",
}


def _s3_settings(store: Store | None, settings: Mapping[str, str]) -> dict[str, str]:
    """Settings that give Spark's S3 client (S3A) the endpoint and keys of fsspec's, and fetch its library."""
    if store is None or store.local:
        return {}
    client = store.options.get("client_kwargs", {})
    endpoint = (
        store.options.get("endpoint_url")
        or client.get("endpoint_url")
        or os.environ.get("AWS_ENDPOINT_URL_S3", os.environ.get("AWS_ENDPOINT_URL"))
    )
    found = {"spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem"}
    if endpoint:
        found["spark.hadoop.fs.s3a.endpoint"] = endpoint
        found["spark.hadoop.fs.s3a.path.style.access"] = "true"
        found["spark.hadoop.fs.s3a.connection.ssl.enabled"] = str(endpoint.startswith("https")).lower()
    for name, option in (("access.key", "key"), ("secret.key", "secret"), ("session.token", "token")):
        if store.options.get(option):
            found[f"spark.hadoop.fs.s3a.{name}"] = store.options[option]
    if "spark.jars.packages" not in settings and "spark.jars" not in settings:
        found["spark.jars.packages"] = f"org.apache.hadoop:hadoop-aws:{_hadoop_version()}"
    return found


def _hadoop_version() -> str:
    """The version of the Hadoop in this PySpark; S3A must have the same."""
    import pyspark

    jars = os.path.join(os.environ.get("SPARK_HOME", os.path.dirname(pyspark.__file__)), "jars")
    names = os.listdir(jars) if os.path.isdir(jars) else []
    found = [n for n in names if n.startswith("hadoop-client-api-")]
    return found[0].removeprefix("hadoop-client-api-").removesuffix(".jar") if found else "3.4.1"


@contextlib.contextmanager
def _quiet() -> Any:
    """Silence standard error: the JVM writes its banner there as it starts."""
    saved = os.dup(2)
    sink = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(sink, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(sink)


def _s3a(store: Store, key: str) -> str:
    uri = store.uri(key)
    return uri.replace("s3://", "s3a://", 1) if uri.startswith("s3://") else uri


def _unescapable(path: str) -> bool:
    """Whether Hadoop would read a folder of an escaped path as a URL: it resolves such a path in steps."""
    path = path.removeprefix("s3a:")
    return ":" in path and _PATTERN.search(path) is not None


def _parquet(store: Store, key: str | Sequence[str]) -> list[str]:
    if not isinstance(key, str):
        return list(key)
    if key.endswith(".parquet"):
        return [key]
    keys = store.files(key, ".parquet")
    if not keys:
        raise StageMissing(f"{store.uri(key)}: no table here; run the stage that writes it first")
    return keys


def _settings(conf: Mapping[str, str] | Iterable[str] | None) -> dict[str, str]:
    if conf is None or isinstance(conf, Mapping):
        return dict(conf or {})
    found = {}
    for text in conf:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise InputError(f"--conf {text}: write it as KEY=VALUE")
        found[key.strip()] = value
    return found


def _carry(module: str) -> None:
    """Pickle an expression's Python functions whole, so that workers need no installation."""
    from pyspark import cloudpickle

    register: Any = cloudpickle.register_pickle_by_value
    for name in {module.partition(".")[0], "overscripted"} & sys.modules.keys():
        register(sys.modules[name])


def _no_table(store: Store, keys: Sequence[str], error: Exception) -> InputError:
    return InputError(f"{store.uri(keys[0])}: not a table ({str(error).splitlines()[0]}); make it again")


def _plain(settings: Mapping[str, str]) -> dict[str, str]:
    """DuckDB's settings under one name each: it accepts any case, and two names for some."""
    aliases = {"max_memory": "memory_limit", "worker_threads": "threads"}
    return {aliases.get(name.lower(), name.lower()): value for name, value in settings.items()}


def _bytes(text: str) -> int:
    """The bytes of a size as DuckDB writes it, such as ``13.8 GiB``."""
    number, unit = text.split()
    return int(float(number) * 1024 ** ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB").index(unit))


def _fresh() -> str:
    return f"t_{uuid.uuid4().hex}"
