"""Servers as an operator starts them: processes of their own, on loopback, stopped by whoever started them."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from musterbook.cli import application
from tests.postgres import SECRET_KEY

COMMAND = (sys.executable, "-m", "musterbook")
START_SECONDS = 30
STOP_SECONDS = 40


class CommandFailedError(Exception):
    """A command ended with another code than 0."""


def run_command(
    *arguments: str, folder: Path, expected: int = 0, output: Literal["stdout", "stderr"] = "stdout"
) -> str:
    """Run ``musterbook`` with these arguments and return its standard output, or what it says beside it.

    It runs in this process, which saves the second that starting one takes; ``tests/cli/test_process.py`` starts them.
    """
    streams = {name: io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for name in ("stdout", "stderr")}
    kept = dict(os.environ)
    with chdir(folder), redirect_stdout(streams["stdout"]), redirect_stderr(streams["stderr"]):
        try:
            os.environ.clear()
            os.environ.update(environment(kept))
            code = application.run_command(arguments)
        finally:
            os.environ.clear()
            os.environ.update(kept)
    said = {name: _text_of(stream) for name, stream in streams.items()}
    if code != expected:
        raise CommandFailedError(f"{arguments} ended with {code}: {said['stdout']}{said['stderr']}")
    return said[output]


def _text_of(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()


def environment(given: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment for a server, without settings of whoever runs the tests."""
    return {name: value for name, value in given.items() if not name.startswith("MUSTERBOOK_")}


class Server:
    """A running ``musterbook serve``."""

    def __init__(self, database: str, folder: Path, *, port: int = 0, arguments: Sequence[str] = ()) -> None:
        self.database = database
        self.folder = folder
        self.arguments = tuple(arguments)
        self._log = (folder / f"server-{os.urandom(4).hex()}.log").open("wb")
        self._reader: threading.Thread | None = None
        self._process = subprocess.Popen(
            [*COMMAND, "serve", "--database", database, "--port", str(port), "--json", *arguments],
            cwd=folder,
            env=environment() | ({} if database.startswith("sqlite:") else {"MUSTERBOOK_SECRET_KEY": SECRET_KEY}),
            stdout=subprocess.PIPE,
            stderr=self._log,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self.stop()
            raise CommandFailedError(f"The server did not start: {Path(self._log.name).read_text()[-2000:]}")
        self.address: str = json.loads(line)["address"]
        # A pipe that nobody reads fills up, and the server would wait for it.
        self._reader = threading.Thread(target=self._log.writelines, args=(self._process.stdout,))
        self._reader.start()

    @property
    def scim_url(self) -> str:
        """The SCIM base URL."""
        return f"{self.address}/scim/v2"

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return urlsplit(self.address).port or 0

    @property
    def pid(self) -> int:
        """The process that was started."""
        return self._process.pid

    @property
    def log(self) -> str:
        """What it has logged."""
        return Path(self._log.name).read_text(encoding="utf-8", errors="replace")

    def kill(self) -> None:
        """End it without warning."""
        self._process.send_signal(signal.SIGKILL)
        self._wait()

    def stop(self) -> int:
        """Ask it to end, as a service manager does; return its exit code."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        return self._wait()

    def _wait(self) -> int:
        try:
            code = self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise
        finally:
            if self._reader is not None:
                self._reader.join(STOP_SECONDS)
            if self._process.stdout is not None:
                self._process.stdout.close()
            self._log.close()
        return code


@contextmanager
def serving(database: str, folder: Path, *, port: int = 0, arguments: Sequence[str] = ()) -> Iterator[Server]:
    """Give a server for the length of the block."""
    server = Server(database, folder, port=port, arguments=arguments)
    try:
        yield server
    finally:
        server.stop()


class Client:
    """A SCIM client with one kept connection, opened again when the server has closed it."""

    def __init__(self, address: str, key: str) -> None:
        parts = urlsplit(address)
        self._connection = HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        self._key = key

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def request(
        self, method: str, path: str, body: object = None, *, if_match: str | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Send one request below the SCIM base URL; return status and decoded body (`Any`: JSON of any shape).

        Raises:
            OSError, HTTPException: no answer; whether it was done is unknown.
        """
        payload = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/scim+json"}
        if if_match is not None:
            headers["If-Match"] = if_match
        try:
            self._connection.request(method, f"/scim/v2{path}", payload, headers)
            response = self._connection.getresponse()
            text = response.read()
        except BaseException:
            self._connection.close()
            raise
        return response.status, json.loads(text) if text else {}
