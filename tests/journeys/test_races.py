"""Many requests at once, of which only some may win."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from tests.journeys.conftest import make_tenant, read_json
from tests.journeys.serving import Client, Server, run_command


def at_once(calls: Sequence[Callable[[], int]]) -> Counter[int]:
    """Make all calls at the same moment, each in its thread, and count the statuses."""
    barrier = threading.Barrier(len(calls))

    def call(one: Callable[[], int]) -> int:
        barrier.wait()
        return one()

    with ThreadPoolExecutor(len(calls)) as pool:
        return Counter(pool.map(call, calls))


def test_of_two_hundred_creations_of_one_name_exactly_one_succeeds(servers: Sequence[Server], tmp_path: Path) -> None:
    """Of 200 concurrent POSTs of one name in four spellings one is 201 and the others are 409; none is a 5xx."""
    key = make_tenant(servers[0].database, tmp_path, "acme")
    spellings = ("Zoë@example.com", "ZOË@example.com", "Zoe\u0308@example.com", "\uff3aoë@example.com")

    def create(number: int) -> int:
        with Client(servers[number % len(servers)].address, key) as client:
            return client.request("POST", "/Users", {"userName": spellings[number % len(spellings)]})[0]

    statuses = at_once([partial(create, number) for number in range(200)])
    assert statuses == {201: 1, 409: 199}
    assert len(read_json("user", "list", "acme", database=servers[0].database, folder=tmp_path)) == 1


def test_of_fifty_changes_of_one_version_exactly_one_is_made(servers: Sequence[Server], tmp_path: Path) -> None:
    """Of 50 concurrent PUTs with the same ``If-Match`` one is 200 and the others are 412; none is a 5xx."""
    key = make_tenant(servers[0].database, tmp_path, "acme")
    with Client(servers[0].address, key) as client:
        path = f"/Users/{client.request('POST', '/Users', {'userName': 'ada'})[1]['id']}"

    def replace(number: int) -> int:
        with Client(servers[number % len(servers)].address, key) as client:
            body = {"userName": "ada", "title": str(number)}
            return client.request("PUT", path, body, if_match='W/"1"')[0]

    assert at_once([partial(replace, number) for number in range(50)]) == {200: 1, 412: 49}


def test_one_administrator_always_stays(servers: Sequence[Server], tmp_path: Path) -> None:
    """Of two administrators who are suspended, removed or demoted at the same moment, one stays: 300 times."""
    database = servers[0].database
    key = make_tenant(database, tmp_path, "acme")
    with ExitStack() as stack:
        clients = [stack.enter_context(Client(server.address, key)) for server in (servers[0], servers[-1])]
        ids = []
        for name in ("ada@example.com", "grace@example.com"):
            status, user = clients[0].request("POST", "/Users", {"userName": name})
            assert status == 201
            ids.append(str(user["id"]))
            run_command("role", "grant", "acme", name, "Administrator", "--database", database, folder=tmp_path)
        run_command(
            "role", "revoke", "acme", "admin@acme.example", "Administrator", "--database", database, folder=tmp_path
        )

        def activate(client: Client, id_: str, *, active: bool) -> int:
            operations = [{"op": "replace", "path": "active", "value": active}]
            body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations}
            return client.request("PATCH", f"/Users/{id_}", body)[0]

        for _ in range(300):
            pairs = list(zip(clients, ids, strict=True))
            outcome = at_once([partial(activate, client, id_, active=False) for client, id_ in pairs])
            assert outcome == {200: 1, 409: 1}
            assert all(activate(client, id_, active=True) == 200 for client, id_ in pairs)
    people = json.loads(run_command("user", "list", "acme", "--database", database, "--json", folder=tmp_path))
    assert [person["roles"] for person in people] == [["Administrator", "Member"]] * 2
