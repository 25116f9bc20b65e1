"""Writers that remember what was acknowledged, and the comparison with what a database holds."""

import asyncio
import json
import random
import sqlite3
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.client import HTTPException
from itertools import pairwise
from typing import Any

import asyncpg

from tests.journeys.serving import Client

PATCH_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
RESOURCES = "SELECT id, document, version, revision, account FROM resources WHERE resource_type = 'User'"
REVISIONS = (
    "SELECT resource_id, number, action, document, account, version FROM revisions WHERE resource_type = 'User' "
    "ORDER BY resource_id, number"
)
EVENTS = "SELECT resource_id, revision, type FROM events WHERE resource_type = 'User' ORDER BY resource_id, revision"
TOTALS = "SELECT SUM(total) FROM counters WHERE resource_type = 'User'"


@dataclass
class Person:
    """What a writer knows of one person."""

    user_name: str
    id: str | None = None
    title: int | None = None
    """The last acknowledged title; ``None``: the person was removed."""
    attempted: tuple[str, int | None] | None = None
    """The request whose answer never came."""


@dataclass
class Writer:
    """Creates, changes and removes people of its own until it is told to stop."""

    number: int
    people: list[Person] = field(default_factory=list)
    acknowledged: int = 0

    def run(self, address: str, key: str, stop: threading.Event) -> None:
        """Write until ``stop``, or until the server no longer answers."""
        chance = random.Random(f"{self.number}-{len(self.people)}")
        with Client(address, key) as client:
            while not stop.is_set():
                try:
                    self._write(client, chance)
                except (OSError, HTTPException):
                    return

    def _write(self, client: Client, chance: random.Random) -> None:
        living = [person for person in self.people if person.title is not None and person.attempted is None]
        if not living or chance.random() < 0.4:
            person = Person(f"writer{self.number}-{len(self.people)}@example.com")
            self.people.append(person)
            self._send(client, person, "POST", 0)
            return
        person = chance.choice(living)
        self._send(client, person, chance.choice(["PUT", "PATCH", "PATCH", "DELETE"]), (person.title or 0) + 1)

    def _send(self, client: Client, person: Person, method: str, title: int) -> None:
        person.attempted = (method, None if method == "DELETE" else title)
        document = {"userName": person.user_name, "title": str(title)}
        path = "/Users" if method == "POST" else f"/Users/{person.id}"
        patch = {"schemas": [PATCH_SCHEMA], "Operations": [{"op": "replace", "path": "title", "value": str(title)}]}
        body = {"POST": document, "PUT": document, "PATCH": patch, "DELETE": None}[method]
        status, answer = client.request(method, path, body)
        if status == 503:
            time.sleep(0.05)
            return  # Whether it was done is unknown, as if no answer had come.
        assert status == {"POST": 201, "DELETE": 204}.get(method, 200), (status, answer)
        if method == "POST":
            person.id = str(answer["id"])
        person.title = None if method == "DELETE" else title
        person.attempted = None
        self.acknowledged += 1

    def check(self, client: Client) -> None:
        """Assert that everything acknowledged is there, and that what was not is there whole or not at all."""
        for person in self.people:
            status, listed = client.request("GET", f"/Users?filter=userName%20eq%20%22{person.user_name}%22")
            assert status == 200
            found: Sequence[dict[str, str]] = listed["Resources"]
            title = int(found[0]["title"]) if found else None
            known = person.title if person.id is not None else None
            possible = {known} if person.attempted is None else {known, person.attempted[1]}
            assert title in possible, (person, title)
            if found:
                assert person.id in {None, found[0]["id"]}
            # From here on the outcome is known.
            person.id, person.title, person.attempted = (found[0]["id"] if found else person.id), title, None


def read_rows(database: str, statement: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query on the database itself (`Any`: columns of any type)."""
    if database.startswith("sqlite:///"):
        connection = sqlite3.connect(database.removeprefix("sqlite:///"))
        try:
            return connection.execute(statement).fetchall()
        finally:
            connection.close()

    async def read() -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(database)
        try:
            return [tuple(row) for row in await connection.fetch(statement)]
        finally:
            await connection.close()

    return asyncio.run(read())


def check_whole(database: str) -> int:
    """Assert that resources, revisions, events and totals tell the same; return how many revisions there are."""
    revisions = read_rows(database, REVISIONS)
    events = read_rows(database, EVENTS)
    assert [(id_, number, f"user.{action}") for id_, number, action, *_ in revisions] == events
    for before, after in pairwise(revisions):
        assert after[1] == (before[1] + 1 if before[0] == after[0] else 1)
    last = {revision[0]: revision for revision in revisions}
    living = {id_: row for id_, row in last.items() if row[2] != "deprovisioned"}
    state = {row[0]: row for row in read_rows(database, RESOURCES)}
    assert state.keys() == living.keys()
    for id_, document, version, revision, account in state.values():
        _, number, _, last_document, last_account, last_version = living[id_]
        assert (document, account, version, revision) == (last_document, last_account, last_version, number)
        assert json.loads(str(document))["id"] == id_
    assert (read_rows(database, TOTALS)[0][0] or 0) == len(state)
    return len(revisions)
