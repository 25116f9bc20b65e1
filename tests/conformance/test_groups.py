"""Groups and their members (RFC 7643 §4.2)."""

import httpx

from tests.conformance.asking import GROUP, PATCH_OP, Json, create, refusal
from tests.web.site import Site


async def make(client: httpx.AsyncClient, name: str, *members: str) -> Json:
    """Create a group; return the resource."""
    body = {"schemas": [GROUP], "displayName": name, "members": [{"value": id_} for id_ in members]}
    answer = await client.post("/Groups", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def patch(client: httpx.AsyncClient, id_: str, *operations: Json) -> httpx.Response:
    """Send one PATCH with these operations."""
    return await client.patch(f"/Groups/{id_}", json={"schemas": [PATCH_OP], "Operations": list(operations)})


async def members(client: httpx.AsyncClient, id_: str) -> list[str]:
    """Return the ids of the members of a group."""
    return [member["value"] for member in (await client.get(f"/Groups/{id_}")).json().get("members", [])]


async def test_a_group_has_a_name(client: httpx.AsyncClient) -> None:
    """RFC 7643 §4.2: ``displayName`` is required, and cannot be taken away."""
    assert refusal(await client.post("/Groups", json={"schemas": [GROUP]})) == (400, "invalidValue")
    crew = await make(client, "Crew")
    answer = await patch(client, crew["id"], {"op": "remove", "path": "displayName"})
    assert refusal(answer)[0] == 400
    assert (await client.get(f"/Groups/{crew['id']}")).json() == crew


async def test_a_member_is_never_rewritten(client: httpx.AsyncClient) -> None:
    """RFC 7643 §4.2: members are added and removed; one is never turned into another."""
    ada, grace = (await create(client, "ada"))["id"], (await create(client, "grace"))["id"]
    crew = (await make(client, "Crew", ada))["id"]
    answer = await patch(client, crew, {"op": "replace", "path": f'members[value eq "{ada}"].value', "value": grace})
    assert refusal(answer) == (400, "mutability")
    assert await members(client, crew) == [ada]


async def test_a_member_exists_in_the_same_tenant(client: httpx.AsyncClient, other: httpx.AsyncClient) -> None:
    """Nobody of another tenant becomes a member, nor learns that there is such a group."""
    stranger = (await create(other, "ada"))["id"]
    crew = await make(client, "Crew")
    add = {"op": "add", "path": "members", "value": [{"value": stranger}]}
    assert refusal(await patch(client, crew["id"], add)) == (400, "invalidValue")
    assert await members(client, crew["id"]) == []
    assert refusal(await patch(other, crew["id"], add)) == (404, None)
    assert "groups" not in (await other.get(f"/Users/{stranger}")).json()


async def test_one_unknown_member_refuses_all_by_the_rfcs_word(strict: httpx.AsyncClient) -> None:
    """With the profile rfc nobody is added where one of those who are sent is nobody."""
    ada = (await create(strict, "ada"))["id"]
    crew = (await make(strict, "Crew"))["id"]
    both = [{"value": ada}, {"value": "01938000-0000-7000-8000-000000000000"}]
    answer = await patch(strict, crew, {"op": "add", "path": "members", "value": both})
    assert refusal(answer) == (400, "invalidValue")
    assert await members(strict, crew) == []


async def test_the_log_names_who_was_left_out(client: httpx.AsyncClient, site: Site) -> None:
    """Ids that are nobody's are left out, counted, and named in the line of the request, at most twenty of them."""
    ada = (await create(client, "ada"))["id"]
    unknown = [f"{number:036}" for number in range(25)]
    crew = await make(client, "Crew", *unknown, ada)
    assert [member["value"] for member in crew["members"]] == [ada]
    line = site.log.requests[-1]
    assert (line["unknown_members"], line["unknown_members_count"]) == (unknown[:20], 25)


async def test_groups_may_hold_each_other(client: httpx.AsyncClient) -> None:
    """RFC 7643 §4.1.2: who is in a group that is in a group is in both; a circle hangs nothing."""
    ada = (await create(client, "ada"))["id"]
    inner = (await make(client, "Inner", ada))["id"]
    outer = (await make(client, "Outer", inner))["id"]
    await patch(client, inner, {"op": "add", "path": "members", "value": [{"value": outer}]})
    groups = (await client.get(f"/Users/{ada}")).json()["groups"]
    assert {(group["value"], group["type"], group["display"]) for group in groups} == {
        (inner, "direct", "Inner"),
        (outer, "indirect", "Outer"),
    }
    found = await client.get("/Users", params={"filter": f'groups.value eq "{outer}"'})
    assert [person["id"] for person in found.json()["Resources"]] == [ada]


async def test_excluded_members_are_left_out(client: httpx.AsyncClient) -> None:
    """RFC 7644 §3.9: members that are excluded, or not among what is asked for, are not shown."""
    ada = (await create(client, "ada"))["id"]
    crew = (await make(client, "Crew", ada))["id"]
    for query in ("excludedAttributes=members", "attributes=displayName"):
        one = (await client.get(f"/Groups/{crew}?{query}")).json()
        (listed,) = (await client.get(f"/Groups?{query}")).json()["Resources"]
        assert one == listed
        assert (one["displayName"], "members" in one) == ("Crew", False)


async def test_fifty_changes_of_members_in_one_patch(client: httpx.AsyncClient) -> None:
    """RFC 7644 §3.5.2: fifty operations on members are one change."""
    people = [(await create(client, f"user{number}"))["id"] for number in range(50)]
    crew = (await make(client, "Crew"))["id"]
    adds = [{"op": "add", "path": "members", "value": [{"value": id_}]} for id_ in people]
    answer = await patch(client, crew, *adds)
    assert (answer.status_code, answer.headers["ETag"]) == (200, 'W/"2"')
    assert sorted(await members(client, crew)) == sorted(people)
