"""Bulk requests over HTTP (RFC 7644 §3.7)."""

from itertools import permutations

import httpx
import pytest

from tests.conformance.asking import PATCH_OP, Json, body_of, create, found, read, refusal

BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
BULK_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"


async def bulk(client: httpx.AsyncClient, *operations: Json, **members: Json) -> list[Json]:
    """Send one bulk request; return the results."""
    answer = await client.post("/Bulk", json={"schemas": [BULK_REQUEST], "Operations": list(operations), **members})
    assert answer.status_code == 200, answer.text
    document = answer.json()
    assert document["schemas"] == [BULK_RESPONSE]
    results: list[Json] = document["Operations"]
    return results


def adding(user_name: str, **attributes: Json) -> Json:
    """Return the operation that creates a person, whose bulkId is the name."""
    return {"method": "POST", "path": "/Users", "bulkId": user_name, "data": body_of(user_name, **attributes)}


def id_in(result: Json) -> str:
    """Return the id of the resource that a result is about."""
    return str(result["location"].rpartition("/")[2])


async def test_it_is_offered_with_its_limits(client: httpx.AsyncClient) -> None:
    """R-166: the limits are in ServiceProviderConfig, and one operation too many is 413, with nothing done."""
    config = (await client.get("/ServiceProviderConfig")).json()
    assert config["bulk"] == {"supported": True, "maxOperations": 1_000, "maxPayloadSize": 16_777_216}
    operations = [adding(f"ada{number}") for number in range(1_001)]
    answer = await client.post("/Bulk", json={"schemas": [BULK_REQUEST], "Operations": operations})
    assert refusal(answer) == (413, None)
    assert await found(client, "userName pr") == []


async def test_a_body_over_the_limit_is_not_read(client: httpx.AsyncClient) -> None:
    """R-166: what announces more than ``maxPayloadSize`` is 413 before it is sent."""
    answer = await client.post("/Bulk", content=b"{}", headers={"Content-Length": "16777217"})
    assert refusal(answer) == (413, None)


@pytest.mark.parametrize("message", [{}, {"schemas": [PATCH_OP], "Operations": []}, {"schemas": [BULK_REQUEST]}])
async def test_what_is_no_bulk_request_is_refused(client: httpx.AsyncClient, message: Json) -> None:
    """R-158: another message, or one without operations, is 400 invalidSyntax."""
    assert refusal(await client.post("/Bulk", json=message)) == (400, "invalidSyntax")


async def test_only_post_is_taken(client: httpx.AsyncClient) -> None:
    """RFC 7644 §3.2, Table 2: a bulk request is a POST."""
    answer = await client.get("/Bulk")
    assert (refusal(answer), answer.headers["Allow"]) == ((405, None), "POST")


