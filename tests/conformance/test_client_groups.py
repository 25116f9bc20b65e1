"""The groups of identity providers other than OneLogin: what each documents that it sends, in its order.

The sources are those of ``test_clients``, which plays the same providers with people. Where a provider's requests are
not documented, the test says whose shape is taken for them.
"""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.conformance.asking import (
    ENTERPRISE,
    GROUP,
    NO_SUCH_RESOURCE,
    PATCH_OP,
    USER,
    Json,
    create,
    refusal,
    without_meta,
)
from tests.conformance.test_clients import NOBODY, client_for
from tests.web.site import Site

MICROSOFT_GROUP = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
UNKNOWN = "01938000-0000-7000-8000-000000000000"


async def people(client: httpx.AsyncClient, *names: str) -> list[str]:
    """Create people; return their ids."""
    return [(await create(client, name))["id"] for name in names]


async def make(client: httpx.AsyncClient, name: str, **attributes: Json) -> Json:
    """Create a group without members, as providers do; return the resource."""
    answer = await client.post("/Groups", json={"schemas": [GROUP], "displayName": name, **attributes})
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"] == answer.json()["meta"]["location"]
    return answer.json()


async def patch(client: httpx.AsyncClient, target: str, *operations: Json) -> httpx.Response:
    """Send one PATCH with these operations."""
    answer = await client.patch(target, json={"schemas": [PATCH_OP], "Operations": list(operations)})
    assert answer.status_code in {200, 204}, answer.text
    return answer


async def members(client: httpx.AsyncClient, target: str) -> set[str]:
    """Return the ids of the members of a group."""
    answer = await client.get(target)
    assert answer.status_code == 200, answer.text
    return {member["value"] for member in answer.json().get("members", [])}


def change(op: str, *ids: str, **also: Json) -> Json:
    """Return the operation on members that lists them by their ids."""
    return {"op": op, "path": "members", "value": [{"value": id_, **also} for id_ in ids]}


def without(id_: str) -> Json:
    """Return the operation that removes the member whom a filter selects."""
    return {"op": "remove", "path": f'members[value eq "{id_}"]'}


