"""A resource from POST to DELETE, as a client sees it over HTTP (RFC 7643 §2 to §4; RFC 7644 §3.3 to §3.6)."""

import re

import httpx
import pytest

from tests.conformance.asking import (
    ENTERPRISE,
    NO_SUCH_RESOURCE,
    USER,
    Json,
    body_of,
    create,
    found,
    patch,
    read,
    refusal,
    without_meta,
)
from tests.web.site import SCIM_URL, Site

UUID_7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")
NOON, ONE_O_CLOCK = "2026-11-23T12:00:00.000Z", "2026-11-23T13:00:00.000Z"


class TestCreate:
    """RFC 7644 §3.3."""

    async def test_the_answer_is_the_whole_resource_where_it_says(self, client: httpx.AsyncClient) -> None:
        """201 with the whole resource; ``Location`` equals ``meta.location``, and there it is."""
        answer = await client.post("/Users", json=body_of("ada", name={"givenName": "Ada"}))
        made = answer.json()
        id_ = made["id"]
        assert answer.status_code == 201
        assert without_meta(made) == {
            "schemas": [USER], "id": id_, "userName": "ada", "name": {"givenName": "Ada"}, "active": True
        }  # fmt: skip
        assert answer.headers["Location"] == made["meta"]["location"] == f"{SCIM_URL}/Users/{id_}"
        assert (await client.get(made["meta"]["location"])).json() == made

    async def test_what_only_the_server_says_is_ignored(self, client: httpx.AsyncClient) -> None:
        """``id``, ``meta`` and ``groups`` of a body set nothing and are no mistake (RFC 7643 §3.1, §7)."""
        meta = {
            "resourceType": "Nobody",
            "created": "2001-01-01T00:00:00Z",
            "lastModified": "2001-01-01T00:00:00Z",
            "location": "https://elsewhere.test/Users/1",
            "version": 'W/"9"',
        }
        made = await create(client, "ada", id="mine", meta=meta, groups=[{"value": "g", "type": "direct"}])
        assert UUID_7.match(made["id"])
        assert "groups" not in made
        assert (
            made["meta"].items()
            >= {
                "resourceType": "User",
                "created": NOON,
                "lastModified": NOON,
                "location": f"{SCIM_URL}/Users/{made['id']}",
            }.items()
        )
        assert made["meta"].get("version") != 'W/"9"'

    async def test_an_external_id_is_the_clients_alone(self, client: httpx.AsyncClient) -> None:
        """RFC 7643 §3.1: ``externalId`` is never made up, comes back as sent, and may be the same for two."""
        assert "externalId" not in await create(client, "ada")
        first = await create(client, "bob", externalId="Ab-1")
        second = await create(client, "cat", externalId="Ab-1")
        assert (first["externalId"], second["externalId"]) == ("Ab-1", "Ab-1")
        assert await found(client, 'externalId eq "Ab-1"') == ["bob", "cat"]

    @pytest.mark.parametrize("taken", ["ADA@example.com", "\uff21da@example.com", " ada@example.com "])
    async def test_a_taken_name_is_409(self, client: httpx.AsyncClient, taken: str) -> None:
        """RFC 7644 §3.3: whatever its case and width, 409 with ``uniqueness``, and nobody is added."""
        await create(client, "ada@example.com")
        assert refusal(await client.post("/Users", json=body_of(taken))) == (409, "uniqueness")
        assert await found(client, "userName pr") == ["ada@example.com"]

    async def test_composed_and_decomposed_names_are_one(self, client: httpx.AsyncClient) -> None:
        """RFC 7644 §5: names are prepared before they are compared, so two ways to write an é are one name."""
        await create(client, "ren\u00e9")
        assert refusal(await client.post("/Users", json=body_of("rene\u0301"))) == (409, "uniqueness")
        assert await found(client, 'userName eq "RENE\u0301"') == ["ren\u00e9"]

    @pytest.mark.parametrize(
        "body",
        [
            {"schemas": [USER]},
            {"schemas": [USER], "userName": ""},
            {"schemas": [USER], "userName": "   "},
            {"schemas": [USER], "userName": None},
            {"schemas": [USER], "userName": 7},
            {"schemas": [USER], "userName": ["ada"]},
            {"schemas": [USER], "userName": "a" * 257},
            {"schemas": [USER], "userName": "ada", "externalId": "x" * 513},
            {"schemas": [USER], "userName": "ada", "active": "perhaps"},
            {"schemas": [USER], "userName": "ada", "title": {"value": "x"}},
            {"schemas": [USER], "userName": "ada", "name": "Ada"},
            {"schemas": [USER], "userName": "ada", "x509Certificates": [{"value": "not base64!"}]},
            {
                "schemas": [USER],
                "userName": "ada",
                "emails": [{"value": "a@b.test", "primary": True}, {"value": "b@b.test", "primary": True}],
            },
        ],
        ids=range(13),
    )
    async def test_a_wrong_value_is_400(self, client: httpx.AsyncClient, body: Json) -> None:
        """RFC 7644 §3.12: what is required and missing, of the wrong type or too long is invalidValue."""
        assert refusal(await client.post("/Users", json=body)) == (400, "invalidValue")
        assert await found(client, "userName pr") == []

    async def test_a_name_twice_in_two_cases_is_400(self, client: httpx.AsyncClient) -> None:
        """RFC 7643 §2.1: names have no case, so two members that differ only in case are one name given twice."""
        answer = await client.post("/Users", content=b'{"userName": "ada", "USERNAME": "bob"}')
        assert refusal(answer) == (400, "invalidSyntax")

    async def test_an_omitted_value_may_be_defaulted(self, client: httpx.AsyncClient) -> None:
        """DEVIATION(RFC 7644 §3.3): ``active`` is always assigned; left out or null it is true, or a person whom the
        provider counts as active would be neither active nor suspended here.
        """
        assert (await create(client, "ada"))["active"] is True
        assert (await create(client, "bob", active=None))["active"] is True
        assert (await create(client, "cat", active=False))["active"] is False


