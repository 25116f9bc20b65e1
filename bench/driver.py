"""*The load.* Decides how requests are sent and counted: by processes of their own, over plain sockets.

Knows HTTP/1.1 as far as our answers use it (RFC 9112 §6.2: a length, no chunks); knows no workload. Each process has
one kept connection and one request under way, so as many processes as run are the concurrency.
"""

import secrets
import socket
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Final

CONCURRENCY: Final = 8
NAME: Final = "$" * 16
"""Stands in a request for a user name that was never sent before; as long as each of those."""
SETTLING_SECONDS: Final = 0.2
"""From the hand-out of the work to the common start: every process is connected by then."""
_TIMEOUT_SECONDS: Final = 30.0
_READ_BYTES: Final = 256 * 1024


class UnexpectedAnswerError(Exception):
    """A request was not answered as its workload says, so a rate of it would mean nothing."""


def count_until(ends_at: float, step: Callable[[str], None]) -> int:
    """Call ``step`` with new user names until then, by the monotonic clock; return how many calls ended in time."""
    prefix, done = secrets.token_hex(4), 0
    while True:
        step(f"{prefix}{done:08d}")
        if time.monotonic() > ends_at:
            return done
        done += 1


def rate(pool: ProcessPoolExecutor, port: int, requests: tuple[bytes, ...], status: int, seconds: float) -> float:
    """Return how many of the requests, sent in turn, the server on ``port`` answers in a second.

    Raises:
        UnexpectedAnswerError: an answer has another status, no length, or does not come whole.
    """
    starts_at = time.monotonic() + SETTLING_SECONDS  # a clock that all processes share
    counts = []
    for place in range(CONCURRENCY):
        # Each process begins elsewhere in the list, so that they do not ask for the same at the same time.
        first = len(requests) * place // CONCURRENCY
        turn = requests[first:] + requests[:first]
        counts.append(pool.submit(_send, port, turn, status, starts_at, seconds))
    return sum(count.result() for count in counts) / seconds


def _send(port: int, requests: tuple[bytes, ...], status: int, starts_at: float, seconds: float) -> int:
    sent = 0
    with socket.create_connection(("127.0.0.1", port), _TIMEOUT_SECONDS) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def step(name: str) -> None:
            nonlocal sent
            request = requests[sent % len(requests)]
            connection.sendall(request.replace(NAME.encode(), name.encode()))
            if (answered := _read_answer(connection)) != status:
                raise UnexpectedAnswerError(f"{request[:60]!r} was answered with {answered}, not {status}.")
            sent += 1

        time.sleep(max(0.0, starts_at - time.monotonic()))
        return count_until(starts_at + seconds, step)


def _read_answer(connection: socket.socket) -> int:
    """Read one whole answer; return its status."""
    answer = bytearray(_read(connection))
    while (end := answer.find(b"\r\n\r\n")) < 0:
        answer += _read(connection)
    head = bytes(answer[:end]).lower()
    _, found, rest = head.partition(b"\r\ncontent-length:")
    if not found:
        raise UnexpectedAnswerError(f"An answer has no length: {head!r}")
    missing = end + 4 + int(rest.partition(b"\r\n")[0]) - len(answer)
    while missing > 0:
        missing -= len(_read(connection))
    return int(head.split(b" ", 2)[1])


def _read(connection: socket.socket) -> bytes:
    data = connection.recv(_READ_BYTES)
    if not data:
        raise UnexpectedAnswerError("The server closed the connection.")
    return data
