"""Schemas and resource types of an operator's own, from the files of the how-to page to HTTP, on each database."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

from tests.architecture.tree import ROOT
from tests.journeys.conftest import make_tenant, read_json
from tests.journeys.serving import Client, Server, run_command, serving
from tests.postgres import SECRET_KEY, fresh_database

PAGE = ROOT / "docs" / "how-to" / "add-your-own-schemas.md"
BADGE = "urn:example:schemas:Badge"
STAFF = "urn:example:schemas:Staff"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
MESSAGES = "urn:ietf:params:scim:api:messages:2.0:"
SECRET = f'secret_keys = ["{SECRET_KEY}"]\n'
Json = Any
"""A decoded JSON document; tests compare it whole."""


def write_settings(folder: Path) -> None:
    """Write the settings and definitions that the page shows."""
    blocks = re.findall(r"^```(json|toml)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    names = {"json": iter(("staff.json", "badge.json")), "toml": iter(("musterbook.toml",))}
    for language, text in blocks:
        (folder / next(names[language])).write_text(text, encoding="utf-8")
    with (folder / "musterbook.toml").open("a", encoding="utf-8") as file:
        file.write(SECRET)


@dataclass(frozen=True)
class Provider:
    """A provider's client of one tenant."""

    client: Client
    server: Server

    def send(self, method: str, path: str, body: Json = None, *, expected: int = 200) -> Json:
        """Send a request and return the document of the answer, whose status is ``expected``."""
        status, document = self.client.request(method, path, body)
        assert (status, document if status != expected else None) == (expected, None)
        return document

    def badge(self, number: str, **attributes: Json) -> str:
        """Create a badge and return its id."""
        id_: str = self.send("POST", "/Badges", badge(number, **attributes), expected=201)["id"]
        return id_

    def patch(self, path: str, *operations: Json, expected: int = 200) -> Json:
        """Patch a resource."""
        body = {"schemas": [f"{MESSAGES}PatchOp"], "Operations": list(operations)}
        return self.send("PATCH", path, body, expected=expected)

    def numbers(self, query: str) -> list[str]:
        """Return the numbers of the badges that a query finds, in its order."""
        return [item["number"] for item in self.send("GET", f"/Badges?{query}")["Resources"]]


def badge(number: str, **attributes: Json) -> Json:
    """Return a badge as a client sends it."""
    return {"schemas": [BADGE], "number": number, **attributes}


def without(document: Mapping[str, Json], *names: str) -> Json:
    """Return the document without the members that differ from run to run."""
    return {name: value for name, value in document.items() if name not in names}


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server with the definitions on each kind of database."""
    folder = tmp_path_factory.mktemp("definitions")
    write_settings(folder)
    with ExitStack() as stack:
        database = f"sqlite:///{folder / 'directory.db'}"
        if request.param == "postgres":
            database = stack.enter_context(fresh_database(request.getfixturevalue("postgres_url")))
            run_command("migrate", "--database", database, folder=folder)
        yield stack.enter_context(serving(database, folder))


@pytest.fixture
def slug(request: pytest.FixtureRequest) -> str:
    """Return a name for the tenant of this test."""
    return "".join(letter if letter.isalnum() else "-" for letter in request.node.name.lower()).strip("-")


@pytest.fixture
def provider(shared: Server, slug: str) -> Iterator[Provider]:
    """Yield a client of a tenant of this test's own."""
    key = make_tenant(shared.database, shared.folder, slug)
    with Client(shared.address, key) as client:
        yield Provider(client, shared)