class TestRepresentation:
    """RFC 7643 §2, §3."""

    async def test_schemas_are_those_of_what_is_there(self, client: httpx.AsyncClient) -> None:
        """The URN of an extension is there exactly while one of its attributes is, whatever the body named."""
        named = await client.post("/Users", json={"schemas": [ENTERPRISE, USER, USER], "userName": "ada"})
        assert named.json()["schemas"] == [USER]
        id_ = named.json()["id"]
        added = await patch(client, id_, {"op": "add", "path": f"{ENTERPRISE}:department", "value": "Engines"})
        assert added.json()["schemas"] == [USER, ENTERPRISE]
        gone = await patch(client, id_, {"op": "remove", "path": f"{ENTERPRISE}:department"})
        assert gone.json()["schemas"] == [USER]
        assert ENTERPRISE not in gone.json()
        undeclared = await create(client, "bob", **{ENTERPRISE: {"department": "Fleet"}})
        assert undeclared["schemas"] == [USER, ENTERPRISE]

    async def test_the_order_of_schemas_and_names_means_nothing(self, client: httpx.AsyncClient) -> None:
        """RFC 7643 §2.3.8, §3: two bodies that differ in order and case alone make two like resources."""
        first = {"schemas": [USER, ENTERPRISE], "userName": "ada", "title": "x", ENTERPRISE: {"division": "d"}}
        second = {ENTERPRISE.upper(): {"DIVISION": "d"}, "TITLE": "x", "UserName": "bob", "schemas": [ENTERPRISE, USER]}
        bodies = [(await client.post("/Users", json=body)).json() for body in (first, second)]
        shown = [{**without_meta(body), "id": "", "userName": ""} for body in bodies]
        assert shown[0] == shown[1] == {**first, "id": "", "userName": "", "active": True}
        assert [*bodies[0]] == [*bodies[1]]

    @pytest.mark.parametrize("nothing", [None, [], ""])
    async def test_null_and_empty_and_absent_are_one(self, client: httpx.AsyncClient, nothing: Json) -> None:
        """RFC 7643 §2.5: each unassigns; ``pr`` is false, and the attribute is absent."""
        made = await create(client, "ada", title="Countess", emails=[{"value": "ada@example.com"}])
        body = body_of("ada", title=nothing, emails=nothing)
        answer = await client.put(f"/Users/{made['id']}", json=body)
        assert without_meta(answer.json()) == {"schemas": [USER], "id": made["id"], "userName": "ada", "active": True}
        assert await found(client, "title pr or emails pr") == []

    async def test_values_come_back_as_they_were_sent(self, client: httpx.AsyncClient) -> None:
        """DEVIATION(RFC 7643 §2.4, §4.1.2): addresses, telephone numbers, countries and references are not rewritten:
        Entra ID compares what it reads with what it sent, and sends a difference again in every cycle.
        """
        sent = {
            "emails": [{"value": "Ada@EXAMPLE.com", "type": "work", "primary": True}],
            "phoneNumbers": [{"value": "tel:+1-201-555-0123;ext=9", "type": "work"}, {"value": "555 0123"}],
            "addresses": [{"country": "Germany", "postalCode": "01067", "type": "work"}, {"country": "de"}],
            "profileUrl": "people/ada",
            "photos": [{"value": "https://photos.example/F", "type": "photo"}],
            "locale": "en_US",
            "x509Certificates": [{"value": "MIIDQzCCAqygAwIBAgICEAA"}],
            ENTERPRISE: {"manager": {"value": "no-such-id", "$ref": "../Users/no-such-id"}},
        }
        made = await create(client, "ada", **sent)
        assert {name: made[name] for name in sent} == sent

    async def test_the_same_value_is_kept_once_and_types_tell_apart(self, client: httpx.AsyncClient) -> None:
        """RFC 7643 §2.4: one pair of type and value stands once; the same value may have two types."""
        work, home = {"value": "ada@example.com", "type": "work"}, {"value": "ada@example.com", "type": "home"}
        made = await create(client, "ada", emails=[work, home, {**work, "value": "ADA@example.com"}])
        assert made["emails"] == [work, home]

    async def test_unknown_attributes_are_left_out(self, client: httpx.AsyncClient, site: Site) -> None:
        """DEVIATION(SCIM interoperability profile): what no schema defines is left out, except under that profile:
        one extra line in a provider's template must not stop all provisioning. The log names what was left out.
        """
        made = await create(client, "ada", shoeSize=39, **{"urn:example:ext:1.0:User": {"x": 1}})
        assert without_meta(made) == {"schemas": [USER], "id": made["id"], "userName": "ada", "active": True}
        assert site.log.requests[-1]["ignored"] == ["shoeSize", "urn:example:ext:1.0:User"]

    async def test_common_attributes_need_no_schema(self, client: httpx.AsyncClient) -> None:
        """RFC 7643 §3.1: ``id``, ``externalId`` and ``meta`` are there for a type whose schema does not name them."""
        made = await create(client, "ada", externalId="E-1")
        schema = (await client.get(f"/Schemas/{USER}")).json()
        assert not {"id", "externalId", "meta", "schemas"} & {item["name"] for item in schema["attributes"]}
        query = f'externalId eq "E-1" and id eq "{made["id"]}" and meta.resourceType eq "User"'
        assert await found(client, query) == ["ada"]