async def test_every_kind_of_operation_is_performed(client: httpx.AsyncClient) -> None:
    """R-160: one result each, in order, with the location and version that a request of its own would tell."""
    ada, bob, cyd = [await create(client, name) for name in ("ada", "bob", "cyd")]
    patch = {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": "active", "value": False}]}
    results = await bulk(
        client,
        adding("dan"),
        {"method": "PUT", "path": f"/Users/{ada['id']}", "data": body_of("ada", title="Engineer")},
        {"method": "PATCH", "path": f"/Users/{bob['id']}", "data": patch},
        {"method": "DELETE", "path": f"/Users/{cyd['id']}"},
    )
    dan = await read(client, id_in(results[0]))
    assert dan["userName"] == "dan"
    assert results == [
        {
            "method": "POST",
            "bulkId": "dan",
            "location": dan["meta"]["location"],
            "version": dan["meta"]["version"],
            "status": "201",
        },
        {"method": "PUT", "location": ada["meta"]["location"], "version": 'W/"2"', "status": "200"},
        {"method": "PATCH", "location": bob["meta"]["location"], "version": 'W/"2"', "status": "200"},
        {"method": "DELETE", "location": cyd["meta"]["location"], "status": "204"},
    ]
    assert (await read(client, ada["id"]))["title"] == "Engineer"
    assert await found(client, "active eq false") == ["bob"]
    assert (await client.get(f"/Users/{cyd['id']}")).status_code == 404


async def test_a_failure_is_that_operations_alone(client: httpx.AsyncClient) -> None:
    """R-159, R-160: all is attempted, and what fails says so with the whole error that it would have had alone."""
    await create(client, "ada")
    alone = await client.post("/Users", json=body_of("ADA"))
    results = await bulk(client, adding("ADA"), adding("bob"), {"method": "DELETE", "path": "/Users/nobody"})
    assert [result["status"] for result in results] == ["409", "201", "404"]
    assert results[0]["response"] == alone.json()
    assert "location" not in results[0]
    assert results[2]["location"].endswith("/scim/v2/Users/nobody")
    assert await found(client, "userName pr") == ["ada", "bob"]


async def test_fail_on_errors_ends_it(client: httpx.AsyncClient) -> None:
    """R-159: after that many failures nothing more is done, and the answer ends with the last."""
    operations = [adding("ada"), adding("ada"), adding("bob"), adding("bob"), adding("cyd")]
    for number, operation in enumerate(operations):
        operation["bulkId"] = str(number)
    results = await bulk(client, *operations, failOnErrors=2)
    assert [result["status"] for result in results] == ["201", "409", "201", "409"]
    assert await found(client, "userName pr") == ["ada", "bob"]


async def test_references_become_ids(client: httpx.AsyncClient) -> None:
    """R-162: a reference stands for the id in an extension, in a path and in a PATCH, forward as well as back."""
    patch = {
        "schemas": [PATCH_OP],
        "Operations": [{"op": "add", "path": f"{ENTERPRISE}:manager", "value": {"value": "bulkId:cyd"}}],
    }
    results = await bulk(
        client,
        adding("ada", **{ENTERPRISE: {"manager": {"value": "bulkId:bob"}}}),
        adding("bob"),
        {"method": "PATCH", "path": "/Users/bulkId:bob", "data": patch},
        adding("cyd"),
    )
    assert [result["status"] for result in results] == ["201", "201", "200", "201"]
    ada, bob, cyd = (id_in(results[index]) for index in (0, 1, 3))
    assert (await read(client, ada))[ENTERPRISE]["manager"]["value"] == bob
    assert (await read(client, bob))[ENTERPRISE]["manager"]["value"] == cyd


@pytest.mark.parametrize("reference, status", [("nobody", "400"), ("taken", "409")])
async def test_a_reference_to_nothing_fails(client: httpx.AsyncClient, reference: str, status: str) -> None:
    """R-162: who refers to what is not created is not created either."""
    await create(client, "taken")
    manager = {ENTERPRISE: {"manager": {"value": f"bulkId:{reference}"}}}
    results = await bulk(client, adding("taken"), adding("ada", **manager))
    assert [result["status"] for result in results] == ["409", status]
    assert await found(client, "userName pr") == ["taken"]


@pytest.mark.parametrize("members", [["taken", "nobody"], ["nobody", "taken"]])
async def test_what_is_wrong_by_itself_is_told_first(client: httpx.AsyncClient, members: list[str]) -> None:
    """R-162: who refers to a failed operation and to none at all is told of the latter, in whichever order."""
    await create(client, "taken")
    crew = adding("crew", members=[{"value": f"bulkId:{name}"} for name in members])
    results = await bulk(client, adding("taken"), crew)
    assert [result["status"] for result in results] == ["409", "400"]


async def test_the_version_is_a_precondition(client: httpx.AsyncClient) -> None:
    """R-165: an operation that names another version than the present one is 412 and changes nothing."""
    ada = await create(client, "ada")
    put = {"method": "PUT", "path": f"/Users/{ada['id']}", "data": body_of("ada", title="New")}
    results = await bulk(client, {**put, "version": 'W/"9"'}, {**put, "version": ada["meta"]["version"]})
    assert [result["status"] for result in results] == ["412", "200"]


@pytest.mark.parametrize(
    "path", ["/Bulk", "/Me", "/Users/.search", "/ServiceProviderConfig", "/Schemas", "/Nothing", "/", "/Users/1"]
)
async def test_only_resources_are_operated_on(client: httpx.AsyncClient, path: str) -> None:
    """R-167: a bulk request in a bulk request, a query, discovery and what is not there fail, each alone."""
    data = {"schemas": [BULK_REQUEST], "Operations": [adding("ada")]}
    results = await bulk(client, {"method": "POST", "path": path, "bulkId": "x", "data": data}, adding("bob"))
    assert int(results[0]["status"]) in {400, 404, 405, 501}
    assert results[1]["status"] == "201"
    assert await found(client, "userName pr") == ["bob"]


async def test_another_tenants_resources_are_unknown(client: httpx.AsyncClient, other: httpx.AsyncClient) -> None:
    """R-167: what a key may not see alone it may not see in a bulk request."""
    theirs = await create(other, "ada")
    results = await bulk(client, {"method": "DELETE", "path": f"/Users/{theirs['id']}"})
    assert [result["status"] for result in results] == ["404"]
    assert await read(other, theirs["id"]) == theirs


async def test_every_seventh_of_a_thousand_is_invalid(client: httpx.AsyncClient) -> None:
    """Each of a thousand results is true, and the directory holds exactly what was said to be created."""
    operations = [adding(f"user{number:04}") for number in range(1_000)]
    for number in range(0, 1_000, 7):
        operations[number]["data"] = body_of(f"user{number:04}", emails=[{"value": "x" * 513}])
    results = await bulk(client, *operations)
    assert [result["status"] for result in results] == ["400" if number % 7 == 0 else "201" for number in range(1_000)]
    for start in (1, 501):
        page = (await client.get(f"/Users?startIndex={start}&count=500")).json()["Resources"]
        for resource in page:
            number = int(resource["userName"].removeprefix("user"))
            assert results[number]["location"] == resource["meta"]["location"]
    assert await found(client, "userName pr") == [f"user{number:04}" for number in range(1_000) if number % 7]


def founding(name: str, *members: str) -> Json:
    """Return the operation that creates a group, whose bulkId is the name."""
    data = {"schemas": [GROUP], "displayName": name, "members": [{"value": f"bulkId:{each}"} for each in members]}
    return {"method": "POST", "path": "/Groups", "bulkId": name, "data": data}


async def members_of(client: httpx.AsyncClient, result: Json) -> set[str]:
    """Return the ids of the members of the group that a result is about; its version is the one in the result."""
    answer = await client.get(f"/Groups/{id_in(result)}")
    group = answer.json()
    assert (answer.status_code, group["meta"]["version"]) == (200, result["version"])
    return {member["value"] for member in group.get("members", [])}


async def test_a_group_and_its_members_come_together(client: httpx.AsyncClient) -> None:
    """R-162: members are referred to before and after they are created."""
    results = await bulk(client, adding("ada"), founding("Crew", "ada", "bob"), adding("bob"))
    assert [result["status"] for result in results] == ["201", "201", "201"]
    assert await members_of(client, results[1]) == {id_in(results[0]), id_in(results[2])}


async def test_groups_that_hold_each_other(client: httpx.AsyncClient) -> None:
    """R-163: references in a circle are resolved: of groups, of one in itself, and of people's managers."""
    results = await bulk(
        client,
        founding("A", "B"),
        founding("B", "C"),
        founding("C", "A"),
        founding("Self", "Self"),
        adding("ada", **{ENTERPRISE: {"manager": {"value": "bulkId:bob"}}}),
        adding("bob", **{ENTERPRISE: {"manager": {"value": "bulkId:ada"}}}),
    )
    assert [result["status"] for result in results] == ["201"] * 6
    a, b, c, alone, ada, bob = map(id_in, results)
    held = [await members_of(client, result) for result in results[:4]]
    assert held == [{b}, {c}, {a}, {alone}]
    assert [(await read(client, one))[ENTERPRISE]["manager"]["value"] for one in (ada, bob)] == [bob, ada]


async def test_a_circle_comes_whole_or_not_at_all(client: httpx.AsyncClient) -> None:
    """R-163: where one of those that refer to each other cannot be created, each is 409 and none is there."""
    assert [result["status"] for result in await bulk(client, founding("B"))] == ["201"]
    results = await bulk(client, founding("A", "B"), founding("B", "A"), adding("ada"))
    assert [result["status"] for result in results] == ["409", "409", "201"]
    assert "displayName" in results[0]["response"]["detail"]
    page = (await client.get("/Groups")).json()
    assert [group["displayName"] for group in page["Resources"]] == ["B"]


async def test_a_change_bears_the_bulk_id_of_what_it_refers_to(client: httpx.AsyncClient) -> None:
    """R-162: a PATCH with the same bulkId as the POST of a member is performed like any other."""
    crew = (await bulk(client, founding("Crew")))[0]
    add = {"op": "add", "path": "members", "value": [{"value": "bulkId:ada"}]}
    data = {"schemas": [PATCH_OP], "Operations": [add]}
    patch = {"method": "PATCH", "path": f"/Groups/{id_in(crew)}", "bulkId": "ada", "data": data}
    results = await bulk(client, adding("ada"), patch)
    assert [result["status"] for result in results] == ["201", "200"]
    assert await members_of(client, results[1]) == {id_in(results[0])}


async def test_the_order_of_operations_makes_no_difference(client: httpx.AsyncClient) -> None:
    """R-164: in whatever order operations stand that refer to each other, the same people and groups come of them."""
    rename = {"schemas": [PATCH_OP], "Operations": [{"op": "add", "path": "externalId", "value": "C-1"}]}
    operations = [
        adding("ada", **{ENTERPRISE: {"manager": {"value": "bulkId:bob"}}}),
        adding("bob"),
        founding("Crew", "ada", "bob"),
        {"method": "PATCH", "path": "/Groups/bulkId:Crew", "data": rename},
    ]
    for order in permutations(operations):
        results = await bulk(client, *order)
        sent = [operation.get("bulkId", "") for operation in order]
        assert [(result.get("bulkId", ""), result["status"][0]) for result in results] == [(id_, "2") for id_ in sent]
        ada, bob, crew = (id_in(results[sent.index(name)]) for name in ("ada", "bob", "Crew"))
        assert (await read(client, ada))[ENTERPRISE]["manager"]["value"] == bob
        group = (await client.get(f"/Groups/{crew}")).json()
        assert {member["value"] for member in group["members"]} == {ada, bob}
        assert (group["displayName"], group["externalId"]) == ("Crew", "C-1")
        for path in (f"/Users/{ada}", f"/Users/{bob}", f"/Groups/{crew}"):
            assert (await client.delete(path)).status_code == 204
