"""People of identity providers other than OneLogin: what each documents that it sends, in its order.

Okta: its SCIM 2.0 reference and its test files. Entra ID: Microsoft's "Develop and plan provisioning for a SCIM
endpoint" and its validator. JumpCloud, PingFederate and CyberArk: their pages on custom SCIM applications. OneLogin is
played whole by the simulator.
"""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.conformance.asking import (
    ENTERPRISE,
    LIST_RESPONSE,
    NO_SUCH_RESOURCE,
    PATCH_OP,
    USER,
    Json,
    refusal,
    without_meta,
)
from tests.web.site import Site

NOBODY = {"schemas": [LIST_RESPONSE], "totalResults": 0, "startIndex": 1, "itemsPerPage": 0, "Resources": []}

OKTA_BODY: Json = {
    "schemas": [USER],
    "userName": "test.user@okta.local",
    "name": {"givenName": "Test", "familyName": "User"},
    "emails": [{"primary": True, "value": "test.user@okta.local", "type": "work"}],
    "displayName": "Test User",
    "locale": "en-US",
    "externalId": "00ujl29u0le5T6Aj10h7",
    "groups": [],
    "password": "1mz050nq",
    "active": True,
}
ENTRA_BODY: Json = {
    "schemas": [USER, ENTERPRISE],
    "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
    "userName": "Test_User_ab6490ee-1e48-479e-a20b-2d77186b5dd1",
    "active": True,
    "displayName": "lennay",
    "emails": [{"primary": True, "type": "work", "value": "Test_User_fd0ea19b@testuser.com"}],
    "meta": {"resourceType": "User"},
    "name": {"formatted": "givenName familyName", "familyName": "familyName", "givenName": "givenName"},
    "nickName": None,
    "roles": [],
    "department": None,
    "manager": None,
    ENTERPRISE: {"department": "bob", "manager": "26118915-6090-4610-87e4-49d8ca9f808d"},
}
JUMPCLOUD_BODY: Json = {
    "schemas": [USER, ENTERPRISE],
    "externalId": "5f1a2b3c4d5e6f7a8b9c0d1e",
    "userName": "jdoe@example.com",
    "name": {"givenName": "Jane", "familyName": "Doe"},
    "displayName": "Jane Doe",
    "active": True,
    "emails": [{"value": "jdoe@example.com", "type": "work", "primary": True}],
    "phoneNumbers": [{"value": "tel:+1-201-555-0123", "type": "work"}],
    "addresses": [{"type": "work", "locality": "Boulder", "country": "US", "primary": True}],
    "photos": [],
    ENTERPRISE: {"employeeNumber": "701984", "department": "Sales"},
}


async def client_for(site: Site, idp: str) -> httpx.AsyncClient:
    """Return a client with a key made for a provider."""
    key = await site.services.keys.issue(site.acme.tenant.id, idp=idp)
    client = site.client(key=False)
    client.headers["Authorization"] = f"Bearer {key.secret}"
    return client


