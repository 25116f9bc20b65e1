"""Members: what a request asks of the members of a group (RFC 7643 §4.2, RFC 7644 §3.5.2)."""

import pytest

from musterbook.scim.dialects import UNKNOWN_MEMBERS, Profile, Tolerance
from musterbook.scim.errors import (
    InvalidSyntaxError,
    InvalidValueError,
    ScimError,
)
from musterbook.scim.members import MembersEdit, take_members, unknown_members
from musterbook.scim.parse import parse_resource
from musterbook.scim.patch import parse_patch
from musterbook.scim.resource import Json, Related, Resource
from musterbook.scim.schema import group_type, user_type
from tests.scim.patching import message, operation

GROUP = group_type()
URN = "urn:ietf:params:scim:schemas:core:2.0:Group"
MICROSOFT = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
ADA, BOB, CREW = "0198a", "0198b", "0198c"
PRESENT = (Related(ADA, "User", "User", "Ada"), Related(CREW, "Group", "Group"))


def sent(members: Json, profile: Profile = Profile.LENIENT, **others: Json) -> MembersEdit | None:
    """Return what a POST or PUT says of the members; ``...`` is absence."""
    body = {"schemas": [URN], "displayName": "Crew", **({} if members is ... else {"members": members}), **others}
    tolerance = Tolerance(profile)
    return take_members(parse_resource(body, GROUP, tolerance), tolerance)[1]


def replacing(**names: str | None) -> MembersEdit:
    """Return the edit after which these are the members."""
    return MembersEdit(names, replaces=True)


