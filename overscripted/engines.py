"""The engines that run Ibis expressions on a run's tables: DuckDB in this process, or Spark.

Expressions are written once; only this file knows how each engine runs them. Both compare and cast as
UTC, strict and case-sensitive, so that the same expression gives the same rows. The etl uses Spark in two
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

from overscripted.errors import InputError, OutsideError, SoftwareMissing, StageMissing, WriteError
from overscripted.sql import quoted
from overscripted.store import Store

NAMES = ("duckdb", "spark")

# DuckDB may use this share of memory before it spills to its temporary folder: the browser, Python
# and the page cache keep the rest.
DUCKDB_MEMORY_PERCENT = 60
# Rows a row group, and zstd's level. Measured on the study's sample, sorted by location: 47 bytes a call at
# 122,880 rows and level 3, 42 at 491,520 rows. There level 3 took 2.6 CPU s to write 42 bytes a call,
# 6 took 3.6 s for 39, 9 took 4.7 s for 37; of generated calls 3 took 4.6 s for 68, 6 took 7.4 s for 61,
# 9 took 11 s for 59.
ROW_GROUP = 491_520
# Of tables of which readers want few rows here and there. DuckDB writes one page a column and row group, so
# that who wants one URL decompresses all of a group's, 100 MB in large groups: a search among 870,000
# references took 0.29 CPU s in these, 0.14 in small ones, which take 13 % more bytes.
SMALL_ROW_GROUP = 20_480
ZSTD_LEVEL = 6
# Local Spark holds driver and executors in one JVM, whose own default is 1 GB.
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
        """Those of these Parquet files whose text is not UTF-8 and that this engine would still read."""
        return []

    @abstractmethod
    def table(self, rows: pa.Table) -> ir.Table:
        """Rows in memory as a table (small ones: dimensions)."""

    @abstractmethod
    def keep(self, expr: ir.Table) -> ir.Table:
        """The expression evaluated once, kept (spilling to disk) until `drop` or the end."""

    @abstractmethod
    def drop(self, table: ir.Table) -> None:
        """Forget what `keep` holds."""

    @abstractmethod
    def to_arrow(self, expr: ir.Table) -> pa.Table:
        """The rows of an expression, in memory: for small results."""

    def write(
        self,
        expr: ir.Table,
        store: Store,
        key: str,
        name: str = "part",
        sort: Sequence[str] = (),
        row_group: int = ROW_GROUP,
    ) -> list[str]:
        """Write rows as ``key/<name>-….parquet`` (zstd), at least one file; their keys.

        Files already there stay, so that a table grows by parts. Each file's rows are in the order
        of the columns ``sort``; ``row_group`` is in rows. Raises WriteError where the storage is full or
        out of reach, or a file that the rows come from is damaged.
        """
        store.make_folder(key)
        try:
            return self._write(expr, store, key, name, sort, row_group)
        except OSError as error:
            reason = str(error).splitlines()[0]
            raise WriteError(
                f"{store.uri(key)}: cannot be written: {reason}; free space or rights"
            ) from error

    @abstractmethod
    def _write(
        self, expr: ir.Table, store: Store, key: str, name: str, sort: Sequence[str], row_group: int
    ) -> list[str]: ...

    @property
    def session(self) -> Any:
        """The SparkSession whose workers can make batches; None where the engine has no workers."""
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
        """Release what the engine holds, its temporary files too."""

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
    ``spark-submit`` decides, or all cores of this machine. ``store`` is needed where a run on
    object storage is to be read by Spark, whose S3 client is set up from it.
    ``alone``: no expression will join its tables with those of another engine of this process; what it has
    compiled then serves those that come after it.
    Raises InputError for an unknown name or setting, SoftwareMissing without Java or PySpark.
    """
    settings = _settings(conf)
    if name == "duckdb":
        if master:
            raise InputError("--master is Spark's: add --engine spark, or leave it out")
        return DuckDB(settings, alone)
    if name == "spark":
        return Spark(master, settings, store)
    raise InputError(f"--engine {name}: unknown; choose one of {', '.join(NAMES)}")


def copy_options(row_group: int = ROW_GROUP) -> str:
    """How DuckDB's COPY writes our tables. ``row_group`` in rows.

    V2 pages: delta encodings for numbers and sorted text; read by pyarrow, DuckDB, Spark, Polars.
    """
    level = f"COMPRESSION zstd, COMPRESSION_LEVEL {ZSTD_LEVEL}"
    return f"FORMAT parquet, {level}, PARQUET_VERSION V2, ROW_GROUP_SIZE {row_group}"


# DuckDB's SQL of expressions: Ibis takes a second for those of a batch, which are the same for the next.
_COMPILED: dict[ops.Node, str] = {}
_COMPILED_MOST = 200

