"""Canaries: what is secret or personal goes in, and must come out nowhere (RFC 7643 §9; RFC 7644 §7.5)."""

from pathlib import Path

import httpx
import pytest

from musterbook.directory import operator_actor
from musterbook.directory.operation import ListHistory
from musterbook.directory.store import HistoryQuery
from tests.conformance.asking import ENTERPRISE, Json, body_of, create, patch
from tests.web.site import DATABASE, Site

PASSWORD = "canary-Pa55word"
OTHERS = "personal-0ther"


def stored_bytes(folder: Path) -> bytes:
    """Return everything that the database has written, its log included."""
    return b"".join(file.read_bytes() for file in sorted(folder.glob(f"{DATABASE}*")))


async def send_passwords(client: httpx.AsyncClient) -> list[httpx.Response]:
    """Send a password in every way that clients are known to, and read everything back."""
    answers = [await client.post("/Users", json=body_of("ada", password=PASSWORD))]
    id_ = answers[0].json()["id"]
    answers += [
        await client.put(f"/Users/{id_}", json=body_of("ada", password=PASSWORD, title="x")),
        await patch(client, id_, {"op": "replace", "path": "password", "value": PASSWORD}),
        await patch(client, id_, {"op": "replace", "value": {"password": PASSWORD, "title": "y"}}),
        await patch(client, id_, {"op": "add", "value": {"PASSWORD": PASSWORD}}),
        await client.post("/Users", json=body_of("ada", password=PASSWORD)),
        await client.post("/Users", json=body_of("", password=PASSWORD)),
        await client.post("/Users", json=body_of("bob", password={"value": PASSWORD})),
        await client.post("/Users", content=f'{{"password": "{PASSWORD}", '.encode()),
        await client.get("/Users", params={"filter": f'password eq "{PASSWORD}"'}),
        await client.get(f"/Users/{id_}", params={"attributes": "password,userName"}),
        await client.get(f"/Users/{id_}", params={"excludedAttributes": "userName"}),
        await client.get("/Users", params={"attributes": "password"}),
        await client.get(f"/Users/{id_}"),
    ]
    return answers


async def test_a_password_goes_nowhere(client: httpx.AsyncClient, site: Site, tmp_path: Path) -> None:
    """A password is in no answer, error, log line, revision, event or file of the database.

    RFC 7643 §4.1.1 forbids to return it; here it is not even kept, as people sign in with their provider.
    """
    answers = await send_passwords(client)
    assert [answer.status_code for answer in answers] == [
        201, 200, 200, 200, 200, 409, 400, 201, 400, 400, 200, 200, 200, 200
    ]  # fmt: skip
    for answer in answers:
        assert PASSWORD not in answer.text
        assert '"password"' not in answer.text
    assert PASSWORD.encode() not in site.log.text
    stored = stored_bytes(tmp_path)
    assert b'"userName":"ada"' in stored
    assert PASSWORD.encode() not in stored


async def test_the_history_has_no_password(client: httpx.AsyncClient, site: Site) -> None:
    """What people read of a change names neither the password nor that there was one."""
    await send_passwords(client)
    actor = operator_actor(site.acme.tenant.id, "request-3")
    history = await site.services.directory.perform(actor, ListHistory(HistoryQuery()))
    assert history.lines
    assert PASSWORD not in repr(history)
    assert "password" not in repr(history).lower()


async def test_a_key_goes_nowhere(client: httpx.AsyncClient, site: Site, tmp_path: Path) -> None:
    """A key, good or bad, is in no answer, log line or file: the database holds its hash alone (RFC 7644 §7.4)."""
    secret = site.key.secret
    bad = secret[:-1] + ("a" if secret[-1] != "a" else "b")
    answers = [
        await client.post("/Users", json=body_of("ada")),
        await client.get("/Users", params={"filter": secret}),
        await client.get("/Users", headers={"Authorization": f"Bearer {bad}"}),
        await client.get("/Users", headers={"Authorization": f"Basic {bad}"}),
        await client.get("/Users", headers={"Authorization": bad}),
        await client.get(f"/Users?access_token={secret}"),
    ]
    assert [answer.status_code for answer in answers] == [201, 400, 401, 401, 401, 200]
    for answer in answers[2:]:
        assert secret[4:-6] not in answer.text
    assert secret[4:-6].encode() not in site.log.text
    stored = stored_bytes(tmp_path)
    assert site.key.key.prefix.encode() in stored
    assert secret.encode() not in stored


@pytest.mark.parametrize(
    "attributes",
    [
        {"title": OTHERS},
        {"emails": [{"value": f"{OTHERS}@example.com", "type": OTHERS}]},
        {ENTERPRISE: {"employeeNumber": OTHERS, "manager": {"value": OTHERS}}},
    ],
    ids=["plain", "multi-valued", "extension"],
)
async def test_what_is_personal_is_in_no_log(
    client: httpx.AsyncClient, site: Site, attributes: dict[str, Json]
) -> None:
    """RFC 7644 §7.5.1: log lines hold routes, statuses and ids of keys, but no value of a body, filter or path."""
    made = await create(client, f"{OTHERS}@example.com", externalId=OTHERS, **attributes)
    await client.get(f"/Users/{OTHERS}")
    await client.get("/Users", params={"filter": f'externalId eq "{OTHERS}" or emails[value eq "{OTHERS}"]'})
    await client.get("/Users", params={"filter": f'active eq "{OTHERS}"'})
    await patch(client, made["id"], {"op": "replace", "path": f'emails[value eq "{OTHERS}"].value', "value": OTHERS})
    await patch(client, made["id"], {"op": "replace", "path": "active", "value": OTHERS})
    await client.put(f"/Users/{made['id']}", json=body_of(OTHERS * 40))
    await client.get("/Users", headers={"X-Forwarded-For": OTHERS, "User-Agent": OTHERS, "Cookie": OTHERS})
    assert len(site.log.requests) == 8
    assert OTHERS.encode() not in site.log.text
    assert made["id"].encode() not in site.log.text
