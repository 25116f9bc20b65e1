"""Tenants beside each other on one address: what one sends or holds shows nowhere in the other (RFC 7644 §6, §7)."""

import httpx
import pytest

from musterbook.directory import operator_actor
from musterbook.directory.break_glass import break_glass_type
from musterbook.directory.operation import ListPeople
from tests.conformance.asking import NO_SUCH_RESOURCE, body_of, create, found, patch, refusal
from tests.web.site import Site


async def test_names_and_external_ids_are_each_tenants_own(client: httpx.AsyncClient, other: httpx.AsyncClient) -> None:
    """RFC 7644 §6.2: the same ``userName`` and ``externalId`` in two tenants are two people with unrelated ids."""
    ours = await create(client, "ada", externalId="E-1", title="ours")
    theirs = await create(other, "ada", externalId="E-1", title="theirs")
    assert ours["id"] != theirs["id"]
    # What a time-ordered id has in common with another is the time; the rest is chance.
    assert ours["id"][19:] != theirs["id"][19:]
    for tenant, title, foreign in ((client, "ours", theirs), (other, "theirs", ours)):
        page = (await tenant.get("/Users", params={"filter": 'externalId eq "E-1"'})).json()
        assert [resource["title"] for resource in page["Resources"]] == [title]
        assert await found(tenant, f'id eq "{foreign["id"]}"') == []


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
async def test_another_tenants_id_is_as_unknown_as_any(
    client: httpx.AsyncClient, other: httpx.AsyncClient, method: str
) -> None:
    """The 404 for a foreign id is, byte for byte, the one for an id that never was; nothing changes there."""
    made = await create(client, "ada")
    body = body_of("mallory") if method == "PUT" else {"Operations": [{"op": "add", "path": "title", "value": "x"}]}
    foreign = await other.request(method, f"/Users/{made['id']}", json=body)
    unknown = await other.request(method, "/Users/01938000-0000-7000-8000-000000000000", json=body)
    assert (foreign.status_code, foreign.json()) == (404, NO_SUCH_RESOURCE)
    assert foreign.content == unknown.content
    own_headers = {"x-request-id", "date"}
    assert {name: foreign.headers[name] for name in foreign.headers if name not in own_headers} == {
        name: unknown.headers[name] for name in unknown.headers if name not in own_headers
    }
    assert (await client.get(f"/Users/{made['id']}")).json() == made


async def test_a_conflict_tells_nothing_of_other_tenants(client: httpx.AsyncClient, other: httpx.AsyncClient) -> None:
    """The 409 for a taken name is the same body in each tenant and names nobody; a foreign name is free."""
    await create(client, "ada", externalId="E-1")
    assert (await other.post("/Users", json=body_of("ada"))).status_code == 201
    conflicts = [await tenant.post("/Users", json=body_of("ADA")) for tenant in (client, other)]
    assert [refusal(answer) for answer in conflicts] == [(409, "uniqueness")] * 2
    assert conflicts[0].content == conflicts[1].content
    assert b"ada" not in conflicts[0].content.lower().replace(b"schemas", b"")


@pytest.mark.parametrize(
    "header", ["X-Tenant", "X-Tenant-Id", "Host", "X-Forwarded-Host", "X-Forwarded-Prefix", "X-Musterbook-Tenant"]
)
async def test_the_key_alone_names_the_tenant(client: httpx.AsyncClient, site: Site, header: str) -> None:
    """RFC 7644 §6.1: no header, host or parameter names a tenant, so none can contradict the key."""
    made = await create(client, "ada")
    answer = await client.get(f"/Users?tenant={site.globex.tenant.slug}", headers={header: site.globex.tenant.slug})
    assert answer.json()["Resources"] == [made]
    assert answer.json()["Resources"][0]["meta"]["location"].startswith("http://directory.test/")


async def test_an_id_is_never_given_again(client: httpx.AsyncClient, other: httpx.AsyncClient) -> None:
    """RFC 7643 §3.1: ids are unique over all tenants and times, removed people included, and hold no ``bulkId``."""
    ids: list[str] = []
    for number in range(20):
        for tenant in (client, other):
            made = await create(tenant, f"person{number}")
            ids.append(made["id"])
            await tenant.delete(f"/Users/{made['id']}")
    assert len(set(ids)) == 40
    assert not [id_ for id_ in ids if "bulkid" in id_.lower()]


async def test_scim_reaches_no_break_glass_account(client: httpx.AsyncClient, site: Site) -> None:
    """The tenant's first administrator is no SCIM resource: not listed, not found, and its address is free."""
    assert (await client.get("/Users")).json()["totalResults"] == 0
    assert await found(client, 'userName eq "admin@acme.example"') == []
    made = await create(client, "admin@acme.example")
    answer = await patch(client, made["id"], {"op": "replace", "path": "active", "value": False})
    assert (answer.status_code, answer.json()["active"]) == (200, False)
    actor = operator_actor(site.acme.tenant.id, "request-3")
    accounts = await site.services.directory.perform(actor, ListPeople(break_glass_type()))
    assert [(person.user_name, person.id == made["id"]) for person in accounts.people] == [
        ("admin@acme.example", False)
    ]
