"""Real servers for tests, each in a free place: PostgreSQL and Xvfb from the system's packages, an S3 server.

The S3 server is versitygw, which keeps its objects in files as a real one does, where `make test` could
install it (with Go from its module proxy), else moto, which keeps them in memory.
"""

import contextlib
import glob
import os
import pwd
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import fsspec

START_TIMEOUT_S = 60.0


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def started(name: str, process: subprocess.Popen[bytes], answers: Callable[[], bool]) -> None:
    """Wait until it answers. Raises RuntimeError where it ends or takes too long."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while not answers():
        if time.monotonic() > deadline or process.poll() is not None:
            raise RuntimeError(f"{name} did not start")
        time.sleep(0.05)


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
        asked = ("pg_isready", "-h", "127.0.0.1", "-p", str(self._port))
        started("PostgreSQL", self._process, lambda: not self._run(*asked, check=False))

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
    """An S3-compatible server. ``options`` are for `Store`, ``environment`` for commands."""

    def __init__(self) -> None:
        import s3fs  # noqa: F401  raises ImportError where the extra `s3` is not installed

        self._folder = Path(tempfile.mkdtemp(prefix="overscripted-s3-"))
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.options = {"key": "test", "secret": "test", "client_kwargs": {"endpoint_url": self.endpoint}}
        self.environment = {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": self.endpoint,
        }
        self._versitygw = shutil.which(
            "versitygw", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, with what it held before, and wait until it answers."""
        if self._process and self._process.poll() is None:
            return self.resume()
        keys = {"ROOT_ACCESS_KEY": "test", "ROOT_SECRET_KEY": "test"}
        self._process = subprocess.Popen(
            self._command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **keys}
        )
        started("the S3 server", self._process, self._answers)

    def _command(self) -> list[str]:
        if self._versitygw:
            objects = self._folder / "objects"
            objects.mkdir(exist_ok=True)
            # Attributes beside the objects: not every file system of a temporary folder has its own.
            beside = ["--sidecar", str(self._folder / "attributes")]
            Path(beside[1]).mkdir(exist_ok=True)
            return [self._versitygw, "--port", f"127.0.0.1:{self.port}", "posix", *beside, str(objects)]
        return [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(self.endpoint, timeout=5).close()
        except urllib.error.HTTPError:
            return True  # it refuses whoever has no key
        except OSError:
            return False
        return True

    def make_bucket(self, name: str) -> str:
        """A new bucket; its ``s3://`` URL."""
        fsspec.filesystem("s3", **self.options).mkdir(name)
        return f"s3://{name}"

    def kill(self) -> None:
        """End it at once, as a power failure would; moto, which would forget everything, only stops."""
        assert self._process
        if not self._versitygw:
            return self.pause()
        self._process.kill()
        self._process.wait()

    def pause(self) -> None:
        """Stop answering, as a network that is away."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Answer again."""
        assert self._process
        self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """End it and delete its data."""
        if self._process:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


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
    """A running S3-compatible server. Raises ImportError without s3fs."""
    server = S3()
    try:
        server.start()
        yield server
    finally:
        server.close()


@contextlib.contextmanager
def display(screen: str = "1920x1080x24") -> Iterator[str]:
    """A running X server that draws into memory; its name for DISPLAY, such as ``:3``.

    ``screen`` is width x height x bits per pixel. Raises FileNotFoundError where Xvfb is not installed.
    """
    if not shutil.which("Xvfb"):
        raise FileNotFoundError("Xvfb is not installed (Debian: apt install xvfb)")
    reader, writer = os.pipe()
    # It looks for a free number itself, and writes it once it takes connections.
    command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", screen, "-nolisten", "tcp"]
    process = subprocess.Popen(
        command, pass_fds=[writer], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    os.close(writer)
    try:
        with os.fdopen(reader) as said:
            readable, _, _ = select.select([said], [], [], START_TIMEOUT_S)
            number = said.readline().strip() if readable else ""
        if not number:
            raise RuntimeError("Xvfb did not start")
        yield f":{number}"
    finally:
        process.terminate()  # not killed: it removes its lock and socket
        process.wait(30)