def test_what_is_defined_is_discovered(provider: Provider) -> None:
    """Discovery shows the type and the extension beside what is built in, and the check-up names them."""
    types = provider.send("GET", "/ResourceTypes")["Resources"]
    assert [item["name"] for item in types] == ["User", "Group", "Badge"]
    assert {"schema": STAFF, "required": False} in types[0]["schemaExtensions"]
    assert without(provider.send("GET", "/ResourceTypes/Badge"), "meta") == {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
        "id": "Badge",
        "name": "Badge",
        "description": "Badge",
        "endpoint": "/Badges",
        "schema": BADGE,
        "schemaExtensions": [],
    }
    assert {BADGE, STAFF} <= {item["id"] for item in provider.send("GET", "/Schemas")["Resources"]}
    number = provider.send("GET", f"/Schemas/{BADGE}")["attributes"][0]
    assert (number["name"], number["required"], number["uniqueness"]) == ("number", True, "server")
    findings = read_json("doctor", database=provider.server.database, folder=provider.server.folder)
    assert {"check": "definitions", "result": "ok", "says": f"Served: User with {STAFF}; Badge at /Badges."} in findings


def test_the_life_of_a_badge(provider: Provider) -> None:
    """A resource of the type is created, read, replaced, patched and removed as a user is."""
    doors = [{"value": "front", "type": "main"}, {"value": "back"}]
    sent = badge("7", displayName="Ada's", level=3, doors=doors, madeBy="Acme", pin="1234", externalId="x")
    made = provider.send("POST", "/Badges", sent, expected=201)
    path = f"/Badges/{made['id']}"
    assert without(made, "id", "meta") == without(sent, "pin")
    assert without(made["meta"], "created", "lastModified") == {
        "resourceType": "Badge",
        "location": f"{provider.server.scim_url}{path}",
        "version": 'W/"1"',
    }
    assert provider.send("GET", path) == made
    replaced = provider.send("PUT", path, badge("8", madeBy="Acme"))
    assert without(replaced, "id", "meta") == badge("8", madeBy="Acme", externalId="x")
    patched = provider.patch(
        path,
        {"op": "replace", "path": "level", "value": 4},
        {"op": "add", "path": "doors", "value": doors},
        {"op": "remove", "path": 'doors[type eq "main"]'},
        {"op": "add", "value": {f"{BADGE}:displayName": "Grace's"}},
    )
    expected = badge("8", displayName="Grace's", level=4, doors=[{"value": "back"}], madeBy="Acme", externalId="x")
    assert without(patched, "id", "meta") == expected
    refused = provider.patch(path, {"op": "replace", "path": "madeBy", "value": "Other"}, expected=400)
    assert refused["scimType"] == "mutability"
    refused = provider.patch(path, {"op": "replace", "path": "level", "value": "high"}, expected=400)
    assert refused["scimType"] == "invalidValue"
    assert provider.send("GET", f"{path}?attributes=doors")["doors"] == [{"value": "back"}]
    provider.send("DELETE", path, expected=204)
    provider.send("GET", path, expected=404)


def test_badges_are_queried(provider: Provider) -> None:
    """Filters, order, pages, cursors, ``.search`` and queries of the root know the type."""
    for number, level in (("b-2", 2), ("A-1", 9), ("c-3", 5)):
        provider.badge(number, level=level, doors=[{"value": f"door {level}"}])
    for filter_, expected in (
        ('number eq "a-1"', ["A-1"]),
        ("level gt 4", ["A-1", "c-3"]),
        ('doors[value eq "door 5"]', ["c-3"]),
        ('doors.value co "DOOR" and not (level eq 9)', ["b-2", "c-3"]),
        (f'{BADGE}:number sw "b"', ["b-2"]),
        ('holder.value eq "nobody"', []),
    ):
        assert sorted(provider.numbers(f"filter={quote(filter_)}")) == expected, filter_
    assert provider.numbers("sortBy=level") == ["b-2", "c-3", "A-1"]
    assert provider.numbers("sortBy=number&sortOrder=descending") == ["c-3", "b-2", "A-1"]
    assert provider.numbers("sortBy=level&startIndex=2&count=1") == ["c-3"]
    first = provider.send("GET", "/Badges?sortBy=level&count=2&cursor")
    assert [item["number"] for item in first["Resources"]] == ["b-2", "c-3"]
    assert provider.numbers(f"sortBy=level&count=2&cursor={quote(first['nextCursor'])}") == ["A-1"]
    search = {"schemas": [f"{MESSAGES}SearchRequest"], "filter": "level lt 6", "sortBy": "level"}
    for path in ("/Badges/.search", "/.search"):
        found = provider.send("POST", path, search)
        assert [item["number"] for item in found["Resources"]] == ["b-2", "c-3"], path
    provider.send("POST", "/Users", {"schemas": [USER], "userName": "ada"}, expected=201)
    of_type = quote('meta.resourceType eq "Badge"')
    assert [
        item["totalResults"] for item in (provider.send("GET", ""), provider.send("GET", f"?filter={of_type}"))
    ] == [
        4,
        3,
    ]
    refused = provider.send("GET", f"/Badges?filter={quote('userName eq 1')}", expected=400)
    assert refused["scimType"] == "invalidFilter"