_PATTERN = re.compile(r"[\\*?\[\]{}]")  # what DuckDB or Hadoop takes for more than a character of a path


class _Files(DirFileSystem):  # type: ignore[misc]  # fsspec has no types
    """A store's files under a scheme of their own, as DuckDB names them: ``scheme://key``.

    A key is a name and never a pattern, and so is the store's root, which DuckDB does not see.
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
        self._folder = ""  # of our own, to be deleted
        if "temp_directory" not in self.settings:
            _usable(tempfile.gettempdir(), "TMPDIR=FOLDER")
            self._folder = self.settings["temp_directory"] = tempfile.mkdtemp(prefix="overscripted-duckdb-")
        else:
            _usable(self.settings["temp_directory"], "--conf temp_directory=FOLDER")
        import duckdb  # here, so that commands that need no engine start fast

        try:
            # To Ibis connections with the same settings are the same, and so are their tables of one name.
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
        self._names = (f"t{n}" for n in itertools.count()) if alone else iter(_fresh, None)
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

    def _uris(self, store: Store, keys: list[str]) -> list[str]:
        """What DuckDB opens: paths, or names under a scheme of our own, for object storage and where a
        path would be a pattern.

        Under ``s3://`` DuckDB would load its own client, which it downloads at run time.
        """
        if store.local and not _PATTERN.search(store.root):
            return [store.path(key) for key in keys]
        if store.url not in self._stores:
            scheme = self._stores[store.url] = f"run{len(self._stores)}"
            self._con.con.register_filesystem(_Files(scheme, store))
        return [f"{self._stores[store.url]}://{key}" for key in keys]

    def _read(self, store: Store, keys: list[str]) -> ir.Table:
        files = self._uris(store, keys)
        return self._con.read_parquet(
            files, table_name=next(self._names), union_by_name=True, hive_partitioning=False
        )

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
        """The expression in DuckDB's SQL, in the types Ibis says: its own sums are 128 bits wide."""
        self._con._run_pre_execute_hooks(expr)  # registers the expression's Python functions
        known, expression = self._compiled, expr.op()
        if expression not in known:
            if len(known) >= _COMPILED_MOST:
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
        (uri,) = self._uris(store, [file])
        order = " ORDER BY " + ", ".join(f'"{column}"' for column in sort) if sort else ""
        # With this pass DuckDB marks columns that happen to hold no NULL as required, so that the
        # files of one table would differ in schema.
        self._con.con.execute("SET disabled_optimizers = 'statistics_propagation'")
        try:
            rows = f"{self._sql(expr)}{order}"
            self._con.con.execute(f"COPY ({rows}) TO {quoted(uri)} ({copy_options(row_group)})")
        except duckdb.IOException as error:
            raise OSError(str(error)) from error
        except duckdb.OutOfMemoryException as error:
            raise OutsideError(
                f"{store.uri(key)}: too little memory to sort its rows; give more (--conf memory_limit=8GB) "
                "to fewer at a time (--conf threads=1; on Spark spark.executor.pyspark.memory or fewer cores)"
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


_MOMENT = dt.Timestamp(timezone="UTC", scale=6)


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
        """Files whose path Hadoop does not take escaped. Unescaped Spark takes them only one by one."""
        reader = self._session.read.option("__globPaths__", "false")
        frames = [reader.parquet(path) for path in paths]
        return functools.reduce(lambda all_, one: all_.unionByName(one, allowMissingColumns=True), frames)

    def invalid_text(self, store: Store, keys: Sequence[str]) -> list[str]:
        from pyspark.sql import functions as f

        found = []
        shapes: dict[str, list[str]] = {}
        for key in keys:  # a table each
            shapes.setdefault(posixpath.dirname(key), []).append(key)
        for some in shapes.values():
            frame = self._files(store, some)
            invalid = f.lit(False)
            for name, kind in frame.dtypes:
                if kind == "string":
                    invalid = invalid | ~f.is_valid_utf8(f.coalesce(f.col(f"`{name}`"), f.lit("")))
            rows = frame.filter(invalid).select(f.input_file_name()).distinct().collect()
            names = {unquote(posixpath.basename(row[0])) for row in rows}
            found += [key for key in some if posixpath.basename(key) in names]
        return found

    def _view(self, frame: Any) -> ir.Table:
        name = _fresh()
        frame.createOrReplaceTempView(name)
        table = self._con.table(name)
        # Ibis reads Spark's moments as times without a zone; DuckDB's have UTC.
        moments = {n: table[n].cast(_MOMENT) for n, kind in frame.dtypes if kind == "timestamp"}
        return table.mutate(**moments) if moments else table

    def table(self, rows: pa.Table) -> ir.Table:
        return self._view(self._session.createDataFrame(rows))

    def keep(self, expr: ir.Table) -> ir.Table:
        from pyspark import StorageLevel

        frame = self._frame(expr).persist(StorageLevel.DISK_ONLY)
        table = self._view(frame)
        self._kept[table] = frame
        return table

    def drop(self, table: ir.Table) -> None:
        frame = self._kept.pop(table, None)
        if frame is not None:
            frame.unpersist()

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
        # Row groups are counted in bytes here; pages are small in any of them.
        scratch = f"{key}/.{_fresh()}"
        frame = self._frame(expr)
        if sort:
            # By hash, not by range, which would run everything twice; by two columns: a run has one crawl_id.
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
        # A session that spark-submit or a notebook began is theirs to stop.
        if self._own:
            self._session.stop()


def _spark_session(master: str | None, settings: Mapping[str, str], store: Store | None) -> tuple[Any, bool]:
    """The session, and whether it began here."""
    java = os.path.join(os.environ["JAVA_HOME"], "bin", "java") if "JAVA_HOME" in os.environ else "java"
    if shutil.which(java) is None:
        raise SoftwareMissing(
            "--engine spark needs Java 17 or 21, and `java` is not there; install it "
            "(Debian: `apt install openjdk-17-jre-headless`) or use --engine duckdb"
        )
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise SoftwareMissing(
            '--engine spark needs PySpark; run `pip install "overscripted[spark]"` or use --engine duckdb'
        ) from error
    active = SparkSession.getActiveSession()
    builder = SparkSession.builder.appName("overscripted")
    if master:
        builder = builder.master(master)
    submitted = "PYSPARK_GATEWAY_PORT" in os.environ  # by spark-submit: its settings stand
    local = {} if submitted or not (master or "local").startswith("local") else _LOCAL
    if local:
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    elif "spark.pyspark.python" in settings:  # else only spark-submit would heed it
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
    return session, active is None


# One machine: driver and executors are one JVM, a web interface has no reader, and 200 shuffle
# partitions (Spark's default) cost more than they help. The JVM's second compiler begins ten times later
# than by default: in a minute of work it takes a third of the JVM's CPU seconds and does not earn them back.
_LOCAL = {
    "spark.driver.memory": SPARK_DRIVER_MEMORY,
    "spark.driver.defaultJavaOptions": (
        "-XX:Tier4InvocationThreshold=50000 -XX:Tier4MinInvocationThreshold=6000 "
        "-XX:Tier4CompileThreshold=150000 -XX:Tier4BackEdgeThreshold=400000"
    ),
    "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": str(4 * (os.cpu_count() or 1)),
}

# What makes Spark answer as DuckDB does, and write files that any reader understands.
_SPARK = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "true",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
    "spark.hadoop.parquet.writer.version": "PARQUET_2_0",
    "spark.hadoop.parquet.compression.codec.zstd.level": str(ZSTD_LEVEL),
    "spark.log.level": "ERROR",
    "spark.ui.showConsoleProgress": "false",
}


