"""What each tenant decides for itself, as its provider meets it."""

from pathlib import Path

import httpx
import pytest

from musterbook.directory import Switches, operator_actor
from musterbook.directory.operation import ListHistory
from musterbook.directory.store import HistoryQuery
from tests.conformance.asking import GROUP, USER, Json, body_of, create, patch, refusal
from tests.conformance.test_secrets import stored_bytes
from tests.web.site import Site

PASSWORD = "canary-Pa55word"


async def decide(site: Site, switches: Switches) -> None:
    """Let acme decide so, and wait until the server asks again."""
    await site.services.database.tenants.set_switches(site.acme.tenant.id, switches)
    site.clock.advance(seconds=1)


async def attribute(client: httpx.AsyncClient, schema: str, name: str) -> Json:
    """Return an attribute as /Schemas says it is, or ``None``."""
    attributes = (await client.get(f"/Schemas/{schema}")).json()["attributes"]
    return next((item for item in attributes if item["name"] == name), None)


async def test_names_of_groups_need_not_be_unique(
    client: httpx.AsyncClient, other: httpx.AsyncClient, site: Site
) -> None:
    """/Schemas says whether names are unique, and so it is; what one tenant decides is no other's matter."""
    crew = {"schemas": [GROUP], "displayName": "Crew"}
    for one in (client, other):
        assert (await one.post("/Groups", json=crew)).status_code == 201
    assert refusal(await client.post("/Groups", json=crew)) == (409, "uniqueness")
    await decide(site, Switches(unique_group_names=False))
    assert (await client.post("/Groups", json=crew)).status_code == 201
    assert refusal(await other.post("/Groups", json=crew)) == (409, "uniqueness")
    found = await client.get("/Groups", params={"filter": 'displayName eq "CREW"'})
    assert found.json()["totalResults"] == 2
    said = [(await attribute(one, GROUP, "displayName"))["uniqueness"] for one in (client, other)]
    assert said == ["none", "server"]


async def test_passwords_are_left_out_unless_they_are_taken(client: httpx.AsyncClient) -> None:
    """A tenant begins without: /Schemas has no ``password``, and one that is sent is ignored."""
    assert await attribute(client, USER, "password") is None
    assert (await client.get("/ServiceProviderConfig")).json()["changePassword"] == {"supported": False}
    assert "password" not in await create(client, "ada", password=PASSWORD)


@pytest.fixture
async def taking(client: httpx.AsyncClient, site: Site) -> httpx.AsyncClient:
    """Return a client of acme, which takes passwords."""
    await decide(site, Switches(accepts_passwords=True))
    return client


async def test_a_password_that_is_taken_is_never_returned(
    taking: httpx.AsyncClient, site: Site, tmp_path: Path
) -> None:
    """RFC 7643 §4.1.1, §9.2: a password is in no answer, log, revision or file; the file has an argon2id hash."""
    said = await attribute(taking, USER, "password")
    assert (said["mutability"], said["returned"], said["type"]) == ("writeOnly", "never", "string")
    assert (await taking.get("/ServiceProviderConfig")).json()["changePassword"] == {"supported": True}
    made = await taking.post("/Users", json=body_of("ada", password=PASSWORD))
    id_ = made.json()["id"]
    answers = [
        made,
        await taking.get(f"/Users/{id_}"),
        await taking.get(f"/Users/{id_}", params={"attributes": "password,userName"}),
        await taking.get("/Users", params={"filter": f'password eq "{PASSWORD}"'}),
        await taking.post("/Users", json=body_of("ada", password=PASSWORD)),
        await taking.post("/Users", json=body_of("bob", password=PASSWORD * 100)),
        await patch(taking, id_, {"op": "replace", "value": {"password": f"{PASSWORD}-2"}}),
    ]
    assert [answer.status_code for answer in answers] == [201, 200, 200, 400, 409, 400, 200]
    assert [PASSWORD in answer.text or '"password"' in answer.text for answer in answers] == [False] * len(answers)
    actor = operator_actor(site.acme.tenant.id, "request-3")
    history = await site.services.directory.perform(actor, ListHistory(HistoryQuery()))
    stored = stored_bytes(tmp_path)
    for text in (site.log.text, repr(history).encode(), stored):
        assert PASSWORD.encode() not in text
    assert b"$argon2id$" in stored
    assert "argon2id" not in repr(history)


async def test_a_password_makes_no_version(taking: httpx.AsyncClient) -> None:
    """What no client can read is no part of the version: neither the same password nor another one changes it."""
    made = await create(taking, "ada", password=PASSWORD)
    for password in (PASSWORD, f"{PASSWORD}-2"):
        for answer in (
            await taking.put(f"/Users/{made['id']}", json=body_of("ada", active=True, password=password)),
            await patch(taking, made["id"], {"op": "replace", "path": "password", "value": password}),
        ):
            assert (answer.status_code, answer.json()) == (200, made)
