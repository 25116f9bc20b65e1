"""Clients that send at a rate of their own, whether or not they are answered, and how long they wait for each answer.

Each runs in a process of its own, so that one that sends much does not slow down the clock of another.
"""

import asyncio
import json
import math
import secrets
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

import uvloop

from tests.journeys.writing import PATCH_SCHEMA

NAME = "$" * 16
"""Stands in a request for a text that was never sent before."""
_TICK_SECONDS = 0.001
_END = b"\r\n\r\n"


@dataclass(frozen=True)
class Load:
    """What one client sends: the requests in turn, so many a second, over as many connections as it needs."""

    port: int
    requests: tuple[bytes, ...]
    per_second: float
    seconds: float
    connections: int


@dataclass
class Report:
    """What came of it."""

    durations: list[float] = field(default_factory=list)
    """Of each answered request, in seconds."""
    statuses: Counter[int] = field(default_factory=Counter)
    unsent: int = 0
    """Requests for which no connection was free: the server was slower than they came."""

    @property
    def p99(self) -> float:
        """The time within which 99 of 100 requests were answered."""
        return sorted(self.durations)[math.ceil(0.99 * len(self.durations)) - 1]


def send(load: Load) -> Report:
    """Send the requests; return how they were answered."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_send(load))


async def _send(load: Load) -> Report:
    loop = asyncio.get_running_loop()
    made = [await loop.create_connection(_Line, "127.0.0.1", load.port) for _ in range(load.connections)]
    idle = deque(line for _, line in made)
    report = Report()
    under_way: set[asyncio.Task[None]] = set()

    async def ask(line: _Line, request: bytes) -> None:
        begun = time.perf_counter()
        status = await line.ask(request.replace(NAME.encode(), secrets.token_hex(8).encode()))
        report.durations.append(time.perf_counter() - begun)
        report.statuses[status] += 1
        idle.append(line)

    begun, sent = time.perf_counter(), 0
    while (passed := time.perf_counter() - begun) < load.seconds:
        for number in range(sent, int(passed * load.per_second)):
            sent += 1
            if not idle:
                report.unsent += 1
                continue
            task = asyncio.create_task(ask(idle.popleft(), load.requests[number % len(load.requests)]))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        await asyncio.sleep(_TICK_SECONDS)
    await asyncio.gather(*under_way)
    for transport, _ in made:
        transport.close()
    return report


class _Line(asyncio.Protocol):
    """One connection with one request under way at a time."""

    def __init__(self) -> None:
        self._received = b""
        self._status: asyncio.Future[int] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # a stream's it is
        self._transport = transport

    async def ask(self, request: bytes) -> int:
        """Send a request; return the status of its answer."""
        self._status = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._status

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, _ = self._received.partition(_END)
        if not found:
            return
        length = int(head.lower().partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0])
        if self._status is not None and len(self._received) >= len(head) + len(_END) + length:
            self._received = b""
            self._status.set_result(int(head.split(b" ", 2)[1]))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._status is not None and not self._status.done():
            self._status.set_exception(exc or ConnectionError("the server closed the connection"))


# What providers send


def look_ups(key: str, people: Sequence[tuple[str, str]]) -> list[bytes]:
    """Return requests that look each of the people up by name."""
    return [request(key, "GET", "/Users?filter=" + quote(f'userName eq "{name}"')) for _, name in people]


def reads(key: str, people: Sequence[tuple[str, str]]) -> list[bytes]:
    """Return requests that read each of the people."""
    return [request(key, "GET", f"/Users/{id_}") for id_, _ in people]


def changes(key: str, people: Sequence[tuple[str, str]]) -> list[bytes]:
    """Return requests that change each of the people."""
    operation = {"op": "replace", "path": "title", "value": NAME}
    body = {"schemas": [PATCH_SCHEMA], "Operations": [operation]}
    return [request(key, "PATCH", f"/Users/{id_}", body) for id_, _ in people]


def creation(key: str) -> bytes:
    """Return a request that creates somebody."""
    return request(key, "POST", "/Users", person(f"{NAME}@example.com"))


def mixed(key: str, people: Sequence[tuple[str, str]]) -> tuple[bytes, ...]:
    """Return what providers send: two look-ups, a read, a change and a creation in turn."""
    found, read, changed = look_ups(key, people), reads(key, people), changes(key, people)
    turns = zip(found, read, found[::-1], changed, strict=True)
    return tuple(one for turn in turns for one in (*turn, creation(key)))


def person(user_name: str) -> dict[str, object]:
    """Return somebody, as a provider sends people."""
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": user_name,
        "name": {"givenName": "Ada", "familyName": "Lovelace"},
        "emails": [{"value": user_name, "type": "work", "primary": True}],
        "active": True,
    }


def request(key: str, method: str, path: str, body: object = None) -> bytes:
    """Return the bytes of a request."""
    content = b"" if body is None else json.dumps(body).encode()
    head = f"{method} /scim/v2{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
    if content:
        head += f"Content-Type: application/scim+json\r\nContent-Length: {len(content)}\r\n"
    return f"{head}\r\n".encode() + content