class TestOkta:
    """Okta pushes groups: look up, create empty, name and fill by PATCH, or replace the whole by PUT."""

    @pytest.fixture
    async def okta(self, site: Site) -> AsyncIterator[httpx.AsyncClient]:
        """Yield a client with a key made for Okta."""
        async with await client_for(site, "okta") as client:
            yield client

    async def push(self, okta: httpx.AsyncClient) -> str:
        """Push a group that is not there yet; return its path."""
        query = "/Groups?filter=displayName%20eq%20%22Crew%22&startIndex=1&count=100"
        assert (await okta.get(query)).json() == NOBODY
        made = await make(okta, "Crew", members=[])
        assert (await okta.get(query)).json()["Resources"] == [made]
        return f"/Groups/{made['id']}"

    async def test_a_catalogue_application(self, okta: httpx.AsyncClient) -> None:
        """OIN: the name comes along with every change of members; removals by filter and additions in one message."""
        target = await self.push(okta)
        ada, grace, edith = await people(okta, "ada", "grace", "edith")
        rename = {"op": "replace", "value": {"id": target.rpartition("/")[2], "displayName": "Crew"}}
        await patch(okta, target, rename, change("add", ada, grace, display="somebody@okta.local"))
        assert await members(okta, target) == {ada, grace}
        rename["value"] = {"id": target.rpartition("/")[2], "displayName": "Officers"}
        answer = await patch(okta, target, rename, without(ada), change("add", edith, display="edith@okta.local"))
        assert (answer.status_code, answer.json()["displayName"]) == (200, "Officers")
        assert await members(okta, target) == {grace, edith}
        await patch(okta, target, rename)
        assert await members(okta, target) == {grace, edith}

    async def test_a_push_by_hand(self, okta: httpx.AsyncClient) -> None:
        """Push now replaces all members, with an empty array where there are none, and nobody is asked twice."""
        target = await self.push(okta)
        ada, grace = await people(okta, "ada", "grace")
        for pushed in ([ada, grace], [ada, grace], [grace], []):
            await patch(okta, target, change("replace", *pushed))
            assert await members(okta, target) == set(pushed)

    async def test_one_stale_id_does_not_cost_the_push(self, okta: httpx.AsyncClient) -> None:
        """Okta never repeats what is refused with 400: who is known becomes a member, and the members who are stay."""
        target = await self.push(okta)
        ada, grace = await people(okta, "ada", "grace")
        await patch(okta, target, change("add", ada))
        await patch(okta, target, change("add", UNKNOWN, grace))
        assert await members(okta, target) == {ada, grace}
        body = {"schemas": [PATCH_OP], "Operations": [change("replace", UNKNOWN)]}
        assert refusal(await okta.patch(target, json=body)) == (400, "invalidValue")
        assert await members(okta, target) == {ada, grace}

    async def test_many_members_come_in_several_messages(self, okta: httpx.AsyncClient) -> None:
        """A large change is split; each part adds to those before it."""
        target = await self.push(okta)
        ids = await people(okta, *(f"user{number}" for number in range(60)))
        for start in range(0, 60, 20):
            await patch(okta, target, change("add", *ids[start : start + 20]))
        assert await members(okta, target) == set(ids)

    async def test_a_wizard_application(self, okta: httpx.AsyncClient) -> None:
        """AIW: the whole group by PUT, with its id; a body with ``members: null`` says nothing of them."""
        target = await self.push(okta)
        ada, grace = await people(okta, "ada", "grace")
        whole = {"schemas": [GROUP], "id": target.rpartition("/")[2], "displayName": "Officers"}
        for sent, expected in (([ada, grace], {ada, grace}), (None, {ada, grace}), ([grace], {grace}), ([], set())):
            listed = None if sent is None else [{"value": id_, "display": "somebody"} for id_ in sent]
            answer = await okta.put(target, json={**whole, "members": listed})
            assert (answer.status_code, answer.json()["displayName"]) == (200, "Officers")
            assert await members(okta, target) == expected

    async def test_who_is_deactivated_stays_a_member_until_taken_out(self, okta: httpx.AsyncClient) -> None:
        """Unassigning is ``active`` false; the group changes with a message of its own."""
        target = await self.push(okta)
        (ada,) = await people(okta, "ada")
        await patch(okta, target, change("add", ada))
        await patch(okta, f"/Users/{ada}", {"op": "replace", "value": {"active": False}})
        assert await members(okta, target) == {ada}
        await patch(okta, target, without(ada))
        assert await members(okta, target) == set()

    async def test_a_group_is_unlinked_and_deleted(self, okta: httpx.AsyncClient) -> None:
        """DELETE on "unlink and delete"; a group of the name can be pushed again."""
        target = await self.push(okta)
        assert (await okta.delete(target)).status_code == 204
        assert (await okta.get(target)).json() == NO_SUCH_RESOURCE
        assert await self.push(okta) != target
        assert refusal(await okta.post("/Groups", json={"schemas": [GROUP], "displayName": "crew"})) == (
            409,
            "uniqueness",
        )


