"""A mail server on loopback, and a carrier of letters that keeps them, for the tests of identity."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from musterbook.identity.mail import Letter, MailError


@dataclass
class KeptMail:
    """Keeps letters, or takes none."""

    letters: list[Letter] = field(default_factory=list)
    takes_letters: bool = True

    @property
    def is_carried(self) -> bool:
        """Whether letters reach anybody."""
        return True

    async def send(self, letter: Letter) -> None:
        """Keep a letter."""
        if not self.takes_letters:
            raise MailError("The mail server is away.")
        self.letters.append(letter)


@dataclass
class Letterbox:
    """A mail server that speaks no TLS (RFC 5321), and what it was told."""

    port: int = 0
    refuses: bool = False
    commands: list[str] = field(default_factory=list)
    letters: list[str] = field(default_factory=list)
    clients: list[asyncio.Task[None]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speak with one client."""
        if (task := asyncio.current_task()) is not None:
            self.clients.append(task)
        writer.write(b"220 letterbox\r\n")
        while line := (await reader.readline()).decode().rstrip("\r\n"):
            self.commands.append(line)
            verb = line.split(" ")[0].upper()
            if verb == "DATA":
                writer.write(b"354 go on\r\n")
                self.letters.append((await reader.readuntil(b"\r\n.\r\n")).decode())
            answer = {"QUIT": b"221 bye", "RCPT": b"550 canary-token" if self.refuses else b"250 ok"}
            writer.write(answer.get(verb, b"250 ok") + b"\r\n")
            await writer.drain()
            if verb == "QUIT":
                break
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


@asynccontextmanager
async def open_letterbox(host: str = "127.0.0.1") -> AsyncIterator[Letterbox]:
    """Yield a mail server on a free port."""
    box = Letterbox()
    server = await asyncio.start_server(box.serve, host, 0)
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()
        await asyncio.gather(*box.clients)
        await server.wait_closed()