def _s3_settings(store: Store | None, settings: Mapping[str, str]) -> dict[str, str]:
    """Spark's S3 client (S3A) told what fsspec's was told: endpoint, keys; and its library fetched."""
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
    """The Hadoop that this PySpark ships: S3A must be of the same version."""
    import pyspark

    jars = os.path.join(os.environ.get("SPARK_HOME", os.path.dirname(pyspark.__file__)), "jars")
    names = os.listdir(jars) if os.path.isdir(jars) else []
    found = [n for n in names if n.startswith("hadoop-client-api-")]
    return found[0].removeprefix("hadoop-client-api-").removesuffix(".jar") if found else "3.4.1"


@contextlib.contextmanager
def _quiet() -> Any:
    """Start the JVM without its banner: it writes to the process's own standard error."""
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
    """Whether Hadoop, which looks for what is escaped folder by folder, takes a folder for a URL."""
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
    """Send an expression's Python functions to the workers whole, so that they need no installation."""
    from pyspark import cloudpickle

    register: Any = cloudpickle.register_pickle_by_value
    for name in {module.partition(".")[0], "overscripted"} & sys.modules.keys():
        register(sys.modules[name])


def _plain(settings: Mapping[str, str]) -> dict[str, str]:
    """DuckDB's settings under one name each: it takes any case, and two for some."""
    aliases = {"max_memory": "memory_limit", "worker_threads": "threads"}
    return {aliases.get(name.lower(), name.lower()): value for name, value in settings.items()}


def _bytes(text: str) -> int:
    """Bytes of a size as DuckDB writes it: ``13.8 GiB``."""
    number, unit = text.split()
    return int(float(number) * 1024 ** ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB").index(unit))


def _fresh() -> str:
    return f"t_{uuid.uuid4().hex}"