def test_the_unique_attribute_is_kept_unique(provider: Provider) -> None:
    """Values that differ in case alone are one value, for POST, PUT and PATCH; what is gone is free again."""
    first, second = provider.badge("x-1"), provider.badge("x-2")
    assert provider.send("POST", "/Badges", badge("X-1"), expected=409)["scimType"] == "uniqueness"
    assert provider.send("PUT", f"/Badges/{second}", badge("X-1"), expected=409)["scimType"] == "uniqueness"
    provider.patch(f"/Badges/{second}", {"op": "replace", "path": "number", "value": "X-1"}, expected=409)
    provider.patch(f"/Badges/{first}", {"op": "replace", "path": "number", "value": "X-1"})
    provider.send("DELETE", f"/Badges/{first}", expected=204)
    provider.patch(f"/Badges/{second}", {"op": "replace", "path": "number", "value": "x-1"})
    assert provider.send("POST", "/Badges", {"schemas": [BADGE]}, expected=400)["scimType"] == "invalidValue"


def test_badges_in_bulk(provider: Provider) -> None:
    """Bulk creates badges together with those whom they refer to, and changes and removes them."""
    old, gone = provider.badge("old"), provider.badge("gone")
    patch = {"schemas": [f"{MESSAGES}PatchOp"], "Operations": [{"op": "replace", "path": "level", "value": 1}]}
    operations = [
        {"method": "POST", "path": "/Badges", "bulkId": "b", "data": badge("new", holder={"value": "bulkId:u"})},
        {"method": "POST", "path": "/Users", "bulkId": "u", "data": {"schemas": [USER], "userName": "ada"}},
        {"method": "PATCH", "path": f"/Badges/{old}", "data": patch},
        {"method": "DELETE", "path": f"/Badges/{gone}"},
        {"method": "POST", "path": "/Badgers", "bulkId": "x", "data": badge("x")},
    ]
    answer = provider.send("POST", "/Bulk", {"schemas": [f"{MESSAGES}BulkRequest"], "Operations": operations})
    assert [item["status"] for item in answer["Operations"]] == ["201", "201", "200", "204", "404"]
    made, ada = (item["location"].rpartition("/")[2] for item in answer["Operations"][:2])
    assert provider.send("GET", f"/Badges/{made}")["holder"]["value"] == ada
    assert sorted(provider.numbers("")) == ["new", "old"]