class TestResource:
    """POST and PUT."""

    @pytest.mark.parametrize(
        "members, edit",
        [
            (..., None),
            ([], replacing()),
            ([{"value": ADA}], replacing(**{ADA: None})),
            ([{"value": ADA, "display": "Ada"}, {"value": CREW}], replacing(**{ADA: "Ada", CREW: None})),
            ([{"value": ADA.upper()}], replacing(**{ADA: None})),
            ([{"Value": ADA, "DISPLAY": "Ada"}], replacing(**{ADA: "Ada"})),
        ],
    )
    def test_what_is_sent_of_the_members(self, members: Json, edit: MembersEdit | None) -> None:
        """Members that are not mentioned stay (None); an array, also an empty one, says who they are."""
        assert sent(members) == edit

    def test_the_resource_keeps_everything_else(self) -> None:
        """What is stored of a group is without its members, and what was parsed is not changed in place."""
        tolerance = Tolerance()
        body = {"schemas": [URN, MICROSOFT], "id": "x", "meta": {}, "displayName": "Crew", "members": [{"value": ADA}]}
        parsed = parse_resource(body, GROUP, tolerance)
        assert take_members(parsed, tolerance)[0] == Resource(GROUP, {"displayName": "Crew"})
        assert parsed.attributes == {"displayName": "Crew", "members": [{"value": ADA}]}
        assert tolerance.applied == ["unknown-schemas"]

    def test_a_person_has_no_members(self) -> None:
        """``groups`` is read-only: what a client says of it is left out (RFC 7643 §4.1.2)."""
        body = {"schemas": [user_type().schema.id], "userName": "ada", "groups": [{"value": CREW}]}
        parsed = parse_resource(body, user_type(), Tolerance())
        assert take_members(parsed, Tolerance()) == (Resource(user_type(), {"userName": "ada"}), None)

    @pytest.mark.parametrize("members", [None, ""])
    def test_null_says_nothing_of_the_members(self, members: Json) -> None:
        """Whoever sends null did not load the members; the RFC, for which null is no member, holds in its profile."""
        assert sent(members) is None

    def test_null_is_nobody_where_the_rfc_alone_counts(self) -> None:
        """RFC 7643 §2.5: null and an empty array are one state."""
        assert sent(None, Profile.RFC) == MembersEdit({}, replaces=True, leaves_out_unknown=False)

    @pytest.mark.parametrize(
        "members",
        [
            [{"value": ADA}, {"value": ADA.upper()}, {"value": ADA}],
            [ADA, {"value": ADA}],
            [{"value": ADA, "$ref": None, "type": None, "display": None}],
            [{"value": ADA, "$ref": "https://example.com/Users/x", "type": "Group"}],
            [{"value": ADA, "type": "robot"}, {"value": ADA, "operation": "x"}],
            [{"value": ADA}, {"value": ""}, {"value": None, "$ref": None}, {"value": " ", "type": "User"}, None, {}],
            {"value": ADA},
            ADA,
        ],
    )
    def test_one_member_in_many_forms(self, members: Json) -> None:
        """An id names the same member however often and in whatever form it comes; hollow elements name nobody."""
        assert sent(members) == replacing(**{ADA: None})

    def test_the_first_name_of_a_member_counts(self) -> None:
        """Of an id that is sent twice, the first name is kept."""
        assert sent([{"value": ADA}, {"value": ADA, "display": "A"}, {"value": ADA, "display": "B"}]) == replacing(
            **{ADA: "A"}
        )

    @pytest.mark.parametrize(
        "members, detail",
        [
            ([{"value": ADA}, {"display": "Bob"}], "members[1].value is missing; it is the id of the member."),
            ([{"value": "", "display": "Bob"}], "members[0].value is missing; it is the id of the member."),
            ([{"type": "User"}], "members[0].value is missing; it is the id of the member."),
            ([{"value": 7}], "members[0].value must be a string, not a number."),
            ([{"value": ADA, "display": 7}], "members[0].display must be a string, not a number."),
            ([{"value": ADA, "$ref": 7}], "members[0].$ref must be a string with a URI, not a number."),
            ([{"value": ADA, "type": 7}], "members[0].type must be a string, not a number."),
            ([7], "members[0] must be an object, not a number."),
            (7, "members must be an array, not a number."),
        ],
    )
    def test_what_names_nobody_is_refused(self, members: Json, detail: str) -> None:
        """An element that says something of a member, but not who it is, is invalidValue."""
        with pytest.raises(InvalidValueError) as caught:
            sent(members)
        assert caught.value.detail == detail

    @pytest.mark.parametrize(
        "members, error",
        [
            ([ADA], InvalidValueError),
            ({"value": ADA}, InvalidValueError),
            ([{"value": ADA, "type": "robot"}], InvalidValueError),
            ([{"value": ADA, "rank": "x"}], InvalidSyntaxError),
        ],
    )
    def test_the_interoperability_profile_takes_members_as_the_schema_has_them(
        self, members: Json, error: type[ScimError]
    ) -> None:
        """No form of a member escapes the profile because it is read the short way."""
        with pytest.raises(error):
            sent(members, Profile.INTEROP_STRICT)
        assert sent([{"value": ADA, "type": "User"}], Profile.INTEROP_STRICT) is not None

    @pytest.mark.parametrize("profile", Profile)
    def test_who_is_unknown_is_left_out_by_the_lenient_profile_alone(self, profile: Profile) -> None:
        """What becomes of unknown ids depends on the profile, in PUT and in PATCH."""
        expected = profile in UNKNOWN_MEMBERS.profiles
        edit = sent([{"value": ADA}], profile)
        assert edit is not None
        body = message(operation("add", "members", value=[{"value": ADA}]))
        members = parse_patch(body, GROUP, Tolerance(profile)).members
        assert members is not None
        assert members.edit is not None
        edits = (edit, members.edit, members.edit_of([]))
        assert {item.leaves_out_unknown for item in edits} == {expected}


def test_the_refusal_names_the_first_unknown_ids() -> None:
    """Who is unknown, and what to do; a list of thousands does not make a message of thousands."""
    error = unknown_members(["x" * 100, *map(str, range(10))])
    shown = ", ".join(["x" * 64, "0", "1", "2", "3"])
    advice = "Provision the members first, then send the group again."
    assert error.detail == f"No person and no group has the id {shown} and 6 more. {advice}"
    assert unknown_members(["7"]).detail == f"No person and no group has the id 7. {advice}"