class TestOkta:
    """Okta, by catalogue (OIN) and by wizard (AIW): look up, create, import, update, deactivate, return."""

    @pytest.fixture
    async def okta(self, site: Site) -> AsyncIterator[httpx.AsyncClient]:
        """Yield a client with Okta's header fields."""
        async with await client_for(site, "okta") as client:
            client.headers.update(
                {
                    "Accept": "application/scim+json",
                    "Accept-Charset": "utf-8",
                    "Content-Type": "application/scim+json; charset=utf-8",
                    "User-Agent": "Okta SCIM Client 1.0.0",
                    "Accept-Encoding": "gzip,deflate",
                }
            )
            yield client

    async def assign(self, okta: httpx.AsyncClient) -> Json:
        """Assign a person as Okta does."""
        query = "/Users?filter=userName%20eq%20%22test.user%40okta.local%22&startIndex=1&count=100"
        answer = await okta.get(query)
        assert (answer.status_code, answer.json()) == (200, NOBODY)
        made = await okta.post("/Users", json=OKTA_BODY)
        assert (made.status_code, made.headers["Content-Type"]) == (201, "application/scim+json")
        expected = {name: value for name, value in OKTA_BODY.items() if name not in {"groups", "password"}}
        assert without_meta(made.json()) == {**expected, "id": made.json()["id"]}
        assert (await okta.get(query)).json()["Resources"] == [made.json()]
        return made.json()

    async def test_the_connection_is_tested(self, okta: httpx.AsyncClient) -> None:
        """Setup reads a small page of users and one of groups; an empty tenant answers both."""
        assert (await okta.get("/Users?startIndex=1&count=2")).json() == NOBODY
        assert (await okta.get("/Groups?startIndex=1&count=100")).json() == NOBODY

    async def test_a_catalogue_application(self, okta: httpx.AsyncClient) -> None:
        """OIN: GET and PUT for the profile; PATCH without a path for deactivation, return and password."""
        made = await self.assign(okta)
        target = f"/Users/{made['id']}"
        changed = (await okta.get(target)).json()
        changed["name"]["familyName"] = "Renamed"
        changed["emails"][0]["display"] = "Test User"
        answer = await okta.put(target, json=changed)
        assert (answer.status_code, without_meta(answer.json())) == (200, without_meta(changed))
        for active in (False, True):
            message = {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "value": {"active": active}}]}
            answer = await okta.patch(target, json=message)
            assert (answer.status_code, without_meta(answer.json())) == (
                200,
                {**without_meta(changed), "active": active},
            )
        message = {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "value": {"password": "n3w-p4ss"}}]}
        answer = await okta.patch(target, json=message)
        assert (answer.status_code, without_meta(answer.json())) == (200, without_meta(changed))

    async def test_a_wizard_application(self, okta: httpx.AsyncClient) -> None:
        """AIW: everything by PUT of what was read, deactivation too; the person stays readable."""
        made = await self.assign(okta)
        target = f"/Users/{made['id']}"
        for active in (False, True):
            body = {**(await okta.get(target)).json(), "active": active}
            answer = await okta.put(target, json=body)
            assert (answer.status_code, without_meta(answer.json())) == (200, {**without_meta(made), "active": active})
            assert (await okta.get(target)).json() == answer.json()

    async def test_who_is_there_is_told_by_409(self, okta: httpx.AsyncClient) -> None:
        """Okta shows a duplicate by its 409 and a body with ``status`` as text."""
        await self.assign(okta)
        assert refusal(await okta.post("/Users", json=OKTA_BODY)) == (409, "uniqueness")

    async def test_people_are_imported_page_by_page(self, okta: httpx.AsyncClient) -> None:
        """An import reads pages of 100 until ``totalResults``; every person comes once."""
        names = {f"user{number}@okta.local" for number in range(101)}
        for name in names:
            assert (await okta.post("/Users", json={**OKTA_BODY, "userName": name})).status_code == 201
        pages = [(await okta.get(f"/Users?startIndex={start}&count=100")).json() for start in (1, 101)]
        assert [(page["totalResults"], page["startIndex"], page["itemsPerPage"]) for page in pages] == [
            (101, 1, 100),
            (101, 101, 1),
        ]
        assert {resource["userName"] for page in pages for resource in page["Resources"]} == names

    async def test_the_questions_of_its_specification_test(self, okta: httpx.AsyncClient) -> None:
        """The SPEC suite asks for an unknown id, an unknown name, a body without what is required, and a bad key."""
        assert (await okta.get("/Users/00919288221112222")).json() == NO_SUCH_RESOURCE
        assert (await okta.get('/Users?filter=userName eq "no.body@okta.local"')).json() == NOBODY
        answer = await okta.post("/Users", json={"schemas": [USER], "emails": [], "active": True})
        assert refusal(answer) == (400, "invalidValue")
        assert refusal(await okta.get("/Users", headers={"Authorization": "non-token"})) == (401, None)


