"""What a confined process may still do: write into one folder, and nothing else."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from overscripted.store import Store

_PROGRAM = """
import json, os, socket, sys, threading
from overscripted.explore.sql.confine import confine
folder, outside, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
confined = confine(folder, network=False)
tries = {
    "write below": lambda: open(f"{folder}/new", "w").write("x"),
    "read": lambda: open(outside).read(),
    "overwrite": lambda: open(outside, "w"),
    "append": lambda: open(outside, "a"),
    "truncate": lambda: os.truncate(outside, 0),
    "make": lambda: open(f"{outside}.new", "w"),
    "delete": lambda: os.unlink(outside),
    "link": lambda: os.symlink("/", f"{outside}.link"),
    "rename": lambda: os.rename(outside, f"{folder}/moved"),
    "run": lambda: os.execv("/bin/true", ["true"]),
    "connect": lambda: socket.create_connection(("127.0.0.1", port), 5),
}
found = {}
def attempt():
    for name, do in tries.items():
        try:
            do()
            found[name] = ""
        except OSError as error:
            found[name] = type(error).__name__
thread = threading.Thread(target=attempt)
thread.start()
thread.join()
print(json.dumps([confined, found]))
"""


def test_a_confined_process_changes_nothing_outside_its_folder(tmp_path: Path) -> None:
    folder, outside = tmp_path / "spill", tmp_path / "table.parquet"
    folder.mkdir()
    outside.write_text("rows")
    with socket.create_server(("127.0.0.1", 0)) as server:
        arguments = [str(folder), str(outside), str(server.getsockname()[1])]
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM, *arguments], capture_output=True, text=True, check=True
        )
    confined, found = json.loads(done.stdout)
    if not confined:
        pytest.skip("this kernel has no Landlock")
    allowed = {name for name, error in found.items() if not error}
    assert allowed - {"truncate", "connect"} == {"write below", "read"}  # older kernels lack these two
    assert set(found) == {"write below", "read", "overwrite", "append", "truncate", "make", "delete", "link",
                          "rename", "run", "connect"}  # fmt: skip
    if "truncate" not in allowed:
        assert outside.read_text() == "rows"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["spill", "table.parquet"]


_UNCHECKED = """
import json, sys
from overscripted.explore.sql import process
process.tables_of = lambda sql, tables: list(tables)  # as if the check of the statement had a hole
confined, confine = [], process.confine
process.confine = lambda *given, **named: confined.append(confine(*given, **named))
request = json.loads(sys.argv[1])
answers = [process._answered({**request, "sql": sql})[0] for sql in request["sqls"]]
print(json.dumps([confined, [answer.get("error", "") for answer in answers]]))
"""


def test_a_query_writes_no_table_even_where_the_check_of_the_statement_fails(tmp_path: Path) -> None:
    store = Store(tmp_path / "run")
    store.write_table("tables/visits/part-0.parquet", pa.table({"visit_id": [1]}))
    file = Path(store.path("tables/visits/part-0.parquet"))
    before = file.read_bytes()
    (tmp_path / "spill").mkdir()
    copy = f"COPY (SELECT 2 AS visit_id) TO '{file}' (FORMAT parquet, USE_TMP_FILE false)"
    request = {
        "tables": {"visits": ["tables/visits/part-0.parquet"]},
        "url": store.url,
        "options": {},
        "folder": str(tmp_path / "spill"),
        "sqls": ["FROM visits", copy, f"WITH a AS ({copy}) FROM a", "FROM visits"],
    }
    done = subprocess.run(
        [sys.executable, "-c", _UNCHECKED, json.dumps(request)], capture_output=True, text=True, check=True
    )
    confined, (first, copied, within, last) = json.loads(done.stdout)
    if not all(confined):
        pytest.skip("this kernel has no Landlock")
    assert "Cannot open file" in copied and "Cannot open file" in within
    assert (first, last, file.read_bytes()) == ("", "", before)
