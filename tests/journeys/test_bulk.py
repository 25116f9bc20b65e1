"""A bulk request whose server is killed in the middle."""

import threading
import time
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.conftest import make_tenant
from tests.journeys.serving import Client, Server
from tests.journeys.writing import check_whole

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
OPERATIONS = 1_000


def operations(run: int) -> list[dict[str, Any]]:
    """Return a thousand operations that add people, of which every seventh is invalid."""
    return [
        {
            "method": "POST",
            "path": "/Users",
            "bulkId": str(number),
            "data": {"schemas": [USER], "userName": "" if number % 7 == 0 else f"user-{run}-{number:04}", "title": "x"},
        }
        for number in range(OPERATIONS)
    ]


def wanted(run: int) -> list[str]:
    """Return the names of those who are valid."""
    return [f"user-{run}-{number:04}" for number in range(OPERATIONS) if number % 7]


def send(server: Server, key: str, run: int) -> list[dict[str, Any]]:
    """Send the bulk request; return the results, none where the server was killed before it answered."""
    message = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations(run)}
    with Client(server.address, key) as client:
        try:
            status, answer = client.request("POST", "/Bulk", message)
        except (OSError, HTTPException):
            return []
    assert status == 200
    results: list[dict[str, Any]] = answer["Operations"]
    return results


def names_of(server: Server, key: str, run: int) -> list[str]:
    """Return who is there of one run, sorted by name."""
    with Client(server.address, key) as client:
        status, page = client.request("GET", f"/Users?filter=userName+sw+%22user-{run}-%22&attributes=userName")
    assert status == 200
    return sorted(resource["userName"] for resource in page["Resources"])


def survive_kills(database: str, folder: Path, kills: int) -> list[str]:
    """Kill the server ``kills`` times in the middle of a bulk request; send it once more in the end.

    Return who of the first request is there then.
    """
    server = Server(database, folder)
    port = server.port
    try:
        key = make_tenant(database, folder, "acme")
        for run in range(kills):
            sender = threading.Thread(target=send, args=(server, key, run))
            sender.start()
            time.sleep(0.05 + 0.03 * (run % 10))
            server.kill()
            sender.join()
            server = Server(database, folder, port=port)
            there = names_of(server, key, run)
            assert there == wanted(run)[: len(there)]
            check_whole(database)
        results = send(server, key, 0)
        assert {result["status"] for result in results if int(result["bulkId"]) % 7 == 0} == {"400"}
        return names_of(server, key, 0)
    finally:
        server.stop()


def test_a_killed_bulk_request_leaves_no_operation_half_done(database: str, tmp_path: Path) -> None:
    """After a SIGKILL each operation of a bulk request is whole or absent, and those done are the first ones."""
    assert survive_kills(database, tmp_path, 2) == wanted(0)


@pytest.mark.nightly
def test_thirty_killed_bulk_requests(database: str, tmp_path: Path) -> None:
    """After each of 30 SIGKILLs each operation of the bulk request is whole or absent."""
    assert survive_kills(database, tmp_path, 30) == wanted(0)