class TestEntraId:
    """Microsoft Entra ID: created empty, filled by PATCH, read without members; with its compliance flag or not."""

    @pytest.fixture
    async def entra(self, site: Site) -> AsyncIterator[httpx.AsyncClient]:
        """Yield a client with a key made for Entra ID."""
        async with await client_for(site, "entra") as client:
            yield client

    async def provision(self, entra: httpx.AsyncClient) -> str:
        """Provision a group that is not there yet; return its path."""
        query = '/Groups?excludedAttributes=members&filter=displayName eq "Crew"'
        assert (await entra.get(query)).json() == NOBODY
        body = {
            "schemas": [GROUP, MICROSOFT_GROUP],
            "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159",
            "displayName": "Crew",
            "meta": {"resourceType": "Group"},
        }
        made = await entra.post("/Groups", json=body)
        expected = {
            "schemas": [GROUP],
            "externalId": body["externalId"],
            "displayName": "Crew",
            "id": made.json()["id"],
        }
        assert (made.status_code, without_meta(made.json())) == (201, expected)
        assert (await entra.get(query)).json()["Resources"] == [made.json()]
        by_external_id = await entra.get("/Groups", params={"filter": f'externalId eq "{body["externalId"]}"'})
        assert by_external_id.json()["Resources"] == [made.json()]
        assert refusal(await entra.post("/Groups", json=body)) == (409, "uniqueness")
        return f"/Groups/{made.json()['id']}"

    @pytest.mark.parametrize("flag", ["", "?aadOptscim062020"])
    async def test_members_come_and_go(self, entra: httpx.AsyncClient, flag: str) -> None:
        """Several members in an operation and several operations in a message; removed by a list of values without
        the flag and by a filter with it; what is sent again changes nothing, and every answer is 204.
        """
        target = await self.provision(entra)
        ada, grace, edith = await people(entra, "ada", "grace", "edith")
        add, remove = ("add", "remove") if flag else ("Add", "Remove")
        adding = [{"$ref": None, **item} for item in change(add, ada, grace)["value"]]
        operations = [{"op": add, "path": "members", "value": adding}, change(add, edith)]
        removing = [without(ada), without(edith)] if flag else [change(remove, ada, edith, **{"$ref": None})]
        for sent, expected in ((operations, {ada, grace, edith}), (removing, {grace})):
            for _ in range(2):
                answer = await patch(entra, target + flag, *sent)
                assert (answer.status_code, answer.content) == (204, b"")
                assert await members(entra, target) == expected

    async def test_a_group_is_read_without_its_members(self, entra: httpx.AsyncClient) -> None:
        """``excludedAttributes=members`` really leaves them out; one membership is asked for by a filter of two ids."""
        target = await self.provision(entra)
        ada, grace = await people(entra, "ada", "grace")
        await patch(entra, target, change("Add", ada))
        shown = (await entra.get(f"{target}?excludedAttributes=members")).json()
        assert (shown["displayName"], "members" in shown) == ("Crew", False)
        group_id = shown["id"]
        for id_, total in ((ada, 1), (grace, 0)):
            query = {"filter": f'id eq "{group_id}" and members eq "{id_}"', "attributes": "id"}
            answer = (await entra.get("/Groups", params=query)).json()
            assert (answer["totalResults"], answer["Resources"]) == (
                total,
                [{"schemas": [GROUP], "id": group_id}] * total,
            )

    @pytest.mark.parametrize("flag", ["", "?aadOptscim062020"])
    async def test_a_group_is_renamed(self, entra: httpx.AsyncClient, flag: str) -> None:
        """One operation for each attribute, or one object; ``externalId`` comes as an Add. The members stay."""
        target = await self.provision(entra)
        (ada,) = await people(entra, "ada")
        await patch(entra, target, change("Add", ada))
        separate = [
            {"op": "Replace", "path": "displayName", "value": "Officers"},
            {"op": "Add", "path": "externalId", "value": "new-id"},
        ]
        together = [{"op": "replace", "value": {"displayName": "Officers", "externalId": "new-id"}}]
        await patch(entra, target + flag, *(together if flag else separate))
        await patch(entra, target + flag)
        renamed = (await entra.get(target)).json()
        assert (renamed["displayName"], renamed["externalId"]) == ("Officers", "new-id")
        assert [member["value"] for member in renamed["members"]] == [ada]

    async def test_a_group_is_removed(self, entra: httpx.AsyncClient) -> None:
        """A group out of scope is deleted, and its members show it no more."""
        target = await self.provision(entra)
        (ada,) = await people(entra, "ada")
        await patch(entra, target, change("Add", ada))
        assert [group["display"] for group in (await entra.get(f"/Users/{ada}")).json()["groups"]] == ["Crew"]
        assert (await entra.delete(target)).status_code == 204
        assert (await entra.get(target)).json() == NO_SUCH_RESOURCE
        assert "groups" not in (await entra.get(f"/Users/{ada}")).json()


class TestJumpCloud:
    """JumpCloud: a test group that comes and goes; members added and removed by lists of values, in small letters."""

    async def test_the_connection_is_tested_with_a_group(self, site: Site) -> None:
        """Test Connection creates a group and removes it; nothing is left and the name is free."""
        async with await client_for(site, "jumpcloud") as client:
            for _ in range(2):
                made = await make(client, "JumpCloud Test", members=[])
                assert (await client.delete(f"/Groups/{made['id']}")).status_code == 204
                assert (await client.get("/Groups")).json() == NOBODY

    async def test_members_come_and_go(self, site: Site) -> None:
        """A group that is unlinked loses its members by removals, and is not deleted itself."""
        async with await client_for(site, "jumpcloud") as client:
            target = f"/Groups/{(await make(client, 'Crew', members=[]))['id']}"
            ada, grace = await people(client, "ada", "grace")
            await patch(client, target, change("add", ada, grace))
            assert await members(client, target) == {ada, grace}
            await patch(client, target, change("remove", ada))
            assert await members(client, target) == {grace}
            await patch(client, target, change("remove", grace))
            assert (await members(client, target), (await client.get(target)).json()["displayName"]) == (set(), "Crew")


