"""Groups of many, and many who change one group at once, over HTTP: the figures that are promised."""

import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from tests.journeys.conftest import make_tenant
from tests.journeys.serving import Client, Server, run_command
from tests.journeys.writing import PATCH_SCHEMA

BULK_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
AT_ONCE = 1000
"""How many operations one bulk request takes, and how many members one PATCH of ours names."""
NIGHT = pytest.mark.nightly


def make_people(client: Client, count: int) -> list[str]:
    """Create people and return their ids."""
    found: list[str] = []
    for first in range(0, count, AT_ONCE):
        operations = [
            {"method": "POST", "path": "/Users", "bulkId": str(number), "data": {"userName": f"user{number}"}}
            for number in range(first, min(first + AT_ONCE, count))
        ]
        status, answer = client.request("POST", "/Bulk", {"schemas": [BULK_SCHEMA], "Operations": operations})
        assert status == 200
        assert {operation["status"] for operation in answer["Operations"]} == {"201"}
        found += [operation["location"].rpartition("/")[2] for operation in answer["Operations"]]
    return found


def make_group(client: Client, name: str, members: Sequence[str]) -> str:
    """Create a group, add its members, and return its path."""
    status, group = client.request("POST", "/Groups", {"displayName": name})
    assert status == 201
    path = f"/Groups/{group['id']}"
    for first in range(0, len(members), AT_ONCE):
        assert change(client, path, add(*members[first : first + AT_ONCE])) in {200, 204}
    return path


def add(*members: str) -> dict[str, object]:
    """Return the operation that adds members."""
    return {"op": "add", "path": "members", "value": [{"value": id_} for id_ in members]}


def remove(member: str) -> dict[str, object]:
    """Return the operation that removes a member."""
    return {"op": "remove", "path": f'members[value eq "{member}"]'}


def change(client: Client, path: str, operation: dict[str, object]) -> int:
    """Send one PATCH; return the status."""
    return client.request("PATCH", path, {"schemas": [PATCH_SCHEMA], "Operations": [operation]})[0]


def members_of(client: Client, path: str) -> set[str]:
    """Return the ids of the members of a group."""
    status, group = client.request("GET", path)
    assert status == 200
    return {member["value"] for member in group["members"]}


@pytest.mark.parametrize("workers, each", [(8, 25), pytest.param(50, 100, marks=NIGHT)])
def test_members_come_and_go_at_once(servers: Sequence[Server], tmp_path: Path, workers: int, each: int) -> None:
    """Workers who add members one by one while as many remove others, over two servers where the database allows it:
    every request succeeds, exactly those are members who must be, and so does the history say.
    """
    key = make_tenant(servers[0].database, tmp_path, "acme")
    with Client(servers[0].address, key) as client:
        people = make_people(client, 2 * workers * each)
        going, coming = people[: workers * each], people[workers * each :]
        path = make_group(client, "Crew", going)

    def work(worker: int) -> Counter[int]:
        mine = range(worker // 2 * each, (worker // 2 + 1) * each)
        operations = [add(coming[number]) if worker % 2 else remove(going[number]) for number in mine]
        with Client(servers[worker // 2 % len(servers)].address, key) as client:
            return Counter(change(client, path, operation) for operation in operations)

    with ThreadPoolExecutor(2 * workers) as pool:
        statuses = sum(pool.map(work, range(2 * workers)), Counter[int]())
    assert statuses.keys() <= {200, 204}
    with Client(servers[-1].address, key) as client:
        assert members_of(client, path) == set(coming)
    assert replay(servers[0].database, tmp_path, path) == set(coming)


def replay(database: str, folder: Path, path: str) -> set[str]:
    """Return the members of a group that its history adds up to."""
    text = run_command("history", "export", "acme", "--database", database, folder=folder)
    lines = [line for line in map(json.loads, text.splitlines()) if path.endswith(line["user_id"])]
    members: set[str] = set()
    for line in sorted(lines, key=lambda line: line["revision"]):
        for item in line["changes"]:
            if item["path"] == "members":
                left, came = set(item["before"] or ()), set(item["after"] or ())
                assert (left <= members, came & members) == (True, set())
                members = (members - left) | came
    return members


def seconds(work: Callable[[], object], *, rounds: int = 30) -> float:
    """Return how long the fastest of several rounds took."""
    found = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        found.append(time.perf_counter() - started)
    return min(found)


@NIGHT
def test_one_member_costs_the_same_among_ten_and_a_hundred_thousand(servers: Sequence[Server], tmp_path: Path) -> None:
    """To add and remove one member takes at most twice as long in a group of 100 000 as in one of 10, and to read the
    group without its members at most twice as long as an empty one.
    """
    key = make_tenant(servers[0].database, tmp_path, "acme")
    with Client(servers[0].address, key) as client:
        *people, somebody = make_people(client, 100_001)
        empty, small, large = (make_group(client, str(count), people[:count]) for count in (0, 10, 100_000))

        def come_and_go(path: str) -> None:
            assert change(client, path, add(somebody)) in {200, 204}
            assert change(client, path, remove(somebody)) in {200, 204}

        def read(path: str) -> None:
            assert client.request("GET", f"{path}?excludedAttributes=members")[0] == 200

        changes = [seconds(partial(come_and_go, path)) for path in (small, large)]
        reads = [seconds(partial(read, path)) for path in (empty, large)]
        assert len(members_of(client, large)) == 100_000
    assert changes[1] <= 2 * changes[0], changes
    assert reads[1] <= 2 * reads[0], reads