class TestEntraId:
    """Microsoft Entra ID, without its compliance flag and with it; both dialects arrive from one tenant."""

    @pytest.fixture
    async def entra(self, site: Site) -> AsyncIterator[httpx.AsyncClient]:
        """Yield a client with Entra's header fields."""
        async with await client_for(site, "entra") as client:
            client.headers.update({"Accept": "application/scim+json", "Content-Type": "application/scim+json"})
            yield client

    async def assign(self, entra: httpx.AsyncClient) -> Json:
        """Create a person as Entra does, and check what comes back."""
        answer = await entra.post("/Users?aadOptscim062020", json=ENTRA_BODY)
        made = answer.json()
        absent = {"meta", "nickName", "roles", "department", "manager"}
        expected = {name: value for name, value in ENTRA_BODY.items() if name not in absent}
        expected[ENTERPRISE] = {"department": "bob", "manager": {"value": "26118915-6090-4610-87e4-49d8ca9f808d"}}
        assert answer.status_code == 201
        assert without_meta(made) == {**expected, "id": made["id"]}
        assert answer.headers["Location"] == made["meta"]["location"]
        return made

    @pytest.mark.parametrize(
        "filter_",
        [
            'userName eq "6c9c9f5a-5f7c-4a3a-bd7e-2f0b4ee5c9c1"',
            'externalId eq "6c9c9f5a-5f7c-4a3a-bd7e-2f0b4ee5c9c1"',
            'emails[type eq "work"].value eq "6c9c9f5a@nowhere.test"',
            "externalId eq jyoung",
            'id eq "6c9c9f5a" and manager eq "26118915"',
        ],
    )
    async def test_the_connection_is_tested(self, entra: httpx.AsyncClient, filter_: str) -> None:
        """Test Connection looks somebody up who does not exist; 200 and an empty list, or it is quarantined."""
        await self.assign(entra)
        answer = await entra.get("/Users", params={"filter": filter_, "aadOptscim062020": ""})
        assert (answer.status_code, answer.json()) == (200, NOBODY)
        assert answer.headers["Content-Type"] == "application/scim+json"

    async def test_who_is_there_is_found_by_each_matching_attribute(self, entra: httpx.AsyncClient) -> None:
        """Any of the usual matching attributes finds the person, the name in any case."""
        made = await self.assign(entra)
        for filter_ in (
            f'userName eq "{ENTRA_BODY["userName"].upper()}"',
            f'externalId eq "{ENTRA_BODY["externalId"]}"',
            'emails[type eq "work"].value eq "Test_User_fd0ea19b@testuser.com"',
            f'id eq "{made["id"]}" and manager eq "26118915-6090-4610-87e4-49d8ca9f808d"',
        ):
            assert (await entra.get("/Users", params={"filter": filter_})).json()["Resources"] == [made], filter_

    @pytest.mark.parametrize("flag", ["", "?aadOptscim062020"])
    async def test_a_profile_is_updated(self, entra: httpx.AsyncClient, flag: str) -> None:
        """Without the flag one operation for each attribute, with it one object with dotted keys; the same result."""
        made = await self.assign(entra)
        email = {"path": 'emails[type eq "work"].value', "value": "updated@testuser.com"}
        separate = [
            {"op": "Replace", **email},
            {"op": "Replace", "path": "name.familyName", "value": "updatedFamilyName"},
            {"op": "Add", "path": f"{ENTERPRISE}:department", "value": "Tech"},
            {"op": "Add", "path": 'phoneNumbers[type eq "mobile"].value', "value": "58-660-1141"},
            {"op": "Replace", "path": "manager", "value": ""},
        ]
        together = [
            {"op": "replace", **email},
            {"op": "add", "path": 'phoneNumbers[type eq "mobile"].value', "value": "58-660-1141"},
            {
                "op": "replace",
                "value": {
                    "name.familyName": "updatedFamilyName",
                    f"{ENTERPRISE}:department": "Tech",
                    f"{ENTERPRISE}:manager": "",
                },
            },
        ]
        message = {"schemas": [PATCH_OP], "Operations": together if flag else separate}
        answer = await entra.patch(f"/Users/{made['id']}{flag}", json=message)
        assert answer.status_code == 200
        assert without_meta(answer.json()) == {
            **without_meta(made),
            "name": {**made["name"], "familyName": "updatedFamilyName"},
            "emails": [{"primary": True, "type": "work", "value": "updated@testuser.com"}],
            "phoneNumbers": [{"value": "58-660-1141", "type": "mobile"}],
            ENTERPRISE: {"department": "Tech"},
        }

    @pytest.mark.parametrize("word", ["False", "false", False])
    async def test_a_person_is_disabled_and_checked(self, entra: httpx.AsyncClient, word: Json) -> None:
        """A soft delete sends ``active`` as text or boolean; a GET and a filter must show it, as the check does."""
        made = await self.assign(entra)
        message = {"schemas": [PATCH_OP], "Operations": [{"op": "Replace", "path": "active", "value": word}]}
        assert (await entra.patch(f"/Users/{made['id']}", json=message)).json()["active"] is False
        assert (await entra.get(f"/Users/{made['id']}")).json()["active"] is False
        assert (await entra.get(f'/Users?filter=userName eq "{made["userName"]}"')).json()["totalResults"] == 1

    async def test_a_suspension_beside_something_unknown_takes_effect(self, entra: httpx.AsyncClient) -> None:
        """One unknown or read-only target in a message never costs the suspension that stands in it."""
        made = await self.assign(entra)
        operations = [
            {"op": "Add", "path": "favouriteColour", "value": "blue"},
            {"op": "Add", "path": 'nonsense[type eq "x"].value', "value": "x"},
            {"op": "Replace", "path": "id", "value": "x"},
            {"op": "Replace", "path": "active", "value": "False"},
        ]
        answer = await entra.patch(f"/Users/{made['id']}", json={"schemas": [PATCH_OP], "Operations": operations})
        assert (answer.status_code, without_meta(answer.json())) == (200, {**without_meta(made), "active": False})

    async def test_a_person_is_deleted_for_good(self, entra: httpx.AsyncClient) -> None:
        """A hard delete is 204; looked up again the person is not there, and comes back as another."""
        made = await self.assign(entra)
        assert (await entra.delete(f"/Users/{made['id']}")).status_code == 204
        assert (await entra.get(f"/Users/{made['id']}")).json() == NO_SUCH_RESOURCE
        assert (await entra.get(f'/Users?filter=userName eq "{made["userName"]}"')).json() == NOBODY
        assert (await self.assign(entra))["id"] != made["id"]

    async def test_the_validators_person(self, entra: httpx.AsyncClient) -> None:
        """The validator sends ``primary`` as text, words without meaning, and a duplicate that must be a 409."""
        body = {
            **ENTRA_BODY,
            "locale": "QNVW",
            "timezone": "Pacific/Yap",
            "profileUrl": "7IPZOXGDMEYG",
            "roles": [{"primary": "True", "display": "d", "value": "v", "type": "t"}],
        }
        made = (await entra.post("/Users", json=body)).json()
        assert made["roles"] == [{"primary": True, "display": "d", "value": "v", "type": "t"}]
        assert (made["locale"], made["timezone"], made["profileUrl"]) == ("QNVW", "Pacific/Yap", "7IPZOXGDMEYG")
        assert refusal(await entra.post("/Users", json=body)) == (409, "uniqueness")

    async def test_an_application_role_arrives_as_text(self, entra: httpx.AsyncClient) -> None:
        """A mapping of AppRoleAssignmentsComplex puts JSON into ``roles[].value``; it is a string and stays one."""
        roles = [{"value": '{"id":"18d14569","value":"Admin","displayName":"Admin"}'}]
        assert (await entra.post("/Users", json={**ENTRA_BODY, "roles": roles})).json()["roles"] == roles


