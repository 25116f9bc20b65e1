"""What the server says of itself, and that it is true (RFC 7644 §4, RFC 7643 §5 to §7)."""

import json

import httpx
import pytest

from tests.architecture.tree import ROOT
from tests.conformance.asking import ENTERPRISE, GROUP, LIST_RESPONSE, USER, Json, body_of, create, refusal
from tests.scim.test_discovery import DEFAULTS, characteristics

CONFIG = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
RESOURCE_TYPE = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Schema"
DISCOVERY = ("/ServiceProviderConfig", "/ResourceTypes", "/ResourceTypes/User", "/Schemas", f"/Schemas/{USER}")


async def listed(client: httpx.AsyncClient, path: str) -> list[Json]:
    """Return the resources of a list that is whole."""
    document = (await client.get(path)).json()
    resources: list[Json] = document.pop("Resources")
    number = len(resources)
    assert document == {"schemas": [LIST_RESPONSE], "totalResults": number, "startIndex": 1, "itemsPerPage": number}
    return resources


async def test_the_config_is_one_object(client: httpx.AsyncClient) -> None:
    """RFC 7644 §4: /ServiceProviderConfig is the document itself, in no list."""
    answer = await client.get("/ServiceProviderConfig")
    assert (answer.status_code, answer.json()["schemas"]) == (200, [CONFIG])
    assert answer.headers["Content-Type"] == "application/scim+json"


async def test_lists_and_single_documents_say_the_same(client: httpx.AsyncClient) -> None:
    """RFC 7644 §4: both lists hold everything, and each document is served alone at its ``meta.location``."""
    for path, schema in (("/ResourceTypes", RESOURCE_TYPE), ("/Schemas", SCHEMA)):
        documents = await listed(client, path)
        assert documents
        for document in documents:
            assert document["schemas"] == [schema]
            assert (await client.get(document["meta"]["location"])).json() == document
    config = (await client.get("/ServiceProviderConfig")).json()
    assert (await client.get(config["meta"]["location"])).json() == config


async def test_resource_types_name_schemas_that_are_served(client: httpx.AsyncClient) -> None:
    """RFC 7643 §6: the schemas of a resource type, its own and its extensions', are those of /Schemas."""
    served = {schema["id"] for schema in await listed(client, "/Schemas")}
    types = await listed(client, "/ResourceTypes")
    named = {item["schema"] for item in types} | {part["schema"] for item in types for part in item["schemaExtensions"]}
    assert named == served == {USER, ENTERPRISE, GROUP}
    assert [(item["id"], item["name"]) for item in types] == [("User", "User"), ("Group", "Group")]


async def test_every_schema_of_a_resource_is_served(client: httpx.AsyncClient) -> None:
    """RFC 7643 §7: every URN in the ``schemas`` of a resource has its definition, under any case of the URN."""
    made = await create(client, "ada", **{ENTERPRISE: {"department": "Engines"}})
    assert made["schemas"] == [USER, ENTERPRISE]
    for urn in made["schemas"]:
        answer = await client.get(f"/Schemas/{urn.upper()}")
        assert (answer.status_code, answer.json()["id"]) == (200, urn)


@pytest.mark.parametrize("path", ["/Schemas/urn:nobody", "/ResourceTypes/Nobody", "/ServiceProviderConfig/x"])
async def test_what_is_not_described_is_404(client: httpx.AsyncClient, path: str) -> None:
    """An unknown schema or resource type is not found."""
    assert refusal(await client.get(path)) == (404, None)


@pytest.mark.parametrize("path", DISCOVERY)
async def test_paging_and_sorting_mean_nothing_here(client: httpx.AsyncClient, path: str) -> None:
    """RFC 7644 §4: parameters for sorting, paging and projection are ignored; a filter is 403."""
    query = "startIndex=2&count=0&sortBy=id&sortOrder=descending&attributes=id&excludedAttributes=meta"
    assert (await client.get(f"{path}?{query}")).json() == (await client.get(path)).json()
    assert refusal(await client.get(f'{path}?filter=id eq "User"')) == (403, None)


