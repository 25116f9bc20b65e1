"""Groups over HTTP, as providers change them: on each database, against a started server."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.journeys.conftest import make_tenant, read_json
from tests.journeys.serving import Client, Server, run_command, serving
from tests.postgres import fresh_database

PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
NOBODY = "01938000-0000-7000-8000-000000000000"
Json = Any
"""A decoded JSON document; tests compare it whole."""


@dataclass(frozen=True)
class Provider:
    """A provider's client of one tenant."""

    client: Client
    server: Server
    folder: Path
    name: str
    """What the names of its people and groups begin with: all tests of a database share one tenant."""

    def send(self, method: str, path: str, body: Json = None, *, expected: int = 200) -> Json:
        """Send a request and return the document of the answer, whose status is ``expected``."""
        status, document = self.client.request(method, path, body)
        assert (status, document if status != expected else None) == (expected, None)
        return document

    def people(self, count: int) -> list[str]:
        """Create people, and return their ids in order."""
        names = [f"{self.name}-{number}@acme.example" for number in range(count)]
        return sorted(self.send("POST", "/Users", {"userName": name}, expected=201)["id"] for name in names)

    def group(self, name: str, *members: str) -> str:
        """Create a group, and return its id."""
        body = {"schemas": [GROUP], "displayName": f"{self.name} {name}", "members": values(*members)}
        id_: str = self.send("POST", "/Groups", body, expected=201)["id"]
        return id_

    def patch(self, id_: str, *operations: Json, expected: int = 200) -> Json:
        """Patch a group."""
        body = {"schemas": [PATCH_OP], "Operations": list(operations)}
        return self.send("PATCH", f"/Groups/{id_}", body, expected=expected)

    def members(self, id_: str) -> list[str]:
        """Return the ids of the members of a group, in order."""
        return [member["value"] for member in self.send("GET", f"/Groups/{id_}").get("members", [])]

    def groups(self, user: str) -> dict[str, str]:
        """Return the groups that a person shows, each with how they are in it."""
        return {group["value"]: group["type"] for group in self.send("GET", f"/Users/{user}").get("groups", [])}


def values(*ids: str) -> list[Json]:
    """Return members as a client sends them."""
    return [{"value": id_} for id_ in ids]


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def acme(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, str]]:
    """Run a server on each kind of database, and yield it with a key that is made for no certain provider."""
    folder = tmp_path_factory.mktemp("groups")
    with ExitStack() as stack:
        database = f"sqlite:///{folder / 'directory.db'}"
        if request.param == "postgres":
            database = stack.enter_context(fresh_database(request.getfixturevalue("postgres_url")))
            run_command("migrate", "--database", database, folder=folder)
        server = stack.enter_context(serving(database, folder))
        yield server, make_tenant(database, folder, "acme")


@pytest.fixture
def provider(acme: tuple[Server, str], request: pytest.FixtureRequest) -> Iterator[Provider]:
    """Yield a client of the tenant acme."""
    server, key = acme
    with Client(server.address, key) as client:
        yield Provider(client, server, server.folder, request.node.originalname)


def test_all_shapes_of_a_change_of_members(provider: Provider) -> None:
    """Each shape in which providers change members does what it says, and once is as good as twice."""
    ada, grace, edith = provider.people(3)
    crew = provider.group("Crew", ada)
    shapes: list[tuple[Json, list[str]]] = [
        ({"op": "add", "path": "members", "value": values(grace)}, [ada, grace]),
        ({"op": "Add", "value": {"members": values(edith)}}, [ada, grace, edith]),
        ({"op": "remove", "path": f'members[value eq "{grace}"]'}, [ada, edith]),
        ({"op": "remove", "path": "members", "value": values(ada)}, [edith]),
        ({"op": "replace", "path": "members", "value": values(ada, grace)}, [ada, grace]),
        ({"op": "remove", "path": f'members[value eq "{ada}" or value eq "{edith}"]'}, [grace]),
        ({"op": "remove", "path": "members"}, []),
    ]
    for operation, expected in shapes:
        for _ in range(2):
            provider.patch(crew, operation)
            assert provider.members(crew) == expected, operation
    versions = [row["revision"] for row in history(provider, crew)]
    assert versions == list(range(len(shapes) + 1, 0, -1))


def test_the_shape_of_version_one(provider: Provider) -> None:
    """OneLogin's v1.1 connector names what is done with each member in the member itself, and sends no Operations."""
    ada, grace = provider.people(2)
    crew = provider.group("Crew", ada)
    members = [{"value": ada, "operation": "delete"}, {"value": grace}]
    body = {"schemas": ["urn:scim:schemas:core:1.0"], "members": members}
    provider.send("PATCH", f"/Groups/{crew}", body)
    assert provider.members(crew) == [grace]


def test_a_replacement_without_members_touches_none(provider: Provider) -> None:
    """PUT without ``members`` renames and keeps the members; with ``[]`` it empties the group."""
    (ada,) = provider.people(1)
    crew = provider.group("Crew", ada)
    name = f"{provider.name} Officers"
    renamed = provider.send("PUT", f"/Groups/{crew}", {"schemas": [GROUP], "displayName": name})
    assert (renamed["displayName"], [member["value"] for member in renamed["members"]]) == (name, [ada])
    provider.send("PUT", f"/Groups/{crew}", {"schemas": [GROUP], "displayName": name, "members": []})
    assert provider.members(crew) == []


