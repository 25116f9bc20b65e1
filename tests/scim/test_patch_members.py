"""PATCH of members: what it asks, with and without a look at those who are there (RFC 7644 §3.5.2)."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musterbook.scim.dialects import Profile, Tolerance
from musterbook.scim.errors import (
    InvalidFilterError,
    InvalidSyntaxError,
    InvalidValueError,
    MutabilityError,
    NoTargetError,
    PayloadTooLargeError,
    ScimError,
)
from musterbook.scim.members import MembersEdit, MembersPatch
from musterbook.scim.patch import Patch, parse_patch
from musterbook.scim.patch_edit import MAX_ELEMENTS_VISITED, apply_edit
from musterbook.scim.resource import Json, Related, element_of
from musterbook.scim.schema import group_type, user_type
from tests.scim.patching import PATCH_OP, message, operation
from tests.timing import processor_seconds

GROUP = group_type()
URN = "urn:ietf:params:scim:schemas:core:2.0:Group"
ADA, BOB, CREW = "0198a", "0198b", "0198c"
PRESENT = (Related(ADA, "User", "User", "Ada"), Related(CREW, "Group", "Group"))


def replacing(**names: str | None) -> MembersEdit:
    """Return the edit after which these are the members."""
    return MembersEdit(names, replaces=True)


def members_of(*operations: Json, profile: Profile = Profile.LENIENT) -> MembersPatch:
    """Return what a PATCH does to the members."""
    members = parse_patch(message(*operations), GROUP, Tolerance(profile)).members
    assert members is not None
    return members


def edit_of(*operations: Json) -> MembersEdit:
    """Return the one change of a PATCH that needs no look at the members."""
    edit = members_of(*operations).edit
    assert edit is not None
    return edit


class TestPatch:
    """PATCH, where ids alone say what is to be done."""

    @pytest.mark.parametrize(
        "operations, edit",
        [
            ([operation("add", "members", value=[{"value": ADA}])], MembersEdit({ADA: None})),
            ([operation("Add", "Members", value={"value": ADA, "display": "A"})], MembersEdit({ADA: "A"})),
            ([operation("add", value={"members": [ADA]})], MembersEdit({ADA: None})),
            ([operation("add", f"{URN}:members", value=[ADA])], MembersEdit({ADA: None})),
            ([operation("remove", f'members[value eq "{ADA}"]')], MembersEdit(removed=frozenset({ADA}))),
            ([operation("remove", f'members[value eq"{ADA}"]')], MembersEdit(removed=frozenset({ADA}))),
            (
                [operation("remove", f'members[value eq "{ADA}" or value eq "{BOB.upper()}"]')],
                MembersEdit(removed=frozenset({ADA, BOB})),
            ),
            (
                [operation("Remove", "members", value=[{"value": ADA, "$ref": None}, BOB])],
                MembersEdit(removed=frozenset({ADA, BOB})),
            ),
            ([operation("remove", "members")], replacing()),
            ([operation("remove", "members", value=None)], replacing()),
            ([operation("replace", "members", value=[])], replacing()),
            ([operation("replace", "members", value=None)], replacing()),
            ([operation("replace", value={"members": []})], replacing()),
            ([operation("replace", "members", value=[{"value": ADA}])], replacing(**{ADA: None})),
            ([operation("replace", value={"id": "x", "members": [ADA]})], replacing(**{ADA: None})),
        ],
    )
    def test_every_shape_of_a_member_change(self, operations: list[Json], edit: MembersEdit) -> None:
        """Add, remove by filter, remove by value, replace and remove all become one change of the set."""
        assert edit_of(*operations) == edit

    @pytest.mark.parametrize(
        "members, operations",
        [
            ([{"value": ADA}], MembersEdit({ADA: None})),
            ([{"value": ADA, "operation": "add"}], MembersEdit({ADA: None})),
            ([{"value": ADA, "operation": "delete"}], MembersEdit(removed=frozenset({ADA}))),
            ({"value": ADA, "Operation": "Delete"}, MembersEdit({ADA: None})),
            (
                [{"value": ADA, "operation": "delete"}, {"value": BOB}],
                MembersEdit({BOB: None}, frozenset({ADA})),
            ),
        ],
    )
    def test_the_fifth_shape_is_that_of_scim_1_1(self, members: Json, operations: MembersEdit) -> None:
        """OneLogin's connectors for SCIM 1.1 send a part of the group, without operations."""
        tolerance = Tolerance()
        patch = parse_patch({"schemas": ["urn:scim:schemas:core:1.0"], "members": members}, GROUP, tolerance)
        assert patch.members is not None
        assert (patch.changes, patch.members.edit) == ((), operations)
        assert "members-without-operations" in tolerance.applied

    def test_scim_1_1_says_what_to_do_with_a_member(self) -> None:
        """Another ``operation`` than the two of SCIM 1.1 is invalidSyntax."""
        body = {"members": [{"value": ADA}, {"value": ADA, "operation": "move"}]}
        with pytest.raises(InvalidSyntaxError) as caught:
            parse_patch(body, GROUP, Tolerance())
        assert caught.value.detail == 'members[1].operation must be "add" or "delete".'

    def test_scim_1_1_may_name_other_attributes(self) -> None:
        """What stands beside the members replaces what is there; a list of members that is empty adds nobody."""
        patch = parse_patch({"displayName": "Mates", "members": []}, GROUP, Tolerance())
        assert [(change.attribute.name, change.edit) for change in patch.changes] == [
            (change.attribute.name, change.edit)
            for change in parse_patch(
                message(operation("replace", value={"displayName": "Mates"})), GROUP, Tolerance()
            ).changes
        ]
        assert patch.members is None

    @pytest.mark.parametrize(
        "operations, edit",
        [
            (("add", "remove"), MembersEdit(removed=frozenset({ADA}))),
            (("remove", "add"), MembersEdit({ADA: None})),
            (("replace", "add"), replacing(**{ADA: None})),
            (("replace", "remove"), replacing()),
            (("remove", "replace"), replacing(**{ADA: None})),
            (("add", "add"), MembersEdit({ADA: None})),
        ],
    )
    def test_later_operations_see_earlier_ones(self, operations: tuple[str, ...], edit: MembersEdit) -> None:
        """132: operations apply in order, each to the result of the one before."""
        value = [{"value": ADA}]
        assert edit_of(*(operation(op, "members", value=value) for op in operations)) == edit

    def test_a_rename_does_not_mention_the_members(self) -> None:
        """A replace without ``members``, or with null for them among others, never alters membership."""
        for value in ({"id": "x", "displayName": "Mates"}, {"displayName": "Mates", "members": None}):
            patch = parse_patch(message(operation("replace", value=value)), GROUP, Tolerance())
            assert (len(patch.changes), patch.members) == (1, None)

    def test_null_among_others_is_nobody_where_the_rfc_alone_counts(self) -> None:
        """RFC 7643 §2.5: there, null removes all members also beside other attributes."""
        edit = members_of(operation("replace", value={"members": None}), profile=Profile.RFC).edit
        assert edit == MembersEdit({}, replaces=True, leaves_out_unknown=False)

    @pytest.mark.parametrize("op", ["add", "remove"])
    @pytest.mark.parametrize("value", [[], [{"value": ""}], [{}]])
    def test_to_add_or_remove_nobody_is_no_change(self, op: str, value: Json) -> None:
        """An empty list removes nobody, least of all everybody."""
        assert parse_patch(message(operation(op, "members", value=value)), GROUP, Tolerance()) == Patch(())

    def test_members_and_attributes_in_one_message(self) -> None:
        """What changes the group's own attributes and what changes its members part ways."""
        patch = parse_patch(
            message(operation("replace", "displayName", value="Mates"), operation("remove", "members")),
            GROUP,
            Tolerance(),
        )
        assert [change.attribute.name for change in patch.changes] == ["displayName"]
        assert patch.members == members_of(operation("remove", "members"))

    def test_a_person_s_groups_are_read_only(self) -> None:
        """Membership changes through the group alone; for the RFC's profile to try is an error of mutability."""
        sent = message(operation("add", "groups", value=[{"value": CREW}]))
        assert parse_patch(sent, user_type(), Tolerance()) == Patch(())
        with pytest.raises(MutabilityError):
            parse_patch(sent, user_type(), Tolerance(Profile.RFC))

    def test_nobody_is_named_by_an_address(self) -> None:
        """``$ref`` is made for each answer, so a filter by it could only miss."""
        with pytest.raises(InvalidFilterError):
            members_of(operation("remove", 'members[$ref eq "https://example.com/scim/v2/Users/7"]'))

    def test_a_hundred_thousand_members_are_no_matter(self) -> None:
        """A long list of members is turned into one change in time that is proportional to it."""
        few, many = (
            message(operation("add", "members", value=[{"value": f"{number:036}"} for number in range(count)]))
            for count in (2_000, 100_000)
        )
        short = processor_seconds(lambda: parse_patch(few, GROUP, Tolerance()))
        assert len(edit_of(*many["Operations"]).added) == 100_000
        assert processor_seconds(lambda: parse_patch(many, GROUP, Tolerance()), rounds=2) < 200 * short


