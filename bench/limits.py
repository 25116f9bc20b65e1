"""*The limits.* Decides what our server is compared with, on the same machine and in the same minutes.

* **HTTP alone**: an application that reads the request and answers ``{}``, under our server's own uvicorn settings.
* **SQLite alone**: one process that writes the rows of a create, one commit each, with our writer's own settings. The
  rows are copied from a create that our server did, so the two cannot drift apart.
"""

import gc
import multiprocessing
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, TypeAlias

import uvicorn
from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, Scope

from bench.driver import count_until
from musterbook.storage.sqlite.connection import Value, connect_writer

# Not a second list of the same settings: that one would be forgotten when the first one changes.
from musterbook.web.server import _config, bind

_TABLES: Final = {"resources": "id", "indexed_values": "id", "revisions": "resource_id", "events": "resource_id"}
"""The tables into which a create inserts, and the column that holds the resource's id."""
_COUNT: Final = "UPDATE counters SET total = total + 1 WHERE resource_type = 'User'"

Rows: TypeAlias = list[tuple[str, tuple[Value, ...]]]
"""Statements with their parameters."""


async def _answer_nothing(_: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    message = await receive()
    while message["type"] == "http.request" and message["more_body"]:
        message = await receive()
    headers = [(b"content-type", b"application/scim+json"), (b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers, "trailers": False})
    await send({"type": "http.response.body", "body": b"{}", "more_body": False})


def _serve_nothing(bound: socket.socket) -> None:
    gc.collect()
    gc.freeze()  # as our server does
    uvicorn.Server(_config(_answer_nothing)).run([bound])


@contextmanager
def http_alone() -> Iterator[int]:
    """Serve the application that answers ``{}`` in a process for the length of the block; yield the port."""
    # The socket listens already, so whoever connects too early waits instead of failing.
    with closing(bind("127.0.0.1", 0)) as bound:
        process = multiprocessing.get_context("spawn").Process(target=_serve_nothing, args=(bound,), daemon=True)
        process.start()
        port: int = bound.getsockname()[1]
    try:
        yield port
    finally:
        process.terminate()
        process.join()
        process.close()


def rows_of_create(path: Path, resource_id: str) -> Rows:
    """Return the rows that the create of this resource left in the database, as statements that insert them."""
    rows: Rows = []
    with closing(sqlite3.connect(path)) as connection:
        for table, column in _TABLES.items():
            found = connection.execute(f"SELECT * FROM {table} WHERE {column} = ?", (resource_id,))  # noqa: S608  ours
            columns = [described[0] for described in found.description]
            statement = f"INSERT INTO {table} VALUES ({', '.join('?' * len(columns))})"  # noqa: S608  the name is ours
            for row in found:
                # SQLite itself gives an event its position.
                values = (None if name == "position" else value for name, value in zip(columns, row, strict=True))
                rows.append((statement, tuple(values)))
    return rows


def create_directly(path: Path, rows: Rows, resource_id: str, user_name: str, seconds: float) -> int:
    """Write such creates, each under another name in a transaction of its own; return how many were done in time."""
    with closing(connect_writer(path)) as connection:

        def step(name: str) -> None:
            new_id = name.rjust(len(resource_id), "0")
            connection.execute("BEGIN IMMEDIATE")
            for statement, values in rows:
                renamed = [
                    value.replace(resource_id, new_id).replace(user_name, name) if isinstance(value, str) else value
                    for value in values
                ]
                connection.execute(statement, renamed)
            connection.execute(_COUNT)
            connection.execute("COMMIT")

        return count_until(time.monotonic() + seconds, step)