class TestJumpCloud:
    """JumpCloud: a test person that comes and goes, then PUT for every change."""

    async def test_the_connection_is_tested_with_a_person(self, site: Site) -> None:
        """Test Connection creates somebody and removes them; nothing is left and the name is free."""
        async with await client_for(site, "jumpcloud") as client:
            for _ in range(2):
                made = await client.post("/Users", json=JUMPCLOUD_BODY)
                assert made.status_code == 201
                assert (await client.delete(f"/Users/{made.json()['id']}")).status_code == 204
                assert (await client.get("/Users")).json() == NOBODY

    async def test_changes_come_by_put(self, site: Site) -> None:
        """Full bodies with empty lists and the schemas in either order; minimal ones with null and the id."""
        async with await client_for(site, "jumpcloud") as client:
            made = (await client.post("/Users", json=JUMPCLOUD_BODY)).json()
            target = f"/Users/{made['id']}"
            full = {
                **JUMPCLOUD_BODY,
                "schemas": [ENTERPRISE, USER],
                "phoneNumbers": [],
                "photos": [{"value": "https://p"}],
            }
            answer = (await client.put(target, json=full)).json()
            kept = {name: value for name, value in full.items() if name != "phoneNumbers"}
            assert without_meta(answer) == {**kept, "schemas": [USER, ENTERPRISE], "id": made["id"]}
            minimal = {
                "schemas": [USER],
                "id": made["id"],
                "userName": "jdoe@example.com",
                "active": False,
                "emails": None,
            }
            answer = (await client.put(target, json=minimal)).json()
            expected = {name: value for name, value in minimal.items() if value is not None}
            assert without_meta(answer) == {**expected, "externalId": JUMPCLOUD_BODY["externalId"]}


