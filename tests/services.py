"""Real servers for tests: PostgreSQL from the system's packages, S3 by moto, each on a free port."""

import contextlib
import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

START_TIMEOUT_S = 60.0


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Postgres:
    """A PostgreSQL server on a temporary folder. ``url`` is for SQLAlchemy and psycopg."""

    def __init__(self) -> None:
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
        programs = found[-1] if found else shutil.which("initdb")
        if not programs:
            raise FileNotFoundError("PostgreSQL is not installed (Debian: apt install postgresql)")
        self._bin = Path(programs).parent
        self._folder = Path(tempfile.mkdtemp(prefix="overscripted-postgres-"))
        self._port = free_port()
        self.url = f"postgresql://postgres@127.0.0.1:{self._port}/postgres"
        self._process: subprocess.Popen[bytes] | None = None
        if os.geteuid() == 0:  # the server refuses to run as root
            shutil.chown(self._folder, "postgres", "postgres")
        self._run("initdb", "-D", str(self._folder / "data"), "-U", "postgres", "-A", "trust", "--no-sync")

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = f"-p {self._port} -k {self._folder} -c listen_addresses=127.0.0.1 -c max_connections=200"
        self._process = subprocess.Popen(
            [
                *self._as_user(),
                str(self._bin / "postgres"),
                "-D",
                str(self._folder / "data"),
                *options.split(),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
        )
        deadline = time.monotonic() + START_TIMEOUT_S
        while self._run("pg_isready", "-h", "127.0.0.1", "-p", str(self._port), check=False):
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise RuntimeError("PostgreSQL did not start")
            time.sleep(0.05)

    def kill(self) -> None:
        """End it at once, as a power failure would."""
        assert self._process
        pid = int((self._folder / "data/postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGQUIT)
        self._process.wait(30)

    def close(self) -> None:
        """End it and delete its data."""
        if self._process and self._process.poll() is None:
            self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str, check: bool = True) -> int:
        command = [*self._as_user(), str(self._bin / program), *arguments]
        return subprocess.run(command, check=check, capture_output=True, cwd="/").returncode

    def _as_user(self) -> list[str]:
        if os.geteuid() != 0:
            return []
        pwd.getpwnam("postgres")
        return ["runuser", "-u", "postgres", "--"]


class S3:
    """An S3-compatible server in memory. ``options`` are for `Store`, ``environment`` for commands."""

    def __init__(self) -> None:
        import moto  # noqa: F401  raises ImportError where the extra `dev` is not installed

        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.options = {"key": "test", "secret": "test", "client_kwargs": {"endpoint_url": self.endpoint}}
        self.environment = {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": self.endpoint,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.endpoint}/moto-api/data.json"):
                return
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise RuntimeError("moto's S3 server did not start")
            time.sleep(0.1)

    def make_bucket(self, name: str) -> str:
        """A new bucket; its ``s3://`` URL."""
        request = urllib.request.Request(f"{self.endpoint}/{name}", method="PUT")
        with urllib.request.urlopen(request):
            return f"s3://{name}"

    def pause(self) -> None:
        """Stop answering, as a network that is away."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Answer again."""
        assert self._process
        self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """End it."""
        if self._process:
            self._process.kill()
            self._process.wait()


@contextlib.contextmanager
def postgres() -> Iterator[Postgres]:
    """A running PostgreSQL. Raises FileNotFoundError where it is not installed."""
    server = Postgres()
    try:
        server.start()
        yield server
    finally:
        server.close()


@contextlib.contextmanager
def s3() -> Iterator[S3]:
    """A running S3-compatible server. Raises ImportError without moto."""
    server = S3()
    try:
        server.start()
        yield server
    finally:
        server.close()