class TestPatchOfPresentMembers:
    """PATCH, where what is to be done depends on who is a member."""

    @pytest.mark.parametrize(
        "operations, edit",
        [
            ([operation("remove", 'members[type eq "User"]')], MembersEdit(removed=frozenset({ADA}))),
            ([operation("remove", "members[display pr]")], MembersEdit(removed=frozenset({ADA}))),
            ([operation("remove", f'members[value eq "{ADA}" and type eq "Group"]')], MembersEdit()),
            (
                [
                    operation("add", "members", value=[{"value": BOB, "display": "Bob"}, {"value": ADA}]),
                    operation("remove", 'members[type eq "Group"]'),
                ],
                MembersEdit({BOB: "Bob", ADA: "Ada"}, frozenset({CREW})),
            ),
            (
                [operation("remove", 'members[not (value eq "x")]'), operation("add", "members", value=[CREW])],
                MembersEdit({CREW: None}, frozenset({ADA})),
            ),
            (
                [
                    operation("add", "members", value=[{"value": CREW, "display": "Else"}]),
                    operation("remove", 'members[display eq "Else"]'),
                ],
                MembersEdit({CREW: None}),
            ),
            (
                [operation("replace", "members", value=[ADA, BOB]), operation("remove", 'members[display eq "x"]')],
                MembersEdit({ADA: None, BOB: None}, frozenset({CREW})),
            ),
            ([operation("replace", f'members[value eq "{ADA}"].display', value="Ada")], MembersEdit()),
        ],
    )
    def test_the_difference_is_what_is_changed(self, operations: list[Json], edit: MembersEdit) -> None:
        """The edits are made to the members that there are; who is added and who goes is the change.

        To add who is there gives them no other name, as in a request of its own; beside them ids of nobody may stand.
        """
        members = members_of(*operations)
        assert members.edit is None
        assert members.edit_of(PRESENT) == edit

    def test_a_group_without_members(self) -> None:
        """A filter that selects nobody removes nobody."""
        assert members_of(operation("remove", 'members[type eq "User"]')).edit_of(()) == MembersEdit()

    @pytest.mark.parametrize("op", ["add", "replace"])
    @pytest.mark.parametrize(
        "path, value",
        [
            ("members.display", "Ada"),
            ("members.type", "User"),
            ("members.$ref", "../Users/ada"),
            ('members[type eq "User"].display', "Ada"),
            ('members[type eq "User"]', {"display": "Ada"}),
        ],
    )
    def test_nobody_becomes_a_member_without_an_id(self, op: str, path: str, value: Json) -> None:
        """R-138: where nobody is a member, what is said of one makes none; ``value`` says who is meant."""
        with pytest.raises(InvalidValueError, match=r"members\.value is missing"):
            members_of(operation(op, path, value=value)).edit_of(())

    @pytest.mark.parametrize(
        "sent, error",
        [
            (operation("replace", f'members[value eq "{ADA}"].value', value=BOB), MutabilityError),
            (operation("replace", f'members[value eq "{ADA}"].display', value="Augusta"), MutabilityError),
            (operation("add", f'members[value eq "{CREW}"].display', value="Crew"), MutabilityError),
            (operation("remove", f'members[value eq "{ADA}"].display'), MutabilityError),
            (operation("replace", 'members[type eq "User"]', value={"value": BOB}), MutabilityError),
            (operation("replace", f'members[value eq "{BOB}"].display', value="Bob"), NoTargetError),
        ],
    )
    def test_what_is_said_of_a_member_is_immutable(self, sent: Json, error: type[ScimError]) -> None:
        """72: a member is added and removed; value, type and display do not change (RFC 7643 §8.7.1).

        DEVIATION(RFC 7644 §3.5.2): nor can a member be given a name that it was added without.
        """
        with pytest.raises(error):
            members_of(sent).edit_of(PRESENT)

    def test_the_first_look_at_the_members_is_always_due(self) -> None:
        """A change of a large group that needs a look at it gets one; a message that needs many does not."""
        present = [Related(f"{number}", "User", "User") for number in range(MAX_ELEMENTS_VISITED + 1)]
        once = operation("remove", 'members[type eq "Group"]')
        assert members_of(once).edit_of(present) == MembersEdit()
        with pytest.raises(PayloadTooLargeError):
            members_of(once, once, once).edit_of(present)


