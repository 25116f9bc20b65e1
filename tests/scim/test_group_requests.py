"""Requests for groups: what they ask of the members, and what of them their answers show (RFC 7644 §3.3 to §3.9)."""

import json

import pytest

from musterbook.scim import Json, Resource, Tolerance, user_type
from musterbook.scim.dialects import Profile
from musterbook.scim.errors import InvalidValueError
from musterbook.scim.members import MembersEdit
from musterbook.scim.operation import (
    CreateResource,
    GetResource,
    Operation,
    PatchAnswer,
    PatchResource,
    Query,
    ReplaceResource,
    SearchResources,
)
from musterbook.scim.patch import parse_patch
from musterbook.scim.payload import SMALL_BODY_BYTES, decode_json_object
from musterbook.scim.projection import shows_related
from musterbook.scim.protocol import Exchange, ScimRequest, parse_request
from musterbook.scim.query import parse_parameters, parse_projection
from musterbook.scim.schema import ResourceType, group_type
from musterbook.scim.service import describe_service
from tests.scim.patching import message, operation

USER, GROUP = user_type(), group_type()
SERVICE = describe_service("https://example.com/scim/v2", [USER, GROUP])
ADA = "0198c1de-0000-7000-8000-000000000001"
CREW: Json = {"schemas": [GROUP.schema.id], "displayName": "Crew", "members": [{"value": ADA}]}
BARE = Resource(GROUP, {"displayName": "Crew"})
ADDS_ADA = message(operation("add", "members", value=[{"value": ADA}]))


def ask(method: str, path: str, *, query: str = "", body: Json = None, tolerance: Tolerance | None = None) -> Exchange:
    """Return what a request asks."""
    raw = b"" if body is None else json.dumps(body).encode()
    return parse_request(ScimRequest(method, path, query, None, raw), SERVICE, tolerance or Tolerance())


@pytest.mark.parametrize(
    "method, path, body, expected",
    [
        ("POST", "/Groups", CREW, CreateResource(BARE, MembersEdit({ADA: None}, replaces=True))),
        ("POST", "/Groups", {**CREW, "members": ()}, CreateResource(BARE, MembersEdit(replaces=True))),
        ("PUT", "/Groups/1", CREW, ReplaceResource("1", BARE, members=MembersEdit({ADA: None}, replaces=True))),
        ("PUT", "/Groups/1", {"displayName": "Crew"}, ReplaceResource("1", BARE)),
        ("PATCH", "/Groups/1", ADDS_ADA, PatchResource(GROUP, "1", parse_patch(ADDS_ADA, GROUP, Tolerance()))),
        ("GET", "/Groups/1", None, GetResource(GROUP, "1")),
        ("GET", "/Groups", None, SearchResources(GROUP, Query(count=1000))),
    ],
)
def test_what_a_request_asks(method: str, path: str, body: Json, expected: Operation) -> None:
    """The members part from the group that was sent; answers show them unless the client says otherwise."""
    assert ask(method, path, body=body).operation == expected


@pytest.mark.parametrize(
    "resource_type, query, shown",
    [
        (GROUP, "", True),
        (GROUP, "excludedAttributes=members", False),
        (GROUP, "excludedAttributes=displayName,MEMBERS", False),
        (GROUP, "excludedAttributes=members.display", True),
        (GROUP, "excludedAttributes=displayName", True),
        (GROUP, "attributes=displayName", False),
        (GROUP, "attributes=displayName,members", True),
        (GROUP, "attributes=members.value", True),
        (GROUP, f"attributes={GROUP.schema.id}:members", True),
        (GROUP, "attributes=nonsense", False),
        (USER, "", True),
        (USER, "attributes=userName", False),
        (USER, "attributes=groups", True),
        (USER, "attributes=urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", False),
        (USER, "excludedAttributes=groups", False),
    ],
)
def test_whether_an_answer_shows_memberships(resource_type: ResourceType, query: str, *, shown: bool) -> None:
    """128: what an answer does not show is not even read."""
    projection = parse_projection(parse_parameters(query), resource_type)
    assert shows_related(projection, resource_type) is shown


@pytest.mark.parametrize("method, body", [("GET", None), ("PUT", CREW), ("PATCH", ADDS_ADA)])
@pytest.mark.parametrize("query, shown", [("", True), ("excludedAttributes=members", False)])
def test_every_operation_says_what_its_answer_shows(method: str, body: Json, query: str, *, shown: bool) -> None:
    """Reads and writes alike leave the members unread where the answer leaves them out."""
    asked = ask(method, "/Groups/1", query=query, body=body).operation
    assert isinstance(asked, GetResource | ReplaceResource | PatchResource)
    assert asked.shows_related is shown
    listed = ask("GET", "/Groups", query=query).operation
    created = ask("POST", "/Groups", query=query, body=CREW).operation
    assert isinstance(listed, SearchResources)
    assert isinstance(created, CreateResource)
    assert (listed.shows_related, created.shows_related) == (shown, shown)


@pytest.mark.parametrize(
    "path, query, idp, answer",
    [
        ("/Groups/1", "", None, PatchAnswer.SHORT),
        ("/Groups/1", "excludedAttributes=members", None, PatchAnswer.SHORT),
        ("/Groups/1", "attributes=displayName", None, PatchAnswer.WHOLE),
        ("/Groups/1", "", "okta", PatchAnswer.SHORT),
        ("/Groups/1", "", "entra", PatchAnswer.EMPTY),
        ("/Groups/1", "attributes=members", "entra", PatchAnswer.WHOLE),
        ("/Users/1", "", "entra", PatchAnswer.SHORT),
    ],
)
@pytest.mark.parametrize("profile", Profile)
def test_what_a_patch_is_answered_with(
    path: str, query: str, idp: str | None, answer: PatchAnswer, profile: Profile
) -> None:
    """137: the whole where attributes are asked for; nothing of a group for Entra ID; else it depends on the size."""
    tolerance = Tolerance(profile, idp)
    asked = ask("PATCH", path, query=query, body=message(operation("remove", "externalId")), tolerance=tolerance)
    assert isinstance(asked.operation, PatchResource)
    assert asked.operation.answer is answer
    assert ("empty-patch-answer" in tolerance.applied) is (answer is PatchAnswer.EMPTY)


def test_a_group_has_a_name() -> None:
    """71: RFC 7643 §4.2 requires ``displayName``."""
    with pytest.raises(InvalidValueError, match='The attribute "displayName" is required'):
        ask("POST", "/Groups", body={**CREW, "displayName": " "} | {"displayName": None})


@pytest.mark.parametrize(
    "item",
    [
        '{"value":"%s"}',
        '{"value":"%s","$ref":null}',
        '{"value":"%s","$ref":"https://example.com/scim/v2/Users/%s","type":"User","display":"A"}',
        '"%s"',
        '{"op":"add","path":"members","value":[{"value":"%s"}]}',
        '{"op":"remove","path":"members[value eq \\"%s\\"]"}',
    ],
)
def test_long_lists_of_members_are_no_attack(item: str) -> None:
    """However a provider packs a large group, its brackets and commas are fewer than those of an attack."""
    items = ",".join(item.replace("%s", ADA) for _ in range(3_000))
    body = f'{{"schemas":["x"],"members":[{items}]}}'.encode()
    assert len(body) > SMALL_BODY_BYTES
    assert len(decode_json_object(body)["members"]) == 3_000
