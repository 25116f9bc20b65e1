"""Groups and their members (RFC 7643 §4.2)."""

import httpx

from tests.conformance.asking import GROUP, PATCH_OP, Json, create, refusal
from tests.web.site import Site

SEARCH_REQUEST = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"


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


async def test_a_reference_leads_to_whom_it_names(client: httpx.AsyncClient) -> None:
    """RFC 7643 §2.3.7: a GET of any ``$ref`` of a member, or of a person's group, returns the resource of that id."""
    ada = (await create(client, "ada"))["id"]
    inner = (await make(client, "Inner", ada))["id"]
    outer = await make(client, "Outer", ada, inner)
    assert {member["value"]: member["type"] for member in outer["members"]} == {ada: "User", inner: "Group"}
    groups = (await client.get(f"/Users/{ada}")).json()["groups"]
    assert len(groups) == 2
    for reference in [*outer["members"], *groups]:
        found = await client.get(reference["$ref"])
        assert (found.status_code, found.json()["id"]) == (200, reference["value"])


async def test_a_taken_name_is_409_for_every_write(client: httpx.AsyncClient) -> None:
    """RFC 7644 §3.3: the name of a group is unique whatever its case, in POST, PUT and PATCH."""
    await make(client, "Crew")
    deck = await make(client, "Deck")
    target, body = f"/Groups/{deck['id']}", {"schemas": [GROUP], "displayName": "CREW"}
    answers = [
        await client.post("/Groups", json=body),
        await client.put(target, json=body),
        await patch(client, deck["id"], {"op": "replace", "path": "displayName", "value": "crew"}),
        await patch(client, deck["id"], {"op": "replace", "value": {"displayName": "crew"}}),
    ]
    assert [refusal(answer) for answer in answers] == [(409, "uniqueness")] * 4
    assert (await client.get(target)).json() == deck


async def test_a_put_says_what_becomes_of_the_members(client: httpx.AsyncClient) -> None:
    """DEVIATION(RFC 7644 §3.5.1): members that a PUT does not mention stay; an array is all members there are to be,
    and an empty one says that there are none. A rename must not empty a group.
    """
    ada, grace = (await create(client, "ada"))["id"], (await create(client, "grace"))["id"]
    crew = (await make(client, "Crew", ada, grace))["id"]
    shown = []
    bodies: list[dict[str, Json]] = [{}, {"members": None}, {"members": [{"value": grace}]}, {"members": []}]
    for sent in bodies:
        answer = await client.put(f"/Groups/{crew}", json={"schemas": [GROUP], "displayName": "Crew", **sent})
        assert answer.status_code == 200
        shown.append(sorted(member["value"] for member in answer.json().get("members", [])))
    both = sorted([ada, grace])
    assert shown == [both, both, [grace], []]


async def test_only_a_change_of_the_members_is_a_version(client: httpx.AsyncClient) -> None:
    """RFC 7644 §3.5.2.1, §3.14: adding who is there or removing who is not changes nothing; a member who comes is a
    version of the group, and none of the person.
    """
    ada, grace = await create(client, "ada"), await create(client, "grace")
    crew = await make(client, "Crew", ada["id"])
    add = {"op": "add", "path": "members", "value": [{"value": ada["id"]}]}
    remove = {"op": "remove", "path": f'members[value eq "{grace["id"]}"]'}
    for operations in ([add], [remove], [add, remove]):
        answer = await patch(client, crew["id"], *operations)
        assert (answer.status_code, answer.json()) == (200, crew)
    add["value"] = [{"value": grace["id"]}]
    changed = await patch(client, crew["id"], add)
    assert (changed.headers["ETag"], changed.json()["meta"]["version"]) == ('W/"2"', 'W/"2"')
    person = (await client.get(f"/Users/{grace['id']}")).json()
    assert [group["value"] for group in person.pop("groups")] == [crew["id"]]
    assert person == grace


async def test_preconditions_hold_for_members_too(client: httpx.AsyncClient) -> None:
    """RFC 7644 §3.14: a change of members with an old version is 412 and changes nobody; with the present one it is
    made, and a GET with it is 304.
    """
    ada = (await create(client, "ada"))["id"]
    crew = (await make(client, "Crew", ada))["id"]
    message = {"schemas": [PATCH_OP], "Operations": [{"op": "remove", "path": "members"}]}
    refused = await client.patch(f"/Groups/{crew}", json=message, headers={"If-Match": 'W/"9"'})
    assert (refusal(refused), await members(client, crew)) == ((412, None), [ada])
    done = await client.patch(f"/Groups/{crew}", json=message, headers={"If-Match": 'W/"1"'})
    assert (done.status_code, await members(client, crew)) == (200, [])
    known = await client.get(f"/Groups/{crew}", headers={"If-None-Match": done.headers["ETag"]})
    assert (known.status_code, known.content) == (304, b"")