def test_nested_groups_and_circles(provider: Provider) -> None:
    """Groups hold groups, also in a circle; people show what they are in directly and indirectly."""
    ada, grace = provider.people(2)
    inner = provider.group("Inner", ada)
    outer = provider.group("Outer", inner, grace)
    provider.patch(inner, {"op": "add", "path": "members", "value": values(outer, inner)})
    assert provider.members(inner) == sorted((ada, inner, outer))
    assert provider.groups(ada) == {inner: "direct", outer: "indirect"}
    assert provider.groups(grace) == {inner: "indirect", outer: "direct"}
    shown = provider.send("GET", f"/Groups/{outer}")["members"]
    base = provider.server.scim_url
    assert sorted(shown, key=lambda member: str(member["type"])) == [
        {"value": inner, "$ref": f"{base}/Groups/{inner}", "type": "Group"},
        {"value": grace, "$ref": f"{base}/Users/{grace}", "type": "User"},
    ]
    provider.send("DELETE", f"/Groups/{inner}", expected=204)
    assert (provider.groups(ada), provider.groups(grace)) == ({}, {outer: "direct"})


def test_unknown_members(provider: Provider) -> None:
    """Ids that are nobody's are left out and named in the log; without any other it is 400 and nothing changes."""
    (ada,) = provider.people(1)
    crew = provider.group("Crew")
    provider.patch(crew, {"op": "add", "path": "members", "value": values(NOBODY, ada)})
    assert provider.members(crew) == [ada]
    error = provider.patch(crew, {"op": "replace", "path": "members", "value": values(NOBODY)}, expected=400)
    assert (error["scimType"], NOBODY in error["detail"]) == ("invalidValue", True)
    assert provider.members(crew) == [ada]


def test_what_is_excluded_is_not_shown(provider: Provider) -> None:
    """``excludedAttributes=members`` leaves the members out: of one group, of lists, and of answers to changes."""
    ada, grace = provider.people(2)
    crew = provider.group("Crew", ada)
    query = "excludedAttributes=members"
    body = {"schemas": [PATCH_OP], "Operations": [{"op": "add", "path": "members", "value": values(grace)}]}
    answers = [
        provider.send("GET", f"/Groups/{crew}?{query}"),
        *provider.send("GET", f"/Groups?{query}&filter=id%20eq%20%22{crew}%22")["Resources"],
        provider.send("PATCH", f"/Groups/{crew}?{query}", body),
    ]
    assert [("members" in answer, answer["id"]) for answer in answers] == [(False, crew)] * 3
    assert provider.members(crew) == [ada, grace]


def test_a_taken_name(provider: Provider) -> None:
    """The name of a group is taken in any case: 409 ``uniqueness``."""
    crew = provider.group("Crew")
    name = f"{provider.name} Crew"
    body = {"schemas": [GROUP], "displayName": name.upper()}
    assert provider.send("POST", "/Groups", body, expected=409)["scimType"] == "uniqueness"
    query = quote(f'displayName eq "{name.lower()}"')
    found = provider.send("GET", f"/Groups?filter={query}")["Resources"]
    assert [(group["id"], group["displayName"]) for group in found] == [(crew, name)]


def test_a_large_group_answers_without_a_body(provider: Provider) -> None:
    """A PATCH of a group with more than 500 members is 204, unless attributes are asked for."""
    people = provider.people(501)
    crew = provider.group("Crew", *people[:500])
    add = {"op": "add", "path": "members", "value": values(people[500])}
    assert provider.patch(crew, add, expected=204) == {}
    body = {"schemas": [PATCH_OP], "Operations": [add]}
    shown = provider.send("PATCH", f"/Groups/{crew}?attributes=displayName", body)
    assert shown.keys() == {"schemas", "id", "displayName"}
    assert len(provider.members(crew)) == 501


def test_who_leaves_the_directory_leaves_every_group(provider: Provider) -> None:
    """A person who is removed is in no group any more, and each group's history says so."""
    ada, grace = provider.people(2)
    groups = [provider.group("One", ada, grace), provider.group("Two", ada)]
    provider.send("DELETE", f"/Users/{ada}", expected=204)
    assert [provider.members(group) for group in groups] == [[grace], []]
    for group in groups:
        newest = history(provider, group)[0]
        assert (newest["action"], newest["actor"]) == ("updated", "Scim System User")
        assert newest["changes"] == [{"path": "members", "before": [ada], "after": None}]


def history(provider: Provider, id_: str) -> list[dict[str, Json]]:
    """Return the lines of the history that are about one group, newest first."""
    arguments = ("history", "list", "acme", "--limit", "10000")
    rows = read_json(*arguments, database=provider.server.database, folder=provider.folder)
    return [json.loads(json.dumps(row)) for row in rows if row["user_id"] == id_]