class TestPingFederate:
    """PingFederate reads all groups to find one by its name, and patches members where it is set to."""

    async def test_a_group_is_looked_for_in_all(self, site: Site) -> None:
        """Walked page by page, every group comes once; in which pages Ping walks is not documented."""
        async with await client_for(site, "ping") as client:
            made = {f"Group {number}": (await make(client, f"Group {number}"))["id"] for number in range(25)}
            walked: list[Json] = []
            while len(walked) < 25:
                page = (await client.get(f"/Groups?startIndex={len(walked) + 1}&count=10")).json()
                assert (page["totalResults"], page["itemsPerPage"]) == (25, min(10, 25 - len(walked)))
                walked += page["Resources"]
            assert {group["displayName"]: group["id"] for group in walked} == made

    @pytest.mark.parametrize("by_filter", [True, False])
    async def test_members_come_and_go(self, site: Site, *, by_filter: bool) -> None:
        """How Ping writes a removal is not documented; both shapes that others send remove exactly that member."""
        async with await client_for(site, "ping") as client:
            target = f"/Groups/{(await make(client, 'Crew'))['id']}"
            ada, grace = await people(client, "ada", "grace")
            await patch(client, target, change("add", ada, grace))
            await patch(client, target, without(ada) if by_filter else change("remove", ada))
            assert await members(client, target) == {grace}


class TestCyberArk:
    """CyberArk Identity pushes its roles as groups: list, create, get, PATCH."""

    async def test_a_role_arrives_as_a_group(self, site: Site) -> None:
        """The calls that CyberArk lists for groups, in their order; the shape of the PATCH is that of RFC 7644."""
        async with await client_for(site, "cyberark") as client:
            assert (await client.get("/ResourceTypes/Group")).json()["endpoint"] == "/Groups"
            assert (await client.get(f"/Schemas/{GROUP}")).json()["id"] == GROUP
            assert (await client.get("/Groups")).json() == NOBODY
            made = await make(client, "Role")
            target = f"/Groups/{made['id']}"
            assert (await client.get(target)).json() == made
            assert (await client.get("/Groups")).json()["Resources"] == [made]
            ada, grace = await people(client, "ada", "grace")
            await patch(client, target, change("add", ada, grace))
            await patch(client, target, without(ada))
            assert await members(client, target) == {grace}


class TestRippling:
    """Rippling, of whose requests little is established: a probe, a look-up by address, groups by PATCH if ticked."""

    async def test_a_person_is_looked_up_and_created(self, site: Site) -> None:
        """The configuration is read; the look-up is by the primary address; a POST that is repeated adds nobody."""
        async with await client_for(site, "rippling") as client:
            assert (await client.get("/ServiceProviderConfig")).json()["patch"] == {"supported": True}
            query = {"filter": 'emails[primary eq true].value eq "ada@example.com"'}
            assert (await client.get("/Users", params=query)).json() == NOBODY
            body = {
                "schemas": [USER, ENTERPRISE],
                "externalId": "5f3b",
                "userName": "ada@example.com",
                "name": {"givenName": "Ada", "familyName": "Lovelace"},
                "emails": [{"value": "ada@example.com", "primary": True}, {"value": "other@example.com"}],
                "active": True,
                ENTERPRISE: {"employeeNumber": "7"},
            }
            made = await client.post("/Users", json=body)
            assert (made.status_code, without_meta(made.json())) == (201, {**body, "id": made.json()["id"]})
            assert refusal(await client.post("/Users", json=body)) == (409, "uniqueness")
            assert (await client.get("/Users", params=query)).json()["Resources"] == [made.json()]
            query["filter"] = query["filter"].replace("ada", "other")
            assert (await client.get("/Users", params=query)).json() == NOBODY

    async def test_groups_are_created_edited_and_deleted(self, site: Site) -> None:
        """With "Create & delete groups" and "Use PATCH to edit groups" ticked; the shape is taken to be Okta's."""
        async with await client_for(site, "rippling") as client:
            target = f"/Groups/{(await make(client, 'Crew', members=[]))['id']}"
            ada, grace = await people(client, "ada", "grace")
            await patch(client, target, change("add", ada, grace))
            await patch(client, target, without(ada))
            assert await members(client, target) == {grace}
            assert (await client.delete(target)).status_code == 204
            assert (await client.get("/Groups")).json() == NOBODY
