"""Versions and preconditions over HTTP (RFC 7644 §3.14)."""

from collections.abc import Mapping

import httpx
import pytest

from tests.web.site import USER, Site, call

PATCH = {
    "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
    "Operations": [{"op": "replace", "path": "title", "value": "Countess"}],
}
BODIES: Mapping[str, object] = {"PUT": {**USER, "title": "Countess"}, "PATCH": PATCH, "DELETE": None}


async def create(client: httpx.AsyncClient) -> str:
    """Add a person and return the path."""
    return f"/Users/{(await client.post('/Users', json=USER)).json()['id']}"


async def test_every_answer_with_one_resource_names_its_version(client: httpx.AsyncClient) -> None:
    """``ETag`` is on every answer with one resource, equal to ``meta.version`` byte for byte; it changes with the
    resource and only with it, and a list shows it in ``meta.version``.
    """
    created = await client.post("/Users", json=USER)
    path = f"/Users/{created.json()['id']}"
    same = await client.put(path, json=USER)
    read = await client.get(path)
    patched = await client.patch(path, json=PATCH)
    replaced = await client.put(path, json=USER)
    answers = [created, same, read, patched, replaced]
    assert [answer.headers["ETag"] for answer in answers] == ['W/"1"', 'W/"1"', 'W/"1"', 'W/"2"', 'W/"3"']
    assert [answer.json()["meta"]["version"] for answer in answers] == [answer.headers["ETag"] for answer in answers]
    listed = await client.get("/Users")
    assert [user["meta"]["version"] for user in listed.json()["Resources"]] == ['W/"3"']
    assert "ETag" not in listed.headers


async def test_the_version_can_be_asked_for_alone(client: httpx.AsyncClient) -> None:
    """``meta.version`` is projected like any attribute, and ``ETag`` is there whatever is shown."""
    path = await create(client)
    shown = await client.get(path, params={"attributes": "meta.version"})
    assert (shown.json()["meta"], shown.headers["ETag"]) == ({"version": 'W/"1"'}, 'W/"1"')
    hidden = await client.get(path, params={"excludedAttributes": "meta"})
    assert ("meta" in hidden.json(), hidden.headers["ETag"]) == (False, 'W/"1"')


@pytest.mark.parametrize("field", ['W/"1"', '"1"', '"0", W/"1"', "*"])
async def test_what_the_client_has_is_not_sent_again(client: httpx.AsyncClient, field: str) -> None:
    """A GET whose ``If-None-Match`` names the version is a 304 with ``ETag`` and without a body."""
    path = await create(client)
    answer = await client.get(path, headers={"If-None-Match": field})
    assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", 'W/"1"')
    assert not {"Content-Type", "Content-Length"} & set(answer.headers)
    await client.patch(path, json=PATCH)
    changed = await client.get(path, headers={"If-None-Match": 'W/"1"'})
    assert (changed.status_code, changed.headers["ETag"]) == (200, 'W/"2"')


@pytest.mark.parametrize("method", BODIES)
@pytest.mark.parametrize("name, field", [("If-Match", 'W/"2"'), ("If-Match", "1"), ("If-None-Match", "*")])
async def test_a_failed_precondition_is_412(client: httpx.AsyncClient, method: str, name: str, field: str) -> None:
    """A change whose precondition does not hold is a 412 with an Error, and nothing changes."""
    path = await create(client)
    before = (await client.get(path)).json()
    refused = await client.request(method, path, json=BODIES[method], headers={name: field})
    assert (refused.status_code, refused.json()["status"]) == (412, "412")
    assert refused.json()["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert (await client.get(path)).json() == before
    done = await client.request(method, path, json=BODIES[method], headers={"If-Match": 'W/"1"'})
    assert done.status_code == (204 if method == "DELETE" else 200)


@pytest.mark.parametrize("method", ["GET", *BODIES])
@pytest.mark.parametrize("name", ["If-Match", "If-None-Match"])
async def test_a_missing_resource_is_404_whatever_the_precondition(
    client: httpx.AsyncClient, method: str, name: str
) -> None:
    """404 comes before 412 and 304 (RFC 9110 §13.2.1)."""
    path = await create(client)
    await client.delete(path)
    answer = await client.request(method, path, json=BODIES.get(method), headers={name: "*"})
    assert answer.status_code == 404


async def test_repeated_fields_are_one_list(site: Site, client: httpx.AsyncClient) -> None:
    """A version that is named by any of several fields is named (RFC 9110 §5.3)."""
    path = f"/scim/v2{await create(client)}"
    known = await call(site, path, headers=((b"if-none-match", b'"7"'), (b"if-none-match", b'W/"1"')))
    assert (known.status, known.body) == (304, b"")
    removed = await call(site, path, method="DELETE", headers=((b"if-match", b'"7"'), (b"if-match", b'W/"1"')))
    assert (removed.status, removed.body) == (204, b"")


async def test_lists_and_discovery_have_no_version(client: httpx.AsyncClient) -> None:
    """Preconditions mean nothing where there is no version: a list, a creation, a document of discovery."""
    fields = {"If-Match": '"9"', "If-None-Match": "*"}
    assert (await client.post("/Users", json=USER, headers=fields)).status_code == 201
    for path in ("/Users", "/Schemas", "/ServiceProviderConfig"):
        assert (await client.get(path, headers=fields)).status_code == 200