class TestReadAndChange:
    """RFC 7644 §3.4.1, §3.5, §3.6."""

    async def test_times_follow_real_changes_alone(self, client: httpx.AsyncClient, site: Site) -> None:
        """RFC 7643 §3.1, RFC 7644 §3.5.2.1: ``lastModified`` moves with a change and with nothing else."""
        made = await create(client, "ada", title="Countess")
        id_ = made["id"]
        site.clock.advance(hours=1)
        same = [
            await client.put(f"/Users/{id_}", json=body_of("ada", title="Countess")),
            await patch(client, id_, {"op": "add", "path": "title", "value": "Countess"}),
            await patch(client, id_, {"op": "remove", "path": "nickName"}),
            await client.get(f"/Users/{id_}"),
        ]
        assert [(answer.status_code, answer.json()) for answer in same] == [(200, made)] * 4
        changed = (await patch(client, id_, {"op": "replace", "path": "title", "value": "Lady"})).json()
        assert (changed["meta"]["created"], changed["meta"]["lastModified"]) == (NOON, ONE_O_CLOCK)

    async def test_every_answer_with_one_resource_says_where_it_is(self, client: httpx.AsyncClient) -> None:
        """RFC 7644 §3.4.1, §3.5: GET, PUT and PATCH have ``Location``, too; it equals ``meta.location``."""
        made = await create(client, "ada")
        target = made["meta"]["location"]
        answers = [
            await client.get(target),
            await client.get(f"{target}?attributes=userName"),
            await client.put(target, json=body_of("ada", title="x")),
            await patch(client, made["id"], {"op": "replace", "path": "title", "value": "y"}),
        ]
        assert [(answer.status_code, answer.headers.get("Location")) for answer in answers] == [(200, target)] * 4
        assert "Location" not in (await client.get("/Users")).headers

    @pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
    async def test_what_is_not_there_is_404(self, client: httpx.AsyncClient, method: str) -> None:
        """Every operation on an unknown id is 404 and creates nothing; a PUT is no POST (RFC 7644 §3.5.1)."""
        body = body_of("ada") if method == "PUT" else {"Operations": [{"op": "add", "path": "title", "value": "x"}]}
        answer = await client.request(method, "/Users/01938000-0000-7000-8000-000000000000", json=body)
        assert (answer.status_code, answer.json()) == (404, NO_SUCH_RESOURCE)
        assert await found(client, "userName pr") == []

    async def test_put_replaces(self, client: httpx.AsyncClient) -> None:
        """RFC 7644 §3.5.1: sent values replace, omitted ones are cleared, what only the server writes is ignored."""
        made = await create(
            client, "ada", title="x", name={"givenName": "Ada", "middleName": "K"}, **{ENTERPRISE: {"division": "d"}}
        )
        body = body_of("bob", id="other", meta={"created": "x"}, groups=[], name={"givenName": "Bob"})
        answer = await client.put(f"/Users/{made['id']}", json=body)
        assert answer.status_code == 200
        assert without_meta(answer.json()) == {
            "schemas": [USER], "id": made["id"], "userName": "bob", "name": {"givenName": "Bob"}, "active": True
        }  # fmt: skip
        assert answer.json() == await read(client, made["id"])

    @pytest.mark.parametrize("omitted", [{}, {"active": None, "externalId": None}, {"active": "", "externalId": ""}])
    async def test_put_keeps_what_must_not_be_lost_by_omission(self, client: httpx.AsyncClient, omitted: Json) -> None:
        """DEVIATION(RFC 7644 §3.5.1): a PUT without ``active`` or ``externalId`` keeps them, as a provider's template
        may carry neither and must not bring a suspended person back.
        """
        made = await create(client, "ada", active=False, externalId="E-1", title="x")
        answer = await client.put(f"/Users/{made['id']}", json=body_of("ada", **omitted))
        assert without_meta(answer.json()) == {
            "schemas": [USER], "id": made["id"], "externalId": "E-1", "userName": "ada", "active": False
        }  # fmt: skip

    async def test_put_without_what_is_required_is_400(self, client: httpx.AsyncClient) -> None:
        """RFC 7644 §3.5.1: a PUT without ``userName`` is invalidValue, and changes nothing."""
        made = await create(client, "ada")
        assert refusal(await client.put(f"/Users/{made['id']}", json={"schemas": [USER]})) == (400, "invalidValue")
        assert await read(client, made["id"]) == made

    async def test_a_taken_name_is_409_for_every_write(self, client: httpx.AsyncClient) -> None:
        """RFC 7643 §2.2: uniqueness holds for POST, PUT and PATCH alike."""
        await create(client, "ada")
        bob = await create(client, "bob")
        answers = [
            await client.post("/Users", json=body_of("Ada")),
            await client.put(f"/Users/{bob['id']}", json=body_of("Ada")),
            await patch(client, bob["id"], {"op": "replace", "path": "userName", "value": "Ada"}),
            await patch(client, bob["id"], {"op": "replace", "value": {"userName": "Ada"}}),
        ]
        assert [refusal(answer) for answer in answers] == [(409, "uniqueness")] * 4
        assert await read(client, bob["id"]) == bob

    @pytest.mark.parametrize(
        "operations,expected",
        [
            ([{"op": "move", "path": "title", "value": "x"}], "invalidSyntax"),
            ([{"op": "add", "path": "title"}], "invalidValue"),
            ([{"op": "remove"}], "noTarget"),
            ([{"op": "replace", "path": "title[", "value": "x"}], "invalidPath"),
            ([{"op": "replace", "path": 'emails[type regex "x"].value', "value": "x"}], "invalidFilter"),
            ([{"op": "replace", "path": 'emails[value sw "x"].display', "value": "x"}], "noTarget"),
            ([{"op": "replace", "path": "active", "value": "perhaps"}], "invalidValue"),
            ([{"op": "remove", "path": "userName"}], "mutability"),
            ([{"op": "remove", "path": "active"}], "mutability"),
            (
                [{"op": "replace", "path": "title", "value": "x"}, {"op": "replace", "path": "userName", "value": ""}],
                "invalidValue",
            ),
        ],
        ids=range(10),
    )
    async def test_a_refused_patch_has_its_scim_type(
        self, client: httpx.AsyncClient, site: Site, operations: list[Json], expected: str
    ) -> None:
        """RFC 7644 §3.5.2, §3.12: each failure has its ``scimType``, and one failing operation undoes the others."""
        made = await create(client, "ada")
        site.clock.advance(hours=1)
        assert refusal(await patch(client, made["id"], *operations)) == (400, expected)
        assert await read(client, made["id"]) == made

    async def test_a_patch_without_operations(self, client: httpx.AsyncClient, strict: httpx.AsyncClient) -> None:
        """RFC 7644 §3.5.2: by the RFC's word a message has operations; for lenient clients none changes nothing."""
        made = await create(client, "ada")
        assert refusal(await patch(strict, made["id"])) == (400, "invalidSyntax")
        answer = await patch(client, made["id"])
        assert (answer.status_code, answer.json()) == (200, made)

    @pytest.mark.parametrize("path", ["id", "meta.created", "groups"])
    async def test_what_is_read_only_is_not_patched(
        self, client: httpx.AsyncClient, strict: httpx.AsyncClient, path: str
    ) -> None:
        """RFC 7644 §3.5.2: a read-only target is ``mutability`` by the RFC's word, and left out for lenient clients.

        DEVIATION(RFC 7644 §3.5.2): refused, the suspension that may stand in the same message would be lost.
        """
        made = await create(client, "ada")
        operation = {"op": "replace", "path": path, "value": "x"}
        assert refusal(await patch(strict, made["id"], operation)) == (400, "mutability")
        answer = await patch(client, made["id"], operation, {"op": "replace", "path": "active", "value": False})
        assert without_meta(answer.json()) == {**without_meta(made), "active": False}

    async def test_who_is_suspended_stays_visible(self, client: httpx.AsyncClient) -> None:
        """RFC 7643 §4.1.1: ``active`` false takes no one out of any answer."""
        made = await create(client, "ada")
        await patch(client, made["id"], {"op": "replace", "path": "active", "value": False})
        assert (await read(client, made["id"]))["active"] is False
        assert await found(client, "active eq false") == await found(client, "userName pr") == ["ada"]

    async def test_delete_is_for_good(self, client: httpx.AsyncClient, site: Site) -> None:
        """RFC 7644 §3.6: 204 without a body; then 404 for everything, absent from lists, and the name is free."""
        made = await create(client, "ada", externalId="E-1")
        target = f"/Users/{made['id']}"
        gone = await client.delete(target)
        assert (gone.status_code, gone.content) == (204, b"")
        again = [
            await client.delete(target),
            await client.get(target),
            await client.put(target, json=body_of("ada")),
            await patch(client, made["id"], {"op": "replace", "path": "active", "value": True}),
        ]
        assert [(answer.status_code, answer.json()) for answer in again] == [(404, NO_SUCH_RESOURCE)] * 4
        assert await found(client, 'userName eq "ada" or externalId eq "E-1" or active eq false') == []
        assert (await client.get("/Users")).json()["totalResults"] == 0
        site.clock.advance(seconds=1)
        anew = await create(client, "ada", externalId="E-1")
        assert anew["id"] != made["id"]
        assert (await client.get(target)).status_code == 404

    async def test_ids_are_compared_exactly(self, client: httpx.AsyncClient) -> None:
        """RFC 7643 §3.1: an id is case-exact, in the path and in a filter; percent-encoding changes nothing."""
        id_ = (await create(client, "ada"))["id"]
        shouted = id_.upper()
        assert shouted != id_
        assert (await client.get(f"/Users/{shouted}")).json() == NO_SUCH_RESOURCE
        assert await found(client, f'id eq "{shouted}"') == []
        assert await found(client, f'id eq "{id_}"') == ["ada"]
        encoded = "".join(f"%{ord(letter):02x}" for letter in id_)
        assert (await client.get(f"/Users/{encoded}")).json()["id"] == id_
        assert (await client.get(f"/Users/{encoded.replace('%', '%25')}")).status_code == 404


@pytest.mark.parametrize(
    "method,path,status",
    [
        ("POST", "/Nowhere", 404),
        ("POST", "/Users/1", 405),
        ("PUT", "/Users", 405),
        ("PATCH", "/Users", 405),
        ("DELETE", "/Users", 405),
        ("GET", "/users", 404),
        ("GET", "/v2/Users", 404),
        ("GET", "/Users/1/emails", 404),
    ],
)
async def test_a_wrong_target_is_a_scim_error(client: httpx.AsyncClient, method: str, path: str, status: int) -> None:
    """RFC 7644 §3.12: what the routing refuses has the body of every other error, and adds nobody."""
    assert refusal(await client.request(method, path, json=body_of("ada"))) == (status, None)
    assert await found(client, "userName pr") == []