async def test_who_is_deleted_is_nobodys_member(client: httpx.AsyncClient) -> None:
    """RFC 7644 §3.6: a deleted person is in no group and becomes no member again; a deleted group is in no answer,
    and its name is free.
    """
    ada, grace = (await create(client, "ada"))["id"], (await create(client, "grace"))["id"]
    crew = await make(client, "Crew", ada, grace)
    await make(client, "Fleet", crew["id"])
    assert (await client.delete(f"/Users/{ada}")).status_code == 204
    assert await members(client, crew["id"]) == [grace]
    back = {"op": "add", "path": "members", "value": [{"value": ada}]}
    assert refusal(await patch(client, crew["id"], back)) == (400, "invalidValue")
    gone = await client.delete(f"/Groups/{crew['id']}")
    assert (gone.status_code, gone.content) == (204, b"")
    assert refusal(await patch(client, crew["id"], back)) == refusal(await client.get(f"/Groups/{crew['id']}"))
    assert refusal(await client.delete(f"/Groups/{crew['id']}")) == (404, None)
    assert "groups" not in (await client.get(f"/Users/{grace}")).json()
    (fleet,) = (await client.get("/Groups")).json()["Resources"]
    assert (fleet["displayName"], "members" in fleet) == ("Fleet", False)
    assert (await make(client, "Crew"))["id"] != crew["id"]


async def test_a_persons_groups_are_not_the_persons_to_write(
    client: httpx.AsyncClient, strict: httpx.AsyncClient
) -> None:
    """RFC 7643 §4.1.2: ``groups`` of a POST or PUT is ignored, and membership changes at the group alone."""
    crew, deck = (await make(client, "Crew"))["id"], (await make(client, "Deck"))["id"]
    ada = await create(client, "ada", groups=[{"value": deck}])
    await patch(client, crew, {"op": "add", "path": "members", "value": [{"value": ada["id"]}]})
    for groups in ([], None, [{"value": deck}]):
        answer = await client.put(f"/Users/{ada['id']}", json={**ada, "groups": groups})
        assert [group["value"] for group in answer.json()["groups"]] == [crew]
    message = {"schemas": [PATCH_OP], "Operations": [{"op": "add", "path": "groups", "value": [{"value": deck}]}]}
    assert refusal(await strict.patch(f"/Users/{ada['id']}", json=message)) == (400, "mutability")
    assert await members(client, deck) == []


async def test_groups_are_found_by_their_members(client: httpx.AsyncClient) -> None:
    """RFC 7644 §3.4.2.2: filters look into members, with and without a name of a sub-attribute, by GET and POST."""
    ada = (await create(client, "ada"))["id"]
    crew = (await make(client, "Crew", ada))["id"]
    fleet = (await make(client, "Fleet", crew))["id"]
    expected = {
        f'members eq "{ada}"': [crew],
        f'members.value eq "{ada}"': [crew],
        f'members[value eq "{ada}" and type eq "User"]': [crew],
        f'members[value eq "{ada}" and type eq "Group"]': [],
        f'id eq "{crew}" and members eq "{ada}"': [crew],
        'members[type eq "Group"]': [fleet],
        "members pr": sorted([crew, fleet]),
    }
    for path in ("/Groups", ""):
        found = {text: await client.get(path, params={"filter": text}) for text in expected}
        assert {
            text: sorted(resource["id"] for resource in answer.json()["Resources"]) for text, answer in found.items()
        } == expected
        for text, answer in found.items():
            posted = await client.post(f"{path}/.search", json={"schemas": [SEARCH_REQUEST], "filter": text})
            assert (posted.status_code, posted.content) == (200, answer.content)


async def test_a_patch_of_a_large_group_has_no_body(client: httpx.AsyncClient) -> None:
    """RFC 7644 §3.5.2: 200 with the group of up to 500 members; beyond that 204, and 200 where attributes are named.

    Where it is and which version it has is in the fields of the answer all the same.
    """
    people = [{"value": (await create(client, f"user{number:03}"))["id"]} for number in range(501)]
    crew = (await make(client, "Crew", *(person["value"] for person in people[:499])))["id"]
    last, extra = ({"op": "add", "path": "members", "value": [person]} for person in people[499:])
    whole = await patch(client, crew, last)
    assert (whole.status_code, len(whole.json()["members"])) == (200, 500)
    empty = await patch(client, crew, extra)
    assert (empty.status_code, empty.content, empty.headers["ETag"]) == (204, b"", 'W/"3"')
    assert empty.headers["Location"] == whole.headers["Location"] == whole.json()["meta"]["location"]
    message = {"schemas": [PATCH_OP], "Operations": [last]}
    asked = await client.patch(f"/Groups/{crew}?attributes=displayName", json=message)
    assert (asked.status_code, asked.json()) == (200, {"schemas": [GROUP], "id": crew, "displayName": "Crew"})


async def test_a_refused_patch_changes_nobody(client: httpx.AsyncClient) -> None:
    """RFC 7644 §3.5.2: where one operation fails, neither members nor attributes change, nor the version."""
    ada, grace = (await create(client, "ada"))["id"], (await create(client, "grace"))["id"]
    crew = await make(client, "Crew", ada)
    changes = [
        {"op": "add", "path": "members", "value": [{"value": grace}]},
        {"op": "remove", "path": f'members[value eq "{ada}"]'},
        {"op": "replace", "path": "displayName", "value": "Officers"},
    ]
    for wrong in ({"op": "remove", "path": "displayName"}, {"op": "add", "path": "members", "value": [{"value": 7}]}):
        assert refusal(await patch(client, crew["id"], *changes, wrong))[0] == 400
        assert (await client.get(f"/Groups/{crew['id']}")).json() == crew
    assert "groups" not in (await client.get(f"/Users/{grace}")).json()