class TestPingFederate:
    """PingFederate: looked up by name or by address, changed by PUT, sent disabled where so configured."""

    async def test_people_are_found_by_name_and_by_address(self, site: Site) -> None:
        """``emails eq`` compares a complex attribute with many values; its values are meant. ``Eq`` is an operator."""
        async with await client_for(site, "ping") as client:
            body = {
                "schemas": [USER],
                "userName": "jsmith",
                "active": False,
                "emails": [{"value": "jsmith@example.com", "type": "work"}],
            }
            made = await client.post("/Users", json=body)
            assert (made.status_code, without_meta(made.json())) == (201, {**body, "id": made.json()["id"]})
            for filter_ in (
                'userName Eq "jsmith"',
                'emails eq "JSmith@example.com"',
                'emails.value eq "jsmith@example.com"',
            ):
                answer = await client.get("/Users", params={"filter": filter_})
                assert answer.json()["Resources"] == [made.json()], filter_
            enabled = await client.put(f"/Users/{made.json()['id']}", json={**body, "active": True})
            assert without_meta(enabled.json()) == {**without_meta(made.json()), "active": True}


class TestCyberArk:
    """CyberArk Identity reads the discovery documents one by one before it sends anybody."""

    async def test_the_documents_that_it_reads(self, site: Site) -> None:
        """A count of one, the configuration, each resource type and each schema by its id."""
        async with await client_for(site, "cyberark") as client:
            assert (await client.get("/Users?count=1")).json() == NOBODY
            assert (await client.get("/Groups")).json() == NOBODY
            paths = ("/ServiceProviderConfig", "/ResourceTypes/User", f"/Schemas/{USER}", f"/Schemas/{ENTERPRISE}")
            assert [(await client.get(path)).status_code for path in paths] == [200] * 4
            assert (await client.get("/ResourceTypes/Group")).json()["name"] == "Group"