def test_people_have_attributes_of_ones_own(provider: Provider) -> None:
    """The extension is written, filtered, sorted and patched like the enterprise extension."""
    for name, size in (("ada", 38), ("grace", 41)):
        body = {"schemas": [USER, STAFF], "userName": name, STAFF: {"shoeSize": size, "languages": ["en"]}}
        made = provider.send("POST", "/Users", body, expected=201)
        assert (made["schemas"], made[STAFF]) == (body["schemas"], body[STAFF])
    found = provider.send("GET", f"/Users?filter={quote(f'{STAFF}:shoeSize gt 40')}")["Resources"]
    assert [item["userName"] for item in found] == ["grace"]
    path = f"/Users/{found[0]['id']}"
    provider.patch(path, {"op": "add", "path": f"{STAFF}:languages", "value": ["de"]})
    patched = provider.patch(path, {"op": "replace", "value": {f"{STAFF}:shoeSize": 42}})
    assert patched[STAFF] == {"shoeSize": 42, "languages": ["en", "de"]}
    listed = provider.send("GET", f"/Users?sortBy={STAFF}:shoeSize&sortOrder=descending")["Resources"]
    assert [item["userName"] for item in listed] == ["grace", "ada"]
    removed = provider.patch(path, {"op": "remove", "path": STAFF})
    assert (removed["schemas"], STAFF in removed) == ([USER], False)


def test_a_badge_is_no_member(provider: Provider) -> None:
    """Members of a group are users and groups; the id of anything else is nobody's."""
    (ada,) = (provider.send("POST", "/Users", {"schemas": [USER], "userName": "ada"}, expected=201)["id"],)
    card = provider.badge("1")
    body = {"schemas": [GROUP], "displayName": "Crew", "members": [{"value": card}]}
    assert provider.send("POST", "/Groups", body, expected=400)["scimType"] == "invalidValue"
    made = provider.send("POST", "/Groups", {**body, "members": [{"value": card}, {"value": ada}]}, expected=201)
    assert [member["value"] for member in made["members"]] == [ada]


def test_badges_are_in_the_history(provider: Provider, slug: str) -> None:
    """The history tells of what has no account: by its name, or by type and id where it has none."""
    named, nameless = provider.badge("1", displayName="Ada's"), provider.badge("2")
    provider.patch(f"/Badges/{named}", {"op": "replace", "path": "level", "value": 5})
    provider.send("DELETE", f"/Badges/{nameless}", expected=204)
    server = provider.server
    lines = read_json("history", "list", slug, "--limit", "4", database=server.database, folder=server.folder)
    told = [tuple(line[name] for name in ("action", "resource_type", "user_id", "user_name")) for line in lines]
    assert told == [
        ("deprovisioned", "Badge", nameless, ""),
        ("updated", "Badge", named, "Ada's"),
        ("created", "Badge", nameless, ""),
        ("created", "Badge", named, "Ada's"),
    ]
    table = run_command("history", "list", slug, "--database", server.database, folder=server.folder)
    assert f"Badge {nameless}" in table
    assert "level: none → 5" in table
    people = read_json("user", "list", slug, database=server.database, folder=server.folder)
    assert {person["source"] for person in people} <= {"break-glass"}


def test_scim2_tester_finds_no_error(shared: Server, slug: str) -> None:
    """scim2-tester, which discovers the type and the extension, reports no error for either but one of its own.

    It adds to a list that has a value from an earlier check, and expects the added value alone; RFC 7644 §3.5.2.1 says
    that a value is added to those that are there.
    """
    key = make_tenant(shared.database, shared.folder, slug, "--profile", "rfc")
    headers = {"Authorization": f"Bearer {key}", "Accept": "application/scim+json"}
    with httpx2.Client(base_url=shared.scim_url, headers=headers) as client:
        results = check_server(SyncSCIMClient(client), raise_exceptions=False)
    passed = {Status.SUCCESS, Status.COMPLIANT, Status.ACCEPTABLE}
    failures = [(item.title, str(item.reason).partition(".\n")[0]) for item in results if item.status not in passed]
    unexpected = f"PATCH modify() returned unexpected value for '{STAFF}:languages'"
    assert failures == [("check_add_attribute", unexpected)]
    assert {"Badge", "User", "Group"} <= {result.resource_type for result in results}


# ---------------------------------------------------------------------------------------------------------------------
# Definitions that go and come


