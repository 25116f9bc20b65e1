"""Deviations of clients as they meet a server: groups in each profile, and what no profile or provider changes."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import get_args

import httpx
import pytest

from musterbook.cli.keys import Idp
from musterbook.scim.dialect_registry import DIALECTS
from musterbook.scim.dialects import Profile
from tests.conformance.asking import GROUP, PATCH_OP, Json, body_of, create, refusal
from tests.web.site import Site

NOBODY = "01938000-0000-7000-8000-000000000000"
MICROSOFT_GROUP = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
SCIM_1 = "urn:scim:schemas:core:1.0"
BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
LENIENT, RFC, STRICT = Profile
BOTH, ADA, GRACE, EDITH, ALL = "ag", "a", "g", "e", "age"
"""Who is a member, by the first letters of their names."""


async def client_for(site: Site, profile: Profile, idp: str | None = None) -> httpx.AsyncClient:
    """Return a client of acme with a key of this profile, made for this provider."""
    key = await site.services.keys.issue(site.acme.tenant.id, profile=profile, idp=idp)
    client = site.client(key=False)
    client.headers["Authorization"] = f"Bearer {key.secret}"
    return client


@dataclass(frozen=True)
class Scenario:
    """A request about a group of Ada and Grace that needs one dialect, and who its members are afterwards."""

    dialect: str
    request: Callable[[dict[str, str]], Json]
    """The body of a PATCH, or of a PUT where it has a ``displayName``; it is given the ids by first letters."""
    members: str
    refused: dict[Profile, str]
    """The ``scimType`` where the dialect is not tolerated and the request is refused."""
    otherwise: dict[Profile, str]
    """Who the members are where it is not tolerated, and the request means something else."""
    beside: tuple[str, ...] = ()
    """The other dialects that the request needs."""

    def __str__(self) -> str:
        return self.dialect


def scenario(
    dialect: str,
    request: Callable[[dict[str, str]], Json],
    members: str,
    *,
    rfc: str | None = None,
    strict: str | None = None,
    otherwise: dict[Profile, str] | None = None,
    beside: tuple[str, ...] = (),
) -> Scenario:
    """Return a scenario; ``rfc`` and ``strict`` are the refusals of these profiles."""
    refused = {profile: type_ for profile, type_ in ((RFC, rfc), (STRICT, strict)) if type_ is not None}
    return Scenario(dialect, request, members, refused, otherwise or {}, beside)


def patch(*operations: Json) -> Json:
    """Return a PatchOp message."""
    return {"schemas": [PATCH_OP], "Operations": list(operations)}


def crew(**attributes: Json) -> Json:
    """Return the body that replaces the group."""
    return {"schemas": [GROUP], "displayName": "Crew", **attributes}


def adding(*members: Json, op: str = "add") -> Json:
    """Return an operation that adds members."""
    return {"op": op, "path": "members", "value": list(members)}


SCENARIOS = [
    scenario("null-members", lambda _: crew(members=None), BOTH, otherwise={RFC: "", STRICT: ""}),
    scenario(
        "unknown-members",
        lambda ids: patch(adding({"value": ids["e"]}, {"value": NOBODY})),
        ALL,
        rfc="invalidValue",
        strict="invalidValue",
    ),
    scenario(
        "unknown-members",
        lambda ids: patch({"op": "replace", "path": "members", "value": [{"value": NOBODY}, {"value": ids["e"]}]}),
        EDITH,
        rfc="invalidValue",
        strict="invalidValue",
    ),
    scenario(
        "members-without-operations",
        lambda ids: {"schemas": [SCIM_1], "members": [{"value": ids["e"]}]},
        ALL,
        rfc="invalidSyntax",
        strict="invalidSyntax",
    ),
    scenario(
        "members-without-operations",
        lambda ids: {
            "schemas": [SCIM_1],
            "members": [{"value": ids["a"], "operation": "delete"}, {"value": ids["e"], "operation": "add"}],
        },
        "ge",
        rfc="invalidSyntax",
        strict="invalidSyntax",
        beside=("removed-by-value",),
    ),
    scenario("empty-operations", lambda _: patch(), BOTH, rfc="invalidSyntax", strict="invalidSyntax"),
    scenario(
        "patch-without-schemas",
        lambda ids: {"Operations": [adding({"value": ids["e"]})]},
        ALL,
        rfc="invalidSyntax",
        strict="invalidSyntax",
    ),
    scenario(
        "operation-name-case",
        lambda ids: patch(adding({"value": ids["e"]}, op="Add")),
        ALL,
        strict="invalidSyntax",
    ),
    scenario(
        "removed-by-value",
        lambda ids: patch({"op": "remove", "path": "members", "value": [{"value": ids["a"], "$ref": None}]}),
        GRACE,
        rfc="invalidValue",
        strict="invalidValue",
    ),
    scenario(
        "filter-missing-space",
        lambda ids: patch({"op": "remove", "path": f'members[value eq"{ids["a"]}"]'}),
        GRACE,
        strict="invalidFilter",
    ),
    scenario(
        "bare-elements",
        lambda ids: patch(adding(ids["e"])),
        ALL,
        rfc="invalidValue",
        strict="invalidValue",
    ),
    scenario(
        "single-element",
        lambda ids: crew(members={"value": ids["e"]}),
        EDITH,
        rfc="invalidValue",
        strict="invalidValue",
    ),
    scenario(
        "read-only-targets",
        lambda ids: patch({"op": "replace", "path": "id", "value": NOBODY}, adding({"value": ids["e"]})),
        ALL,
        rfc="mutability",
        strict="mutability",
    ),
    scenario(
        "unknown-targets",
        lambda ids: patch({"op": "add", "path": "colour", "value": "blue"}, adding({"value": ids["e"]})),
        ALL,
        rfc="invalidPath",
        strict="invalidSyntax",
    ),
    scenario(
        "unknown-schemas",
        lambda ids: {**crew(members=[{"value": ids["e"]}]), "schemas": [GROUP, MICROSOFT_GROUP]},
        EDITH,
        strict="invalidSyntax",
    ),
    scenario(
        "missing-schemas",
        lambda ids: {"displayName": "Crew", "members": [{"value": ids["e"]}]},
        EDITH,
        rfc="invalidSyntax",
        strict="invalidSyntax",
    ),
    scenario("unknown-attributes", lambda _: crew(colour="blue"), BOTH, strict="invalidSyntax"),
]


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("case", SCENARIOS, ids=str)
async def test_a_group_in_each_profile(site: Site, case: Scenario, profile: Profile) -> None:
    """Where the dialect is tolerated the members are who the sender means, and the log names it; elsewhere it is
    refused and nothing changes, or it is read by the letter of the RFC.
    """
    async with await client_for(site, profile) as client:
        ids = {name[0]: (await create(client, name))["id"] for name in ("ada", "grace", "edith")}
        made = await client.post("/Groups", json=crew(members=[{"value": ids[letter]} for letter in BOTH]))
        target = f"/Groups/{made.json()['id']}"
        body = case.request(ids)
        answer = await client.request("PUT" if "displayName" in body else "PATCH", target, json=body)
        line = site.log.requests[-1]
        is_tolerated = profile in next(entry.profiles for entry in DIALECTS if entry.name == case.dialect)
        assert line.get("dialects", []) == [case.dialect, *case.beside] * is_tolerated
        assert is_tolerated or profile in case.refused or profile in case.otherwise
        if is_tolerated or profile in case.otherwise:
            assert answer.status_code == 200, answer.text
        else:
            assert refusal(answer) == (400, case.refused[profile])
        found = (await client.get(target)).json()
        letters = {id_: letter for letter, id_ in ids.items()}
        expected = case.otherwise.get(profile, BOTH) if not is_tolerated else case.members
        assert sorted(letters[member["value"]] for member in found.get("members", [])) == sorted(expected)
        assert found["displayName"] == "Crew"


async def test_what_needs_no_name(site: Site) -> None:
    """The habits of providers that the reference page lists as allowed by the RFCs need no dialect, by their word."""
    async with await client_for(site, RFC) as client:
        email = {"value": "ada@example.com", "type": "work"}
        names = {"givenName": "Ada", "familyName": "Byron"}
        roles = [{"value": '{"id":"18d14569","displayName":"Admin"}'}]
        ada = await create(client, "ada", groups=[], emails=[email], name=names, roles=roles, phoneNumbers=[])
        made = (await client.post("/Groups", json=crew(members=[{"value": ada["id"]}]))).json()
        user, group = f"/Users/{ada['id']}", f"/Groups/{made['id']}"
        read = (await client.get(user)).json()
        echoed = {**read, "schemas": read["schemas"][::-1], "emails": [{**email, "display": "Ada"}], "photos": None}
        nobody = f'members[value eq "{NOBODY}"]'
        bodies = [
            ("PUT", user, echoed),
            ("PATCH", user, patch({"op": "replace", "path": "name", "value": {"familyName": "King"}})),
            ("PATCH", group, patch(adding({"value": ada["id"]}), {"op": "remove", "path": nobody})),
            ("PATCH", group, patch({"op": "replace", "value": {"displayName": "Officers"}})),
            ("PATCH", group, patch({"op": "replace", "path": "members", "value": []})),
            ("PATCH", group, patch(adding({"value": ada["id"]}))),
        ]
        for method, path, body in bodies:
            answer = await client.request(method, path, json=body)
            assert answer.status_code == 200, answer.text
        assert (await client.get(group)).json()["members"] == made["members"]
        queries = [
            f'/Groups?excludedAttributes=members&filter=id eq "{made["id"]}" and members eq "{ada["id"]}"',
            '/Users?filter=userName Eq "ADA"&startIndex=0&count=5000&',
            "/Users?STARTINDEX=1&Filter=emails+eq+%22ADA@example.com%22&aadOptscim062020",
        ]
        found = [(await client.get(query)).json() for query in queries]
        assert [answer["totalResults"] for answer in found] == [1, 1, 1]
        person = found[1]["Resources"][0]
        assert (person["name"], person["roles"]) == ({**names, "familyName": "King"}, roles)
        assert [line["dialects"] for line in site.log.requests if "dialects" in line] == []


async def test_no_profile_and_no_provider_opens_anything(site: Site, other: httpx.AsyncClient) -> None:
    """Whatever profile a key has and whoever it is made for, what is refused is refused, in the same words."""
    stranger = (await create(other, "stranger"))["id"]
    their_group = (await other.post("/Groups", json=crew())).json()["id"]
    suspend = patch({"op": "replace", "path": "active", "value": False})
    remove = {"method": "DELETE", "path": f"/Users/{stranger}"}
    requests: list[tuple[str, str, Json, int]] = [
        ("GET", f"/Users/{stranger}", None, 404),
        ("PUT", f"/Users/{stranger}", body_of("mine"), 404),
        ("PATCH", f"/Users/{stranger}", suspend, 404),
        ("DELETE", f"/Users/{stranger}", None, 404),
        ("PATCH", f"/Groups/{their_group}", patch(adding({"value": stranger})), 404),
        ("POST", "/Groups", {**crew(), "members": [{"value": stranger}]}, 400),
        ("POST", "/Bulk", {"schemas": [BULK_REQUEST], "Operations": [remove]}, 200),
        ("GET", '/Users?filter=userName eq "stranger"', None, 200),
        ("GET", '/Users?filter=userName eq "admin@acme.example"', None, 200),
        ("GET", '/Users?filter=password eq "x"', None, 400),
        ("GET", "/Me", None, 501),
        ("DELETE", "/ServiceProviderConfig", None, 405),
    ]
    answers: dict[tuple[str, str], set[tuple[int, bytes]]] = {request[:2]: set() for request in requests}
    for profile, idp in product(Profile, (None, *get_args(Idp))):
        async with await client_for(site, profile, idp) as client:
            for method, path, body, _ in requests:
                answer = await client.request(method, path, json=body)
                answers[method, path].add((answer.status_code, answer.content))
    assert {request: [status for status, _ in found] for request, found in answers.items()} == {
        (method, path): [status] for method, path, _, status in requests
    }
    assert (await other.get(f"/Users/{stranger}")).json()["active"] is True
    assert "members" not in (await other.get(f"/Groups/{their_group}")).json()


def test_every_provider_can_have_a_key() -> None:
    """A key can be made for each provider that is known, and a dialect of a provider is one of theirs."""
    known = set(get_args(Idp))
    assert known >= {"onelogin", "okta", "entra", "jumpcloud", "ping", "cyberark", "rippling"}
    assert {name for entry in DIALECTS for name in entry.presets} <= known
