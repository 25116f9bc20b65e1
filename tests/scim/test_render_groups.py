"""Responses with memberships: ``members`` of a group and ``groups`` of a person (RFC 7643 §4.1.2, §4.2)."""

import json

import pytest

from musterbook.scim import Json, Meta, StoredResource, Tolerance, user_type
from musterbook.scim.operation import Created, Found, Outcome, Page
from musterbook.scim.protocol import Exchange
from musterbook.scim.query import parse_parameters, parse_projection
from musterbook.scim.render import SCIM_JSON, render
from musterbook.scim.render_dialects import EMPTY_PATCH_ANSWER
from musterbook.scim.resource import Related
from musterbook.scim.schema import group_type, make_resource_type, parse_schema
from musterbook.scim.service import describe_service
from tests.timing import processor_seconds

BASE = "https://example.com/scim/v2"
USER, GROUP = user_type(), group_type()
SERVICE = describe_service(f"{BASE}/", [USER, GROUP])
META = Meta("2026-11-23T09:00:00.000Z", "2026-11-23T10:00:00.000Z", 3)
MEMBERS = (Related("a1", "User", "User", 'A"d\\a\n\u2028é'), Related("g2", "Group", "Group"))
SHOWN_MEMBERS: Json = [
    {"value": "a1", "$ref": f"{BASE}/Users/a1", "type": "User", "display": 'A"d\\a\n\u2028é'},
    {"value": "g2", "$ref": f"{BASE}/Groups/g2", "type": "Group"},
]


def group(related: tuple[Related, ...] | None) -> StoredResource:
    """Return a stored group with these members."""
    text = json.dumps({"schemas": [GROUP.schema.id], "id": "g1", "displayName": "Crew"})
    return StoredResource("g1", text, META, related)


def answer(outcome: Outcome, query: str = "") -> tuple[int, Json, Json]:
    """Return status, headers and decoded body of an answer."""
    projection = parse_projection(parse_parameters(query), GROUP)
    exchange = Exchange("/Groups", "test", None, projection=projection)
    status, headers, body = render(exchange, outcome, SERVICE, SCIM_JSON)
    return status, dict(headers), json.loads(body) if body else None


@pytest.mark.parametrize(
    "outcome, status", [(Found(GROUP, group(MEMBERS)), 200), (Created(GROUP, group(MEMBERS)), 201)]
)
def test_a_group_shows_its_members(outcome: Outcome, status: int) -> None:
    """Each member with its id, its true type and address, and the name under which it was added."""
    found = answer(outcome)
    assert found[0] == status
    assert found[2] == {
        "schemas": [GROUP.schema.id],
        "id": "g1",
        "displayName": "Crew",
        "members": SHOWN_MEMBERS,
        "meta": {
            "resourceType": "Group",
            "created": META.created,
            "lastModified": META.last_modified,
            "location": f"{BASE}/Groups/g1",
            "version": 'W/"3"',
        },
    }


def test_a_person_shows_its_groups() -> None:
    """70: ``groups`` says which groups hold the person, where they are, and whether directly."""
    related = (Related("g1", "Group", "direct", "Crew"), Related("g2", "Group", "indirect", "Mates"))
    stored = StoredResource(
        "a1", json.dumps({"schemas": [USER.schema.id], "id": "a1", "userName": "ada"}), META, related
    )
    assert answer(Found(USER, stored))[2]["groups"] == [
        {"value": "g1", "$ref": f"{BASE}/Groups/g1", "type": "direct", "display": "Crew"},
        {"value": "g2", "$ref": f"{BASE}/Groups/g2", "type": "indirect", "display": "Mates"},
    ]


@pytest.mark.parametrize("related", [None, ()])
def test_a_group_without_members_shows_none(related: tuple[Related, ...] | None) -> None:
    """52: unassigned attributes are left out; so are those that were not read."""
    assert "members" not in answer(Found(GROUP, group(related)))[2]


def test_a_list_shows_the_members_of_each() -> None:
    """Members stand in a list as in a single answer."""
    listed = answer(Page(GROUP, 2, 1, [group(MEMBERS), group(())]))[2]["Resources"]
    assert [item.get("members") for item in listed] == [SHOWN_MEMBERS, None]


@pytest.mark.parametrize(
    "query, members",
    [
        ("attributes=members", SHOWN_MEMBERS),
        ("attributes=members.value,displayName", [{"value": "a1"}, {"value": "g2"}]),
        ("attributes=members.$ref", [{"$ref": item["$ref"]} for item in SHOWN_MEMBERS]),
        ("attributes=displayName", None),
        ("excludedAttributes=members", None),
        (
            "excludedAttributes=members.display,members.$ref",
            [{"value": "a1", "type": "User"}, {"value": "g2", "type": "Group"}],
        ),
    ],
)
def test_members_are_projected_like_any_attribute(query: str, members: Json) -> None:
    """127: ``attributes`` and ``excludedAttributes`` reach into memberships, also if they were read for nothing."""
    assert answer(Found(GROUP, group(MEMBERS)), query)[2].get("members") == members


def test_an_answer_without_a_body_has_its_headers() -> None:
    """137: a 204 says where the group is and which version it has now."""
    outcome = Found(GROUP, group(None), is_shown=False)
    assert answer(outcome) == (204, {"Location": f"{BASE}/Groups/g1", "ETag": 'W/"3"'}, None)
    assert EMPTY_PATCH_ANSWER.name == "empty-patch-answer"


@pytest.mark.parametrize("unknown, applied", [(("x",), ["unknown-members"]), ((), [])])
def test_members_that_were_left_out_are_a_deviation(unknown: tuple[str, ...], applied: list[str]) -> None:
    """The log names the dialect only where somebody was unknown, which shows when the change is made."""
    tolerance = Tolerance()
    for outcome in (Found(GROUP, group(()), unknown_members=unknown), Created(GROUP, group(()), unknown)):
        render(Exchange("/Groups", "test", None, tolerance=tolerance), outcome, SERVICE, SCIM_JSON)
    assert tolerance.applied == applied


def test_what_is_never_returned_leaves_no_text() -> None:
    """80: of a type that hides something, the stored text is not shown as it is, in no answer."""
    schema = {
        "id": "urn:example:schemas:Safe",
        "name": "Safe",
        "attributes": [
            {"name": "code", "type": "string", "returned": "never"},
            {"name": "colour", "type": "string"},
        ],
    }
    safe = make_resource_type("Safe", "/Safes", parse_schema(json.dumps(schema).encode()))
    stored = StoredResource("1", json.dumps({"schemas": ["x"], "id": "1", "code": "7", "colour": "red"}), META)
    bodies = [
        answer(outcome)[2] for outcome in (Found(safe, stored), Created(safe, stored), Page(safe, 1, 1, [stored]))
    ]
    assert [body.get("colour", "red") for body in bodies] == ["red"] * 3
    assert [json.dumps(body).count("code") for body in bodies] == [0, 0, 0]


def test_a_hundred_thousand_members_are_shown_in_linear_time() -> None:
    """A large group costs what its members cost, and no more."""
    few, many = (
        Found(GROUP, group(tuple(Related(f"{number:036}", "User", "User", "Ada") for number in range(count))))
        for count in (1_000, 100_000)
    )
    short = processor_seconds(lambda: answer_bytes(few))
    assert len(answer(many)[2]["members"]) == 100_000
    assert processor_seconds(lambda: answer_bytes(many), rounds=3) < 400 * short


def answer_bytes(outcome: Outcome) -> bytes:
    """Return the body of an answer."""
    return render(Exchange("/Groups", "test", None), outcome, SERVICE, SCIM_JSON).body
