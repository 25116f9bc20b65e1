"""Long lists, read by cursors while others write (RFC 9865)."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.conftest import make_tenant
from tests.journeys.serving import Client, Server, serving

PEOPLE = 150
BULK_URN = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
USER_URN = "urn:ietf:params:scim:schemas:core:2.0:User"


@pytest.fixture
def servers(database: str, tmp_path: Path) -> Iterator[Sequence[Server]]:
    """Run two servers on PostgreSQL, and the one that SQLite allows."""
    with ExitStack() as stack:
        count = 1 if database.startswith("sqlite") else 2
        yield [stack.enter_context(serving(database, tmp_path)) for _ in range(count)]


def create(client: Client, prefix: str, count: int) -> list[str]:
    """Create people in one request and return their ids."""
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": str(number), "data": {
            "schemas": [USER_URN], "userName": f"{prefix}{number:04}@example.com", "displayName": prefix,
        }}
        for number in range(count)
    ]  # fmt: skip
    status, answer = client.request("POST", "/Bulk", {"schemas": [BULK_URN], "Operations": operations})
    assert status == 200
    return [operation["location"].rpartition("/")[2] for operation in answer["Operations"]]


def walk(clients: Sequence[Client], query: str) -> list[dict[str, Any]]:
    """Return all pages of a list, each asked from another server than the one before."""
    status, page = clients[0].request("GET", f"/Users?cursor&{query}")
    assert status == 200
    pages = [page]
    while "nextCursor" in page:
        status, page = clients[len(pages) % len(clients)].request("GET", f"/Users?cursor={page['nextCursor']}&{query}")
        assert status == 200, page
        pages.append(page)
    return pages


@pytest.mark.parametrize(
    "query",
    [
        "count=7",
        "count=9&sortBy=userName&sortOrder=descending",
        "count=8&filter=userName%20pr%20and%20displayName%20pr",
        "count=11&filter=userName%20co%20%22example%22&sortBy=displayName",
    ],
)
def test_whoever_stays_is_read_exactly_once(servers: Sequence[Server], tmp_path: Path, query: str) -> None:
    """While one client reads a list by cursors, on any server, and another adds and removes people all the time,
    whoever is there from the beginning to the end is read exactly once, and nobody twice.
    """
    key = make_tenant(servers[0].database, tmp_path, "acme")
    done = threading.Event()

    def churn(leaving: list[str]) -> None:
        with Client(servers[-1].address, key) as client:
            for number, id_ in enumerate(leaving):
                if done.is_set():
                    return
                assert client.request("DELETE", f"/Users/{id_}")[0] == 204
                assert client.request("POST", "/Users", {"userName": f"new{number}", "displayName": "new"})[0] == 201

    with ExitStack() as stack:
        clients = [stack.enter_context(Client(server.address, key)) for server in servers]
        leaving = create(clients[0], "first", PEOPLE // 3)
        staying = create(clients[0], "mid", PEOPLE // 3)
        leaving += create(clients[0], "zero", PEOPLE // 3)
        writer = threading.Thread(target=churn, args=(leaving[::-1],))
        writer.start()
        try:
            pages = walk(clients, query)
        finally:
            done.set()
            writer.join()
    shown = [user["id"] for page in pages for user in page["Resources"]]
    assert len(set(shown)) == len(shown)
    assert set(staying) <= set(shown)


def test_a_cursor_outlives_its_server(database: str, tmp_path: Path) -> None:
    """A cursor that one server gave out is good after a restart: nothing of it was kept, and the secret is the same."""
    with serving(database, tmp_path) as first:
        key = make_tenant(database, tmp_path, "acme")
        with Client(first.address, key) as client:
            ids = create(client, "person", 5)
            page = client.request("GET", "/Users?cursor&count=3")[1]
    with serving(database, tmp_path) as second, Client(second.address, key) as client:
        status, rest = client.request("GET", f"/Users?cursor={page['nextCursor']}&count=3")
    assert status == 200
    found = [user["id"] for user in (*page["Resources"], *rest["Resources"])]
    assert (sorted(found), "nextCursor" in rest) == (sorted(ids), False)


def test_a_secret_is_rotated_without_a_pause(tmp_path: Path) -> None:
    """With the next secret before the one in use, cursors of both are good; what only the former has signed is refused
    once that is gone, and the client begins anew.
    """
    file, database = tmp_path / "musterbook.secret", "sqlite:///musterbook.db"

    def read(cursor: str) -> tuple[int, dict[str, Any]]:
        """Ask a server, started for this, for a page."""
        with serving(database, tmp_path) as server, Client(server.address, key) as client:
            return client.request("GET", f"/Users?cursor={cursor}&count=1")

    with serving(database, tmp_path) as server:
        key = make_tenant(database, tmp_path, "acme")
        with Client(server.address, key) as client:
            create(client, "person", 4)
    former = read("")[1]["nextCursor"]
    file.write_text(f"{'next-secret-' * 4}\n{file.read_text()}")
    status, page = read(former)
    assert status == 200
    file.write_text(file.read_text().splitlines()[0])
    assert read(page["nextCursor"])[0] == 200
    status, refusal = read(former)
    assert (status, refusal["scimType"]) == (400, "invalidCursor")