@pytest.mark.parametrize("path", DISCOVERY)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_descriptions_can_only_be_read(client: httpx.AsyncClient, path: str, method: str) -> None:
    """Whatever is sent to a discovery endpoint is 405, and the document stays as it was."""
    before = (await client.get(path)).content
    answer = await client.request(method, path, json={"schemas": [CONFIG], "patch": {"supported": False}})
    assert (refusal(answer), answer.headers["Allow"]) == ((405, None), "GET, HEAD")
    assert (await client.get(path)).content == before


async def test_what_is_said_to_be_supported_works(client: httpx.AsyncClient) -> None:
    """RFC 7643 §5: ``patch``, ``filter`` and ``etag`` are supported, and no page is larger than ``maxResults``."""
    config = (await client.get("/ServiceProviderConfig")).json()
    assert config["etag"] == {"supported": True}
    made = await create(client, "ada")
    same = await client.get(f"/Users/{made['id']}", headers={"If-None-Match": made["meta"]["version"]})
    assert same.status_code == 304
    message = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "add", "path": "title", "value": "x"}],
    }
    assert (await client.patch(f"/Users/{made['id']}", json=message)).status_code == 200
    assert (config["patch"], config["filter"]) == ({"supported": True}, {"supported": True, "maxResults": 1000})
    assert (await client.get("/Users?count=1001")).json()["itemsPerPage"] <= 1000


async def test_what_is_said_to_be_unsupported_is_refused(client: httpx.AsyncClient) -> None:
    """RFC 7643 §5: passwords are said to be unsupported, and none is kept."""
    config = (await client.get("/ServiceProviderConfig")).json()
    assert config["changePassword"] == {"supported": False}
    made = await create(client, "ada", password="canary horse battery staple")
    assert "password" not in made


@pytest.mark.parametrize("path", ["/Me", "/me", "/Me/x"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
async def test_nobody_is_me(client: httpx.AsyncClient, path: str, method: str) -> None:
    """RFC 7644 §3.11: a key belongs to no person, so /Me is 501 and never some person; what is no alias is 404."""
    await create(client, "ada")
    answer = await client.request(method, path, json=body_of("me"))
    assert refusal(answer) == (501 if path == "/Me" else 404, None)


async def test_groups_are_offered(client: httpx.AsyncClient) -> None:
    """Groups have a resource type and a schema, and a provider that reads them in a new tenant finds none."""
    assert [item["name"] for item in await listed(client, "/ResourceTypes")] == ["User", "Group"]
    assert await listed(client, "/Groups") == []
    assert await listed(client, "/Groups?excludedAttributes=members&filter=displayName eq %22Crew%22") == []
    assert refusal(await client.get("/Groups/1")) == (404, None)


async def test_the_schema_of_groups_is_that_of_the_rfc(client: httpx.AsyncClient) -> None:
    """RFC 7643 §8.7.1: a group is described as in the table, in every characteristic, but for what is listed here."""
    table = json.loads((ROOT / "tests" / "scim" / "rfc" / "rfc7643-8.7.1-schemas.json").read_text(encoding="utf-8"))
    expected = characteristics(next(schema for schema in table if schema["id"] == GROUP)["attributes"])
    # §4.2 calls the name required, which the table does not; that it is unique is the tenant's to decide.
    expected["displayName"] |= {"required": True, "uniqueness": "server"}
    # §2.3.7: a reference is case-exact.
    expected["members.$ref"] |= {"caseExact": True}
    # §2.4 gives the elements of every multi-valued attribute a display.
    expected["members.display"] = {**DEFAULTS, "type": "string", "mutability": "immutable"}
    served = (await client.get(f"/Schemas/{GROUP}")).json()
    assert (served["name"], characteristics(served["attributes"])) == ("Group", expected)
    for attribute in (*served["attributes"], *served["attributes"][1]["subAttributes"]):
        assert attribute.keys() >= {"description", *DEFAULTS} - {"canonicalValues", "referenceTypes"}