def test_what_is_defined_no_more_is_kept_and_not_shown(database: str, tmp_path: Path) -> None:
    """Without its definition nothing of an extension or a type is shown or found, and nothing of it is lost."""
    write_settings(tmp_path)
    run_command("migrate", "--database", database, folder=tmp_path)
    staff = {"shoeSize": 38, "languages": ["en"]}
    with serving(database, tmp_path) as server:
        key = make_tenant(database, tmp_path, "acme")
        with Client(server.address, key) as client:
            provider = Provider(client, server)
            body = {"schemas": [USER, STAFF], "userName": "ada", STAFF: staff}
            ada = provider.send("POST", "/Users", body, expected=201)["id"]
            card = provider.badge("7", pin="1234")
    (tmp_path / "musterbook.toml").write_text(SECRET, encoding="utf-8")
    with serving(database, tmp_path) as server, Client(server.address, key) as client:
        provider = Provider(client, server)
        provider.send("GET", f"/Badges/{card}", expected=404)
        shown = [
            provider.send("GET", f"/Users/{ada}"),
            provider.send("GET", "/Users")["Resources"][0],
            provider.patch(f"/Users/{ada}", {"op": "replace", "path": "title", "value": "Countess"}),
            provider.send("PUT", f"/Users/{ada}", {"schemas": [USER], "userName": "ada", "nickName": "A."}),
        ]
        assert [(item["schemas"], STAFF in item) for item in shown] == [([USER], False)] * len(shown)
        findings = read_json("doctor", database=database, folder=tmp_path)
        kept = "Kept, and served again once they are defined again: 1 of Badge."
        assert {"check": "stored types", "result": "notice", "says": kept} in findings
        migrated = run_command("migrate", "--database", database, folder=tmp_path, output="stderr")
        assert migrated == f"The schema is up to date.\n{kept}\n"
        assert "Badge" in run_command("history", "list", "acme", "--database", database, folder=tmp_path)
    write_settings(tmp_path)
    with serving(database, tmp_path) as server, Client(server.address, key) as client:
        provider = Provider(client, server)
        after = provider.send("GET", f"/Users/{ada}")
        assert (after[STAFF], after["nickName"], after["schemas"]) == (staff, "A.", [USER, STAFF])
        seven = quote('number eq "7"')
        assert provider.numbers(f"filter={seven}") == ["7"]


def test_definitions_that_cannot_be_served_end_every_command(tmp_path: Path) -> None:
    """``serve``, ``doctor`` and ``migrate`` end with 2, and with all that is wrong, each with its file."""
    write_settings(tmp_path)
    (tmp_path / "badge.json").write_text('{"id": "urn:x:y", "attributes": [{"name": "x"}]}', encoding="utf-8")
    (tmp_path / "staff.json").unlink()
    message = (
        "Error: The setting definitions cannot be used:\n"
        "staff.json cannot be read: No such file or directory.\n"
        'badge.json: schema urn:x:y: attribute x has no "type".\n'
    )
    for command in ("serve", "doctor", "migrate"):
        assert run_command(command, folder=tmp_path, expected=2, output="stderr") == message


def test_postgres_is_migrated_for_a_new_type(postgres_database: str, tmp_path: Path) -> None:
    """A server that would find resources of a new type by no key says what to do, and ends with 3."""
    run_command("migrate", "--database", postgres_database, folder=tmp_path)
    write_settings(tmp_path)
    arguments = ("tenant", "list", "--database", postgres_database)
    assert run_command(*arguments, folder=tmp_path, expected=3, output="stderr") == (
        "Error: The definition of Badge is new to the database, or keeps another attribute unique. "
        "Run `musterbook migrate` first, with the same definitions.\n"
    )
    run_command("migrate", "--database", postgres_database, folder=tmp_path)
    assert json.loads(run_command(*arguments, "--json", folder=tmp_path)) == []
