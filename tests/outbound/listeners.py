"""Servers on loopback that count who comes, and say what a test wants."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

TLS_HANDSHAKE = b"\x16"

Speak: TypeAlias = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass(slots=True)
class Listener:
    """What a server on loopback has seen."""

    port: int
    connections: int = 0
    heads: list[str] = field(default_factory=list)
    """The head of each request."""
    names: list[str | None] = field(default_factory=list)
    """The name that each TLS client asked for."""


def answer(body: bytes = b"hello", *headers: str, status: str = "200 OK", length: int | None = None) -> Speak:
    """Return what says this answer."""
    stated = len(body) if length is None else length
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {stated}", *headers, "", ""])

    async def speak(writer: asyncio.StreamWriter) -> None:
        writer.write(head.encode() + body)
        await writer.drain()

    return speak


def raw(text: bytes) -> Speak:
    """Return what says these bytes, whether they are HTTP or not."""

    async def speak(writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        await writer.drain()

    return speak


async def silence(_writer: asyncio.StreamWriter) -> None:
    """Say nothing for longer than any test waits."""
    await asyncio.Event().wait()


async def endless(writer: asyncio.StreamWriter) -> None:
    """Say as much as whoever listens takes, without a stated length."""
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(bytes(65_536))
        await writer.drain()


@asynccontextmanager
async def listening(
    speak: Speak, *, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Listener]:
    """Run a server that reads one request on each connection and then speaks."""
    speaking: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "a connection is served by a task"
        speaking.add(task)
        listener.connections += 1
        try:
            head = await reader.readexactly(1)
            # Who begins with TLS where none is spoken sends no end of a head.
            if head != TLS_HANDSHAKE:
                head += await reader.readuntil(b"\r\n\r\n")
                listener.heads.append(head.decode())
            await speak(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            speaking.discard(task)

    listener = Listener(port)
    if tls is not None:
        tls.sni_callback = lambda _socket, name, _context: listener.names.append(name)
    server = await asyncio.start_server(serve, host, port, ssl=tls)
    listener.port = server.sockets[0].getsockname()[1]
    try:
        yield listener
    finally:
        server.close()
        for task in list(speaking):
            task.cancel()
        await asyncio.gather(*speaking, return_exceptions=True)
        await server.wait_closed()


class Names:
    """A resolver: for each look-up of a name the next of its answers, the last one again and again."""

    def __init__(self, **answers: Sequence[Sequence[str]]) -> None:
        self._answers = {name.replace("_", "."): list(given) for name, given in answers.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str, _port: int) -> Sequence[str]:
        """Return the addresses of a name."""
        self.asked.append(host)
        given = self._answers[host]
        return given.pop(0) if len(given) > 1 else given[0]
