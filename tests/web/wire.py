"""Bytes on a line: a running server, and a client that sends exactly what it is given."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.parser import BytesParser
from pathlib import Path
from urllib.parse import urlsplit

from musterbook.web import bind, json_log, serving, url_of
from musterbook.wiring import create_app, open_services
from tests.web.site import LogLines, make_settings

PATIENCE_SECONDS = 15.0
"""How long a test waits for what must come; what takes longer is a failure."""


@dataclass(frozen=True)
class Reply:
    """One answer as it was read from the line."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Line:
    """A connection to a server."""

    connection: socket.socket
    _received: bytes = b""

    def send(self, *parts: bytes, pause: float = 0.0) -> None:
        """Send these bytes, one part after the other."""
        for part in parts:
            self.connection.sendall(part)
            if pause:
                time.sleep(pause)

    def read(self, *, of: str = "GET") -> Reply:
        """Return the next answer; ``of`` is the method that it answers."""
        head = self._read_until(b"\r\n\r\n")
        status_line, _, fields = head.partition(b"\r\n")
        headers = {name.lower(): value for name, value in BytesParser().parsebytes(fields).items()}
        length = 0 if of == "HEAD" else int(headers.get("content-length", "0"))
        while len(self._received) < length:
            self._receive()
        body, self._received = self._received[:length], self._received[length:]
        return Reply(int(status_line.split()[1]), headers, body)

    def read_rest(self) -> bytes:
        """Return everything until the server closes the connection."""
        with contextlib.suppress(ConnectionResetError, EOFError):
            while True:
                self._receive()
        rest, self._received = self._received, b""
        return rest

    def is_closed(self) -> bool:
        """Wait for what the server does next; return whether that is to close the connection."""
        try:
            return not self._received and not self.connection.recv(1, socket.MSG_PEEK)
        except ConnectionResetError:
            return True

    def _read_until(self, end: bytes) -> bytes:
        while end not in self._received:
            self._receive()
        found, _, self._received = self._received.partition(end)
        return found + end

    def _receive(self) -> None:
        received = self.connection.recv(65536)
        if not received:
            raise EOFError("the server closed the connection")
        self._received += received


@dataclass
class Running:
    """A server on loopback."""

    url: str
    secret: str
    log: LogLines = field(default_factory=LogLines)

    @contextlib.contextmanager
    def line(self) -> Iterator[Line]:
        """Open a connection."""
        address = urlsplit(self.url)
        assert address.hostname is not None
        assert address.port is not None
        with socket.create_connection((address.hostname, address.port), PATIENCE_SECONDS) as connection:
            yield Line(connection)

    def head(self, method: str, path: str, *fields: str, key: bool = True) -> bytes:
        """Return the head of a request."""
        lines = [f"{method} /scim/v2{path} HTTP/1.1", "Host: directory.test", *fields]
        if key:
            lines.append(f"Authorization: Bearer {self.secret}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


@contextlib.contextmanager
def running_server(folder: Path) -> Iterator[Running]:
    """Run a server in a thread, with a tenant and a key."""
    bound = bind("127.0.0.1", 0)
    settings = make_settings(folder, base_url=url_of(bound))
    log = LogLines()

    async def prepare() -> str:
        async with open_services(settings) as services:
            created = await services.tenants.create("acme", "Acme", "admin@acme.example", "request-1")
            return (await services.keys.issue(created.tenant.id)).secret

    secret = asyncio.run(prepare())
    with serving(create_app(settings, log=json_log(log)), bound) as url:
        yield Running(url, secret, log)