# ---------------------------------------------------------------------------------------------------------------------
# The change of the set, and the edits one by one

ids = st.sampled_from([ADA, BOB, CREW, "0198d"])
elements = st.lists(st.builds(lambda id_: {"value": id_}, ids), max_size=3)
operations = st.one_of(
    st.builds(lambda op, value: operation(op, "members", value=value), st.sampled_from(["add", "replace"]), elements),
    st.builds(lambda value: operation("remove", "members", value=value), elements),
    st.builds(lambda id_: operation("remove", f'members[value eq "{id_}"]'), ids),
    st.builds(lambda a, b: operation("remove", f'members[value eq "{a}" or value eq "{b}"]'), ids, ids),
    st.just(operation("remove", "members")),
)


def after(edit: MembersEdit, present: set[str]) -> set[str]:
    """Return who is a member after ``edit``."""
    return set(edit.added) if edit.replaces else (present | set(edit.added)) - edit.removed


def ids_of(elements: Json) -> set[str]:
    """Return the ids of a list of members, or of none."""
    return {element["value"] for element in elements or ()}


@given(st.lists(operations, min_size=1, max_size=6), st.sets(ids))
def test_the_change_of_the_set_is_what_the_edits_make_one_by_one(sent: list[Json], present: set[str]) -> None:
    """Without a look at the members the same comes out as with one, and a second time nothing changes."""
    members = parse_patch(message(*sent), GROUP, Tolerance()).members
    if members is None:
        return
    related = [Related(id_, "User", "User") for id_ in sorted(present)]
    value: Json = [element_of(item) for item in related] or None
    for edit in members.edits:
        value = apply_edit(members.attribute, value, edit)
    assert members.edit is not None
    assert after(members.edit, present) == ids_of(value)
    assert after(members.edit_of(related), present) == ids_of(value)
    assert after(members.edit, ids_of(value)) == ids_of(value)
    assert not members.edit.removed & members.edit.added.keys()


def test_the_message_of_the_rfc() -> None:
    """RFC 7644 §3.5.2.1 to §3.5.2.3: the examples with members."""
    id_ = "2819c223-7f76-453a-919d-413861904646"
    add: Mapping[str, Json] = {
        "schemas": [PATCH_OP],
        "Operations": [
            {
                "op": "add",
                "path": "members",
                "value": [
                    {
                        "display": "Babs Jensen",
                        "$ref": f"https://example.com/v2/Users/{id_}",
                        "value": id_,
                    }
                ],
            }
        ],
    }
    members = parse_patch(dict(add), GROUP, Tolerance(Profile.RFC)).members
    assert members is not None
    assert members.edit == MembersEdit({id_: "Babs Jensen"}, leaves_out_unknown=False)
    both = members_of(
        operation("remove", f'members[value eq "{id_}"]'),
        operation(
            "add", "members", value=[{"display": "James Smith", "value": "08e1d05d-121c-4561-8b96-473d93df9210"}]
        ),
    )
    assert both.edit == MembersEdit({"08e1d05d-121c-4561-8b96-473d93df9210": "James Smith"}, frozenset({id_}))
