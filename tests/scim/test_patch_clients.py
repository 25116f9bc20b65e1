"""What real clients send as PATCH, in the shapes of their own documentation and of their testers.

Entra ID: Microsoft's pages "Develop and plan provisioning for a SCIM endpoint" and "Known issues and resolutions with
SCIM 2.0 protocol compliance", and its SCIM validator. Okta: its SCIM 2.0 reference.
"""

import pytest

from musterbook.scim.dialects import Tolerance
from musterbook.scim.resource import Json, Resource
from musterbook.scim.schema import user_type
from tests.scim.patching import (
    ADA,
    CREW_OF_TWO,
    ENTERPRISE,
    HOME,
    WORK,
    ada_but,
    but,
    operation,
    patch,
)

BARE = Resource(user_type(), {"userName": "bare@example.com"}, "b")
MEMBER_A, MEMBER_B = CREW_OF_TWO.attributes["members"]
NAME = ADA.attributes["name"]


class TestEntraId:
    """One operation for each attribute, capitalised, values as strings."""

    @pytest.mark.parametrize("word", ["False", "false", "FALSE", False])
    def test_it_suspends(self, word: Json) -> None:
        """Disable User: ``active`` is a string of any case, or with aadOptscim062020 a boolean."""
        sent = operation("Replace", "active", value=word)
        assert patch(ADA, sent).attributes == ada_but(active=False)
        restored = patch(patch(ADA, sent), operation("Replace", "active", value="True"))
        assert restored.attributes == ADA.attributes

    def test_it_updates_single_and_multi_valued_attributes(self) -> None:
        """Update User: the sample that replaces an address of one type and a part of the name."""
        sent = (
            operation("Replace", 'emails[type eq "work"].value', value="updatedEmail@microsoft.com"),
            operation("Replace", "name.familyName", value="updatedFamilyName"),
        )
        assert patch(ADA, *sent).attributes == ada_but(
            emails=[{**WORK, "value": "updatedEmail@microsoft.com"}, HOME],
            name={**NAME, "familyName": "updatedFamilyName"},
        )

    def test_it_replaces_several_attributes(self) -> None:
        """Requests to replace multiple attributes, without and with aadOptscim062020, do the same."""
        number = f"{ENTERPRISE}:employeeNumber"
        without = (
            operation("Replace", "displayName", value="Bjfe"),
            operation("Replace", 'emails[type eq "work"].value', value="Test@test.microsoft.com"),
            operation("Replace", "name.givenName", value="Kkom"),
            operation("Replace", "name.familyName", value="Unua"),
            operation("Replace", number, value="Aklq"),
        )
        flagged = (
            operation("replace", 'emails[type eq "work"].value', value="Test@test.microsoft.com"),
            operation(
                "replace",
                value={"displayName": "Bjfe", "name.givenName": "Kkom", "name.familyName": "Unua", number: "Aklq"},
            ),
        )
        expected = ada_but(
            displayName="Bjfe",
            emails=[{**WORK, "value": "Test@test.microsoft.com"}, HOME],
            name={"familyName": "Unua", "givenName": "Kkom"},
            enterprise={**ADA.attributes[ENTERPRISE], "employeeNumber": "Aklq"},
        )
        assert patch(ADA, *without).attributes == expected
        assert patch(ADA, *flagged).attributes == expected

    def test_several_operations_build_one_element(self) -> None:
        """The validator's adds onto a person without attributes: what shares a type lands on one element."""
        address = {"formatted": "f", "streetAddress": "s", "locality": "l", "postalCode": "p", "country": "MQ"}
        sent = [operation("Add", f'addresses[type eq "work"].{name}', value=value) for name, value in address.items()]
        sent += [
            operation("Add", 'emails[type eq "work"].value', value="rosa@ritchie.example"),
            operation("Add", 'emails[type eq "work"].primary', value="True"),
            operation("Add", 'phoneNumbers[type eq "mobile"].value', value="58-660-1141"),
            operation("Add", 'phoneNumbers[type eq "fax"].value', value="58-660-1142"),
            operation("Add", 'roles[primary eq "True"].type', value="t"),
            operation("Add", 'roles[primary eq "True"].value', value="v"),
            operation("Add", 'roles[primary eq "True"].display', value="d"),
            operation("Add", "name.givenName", value="Rosa"),
            operation("Add", "name.familyName", value="Ritchie"),
            operation("Add", f"{ENTERPRISE}:department", value="Tech"),
            operation("Add", f"{ENTERPRISE}:manager", value="no-such-id"),
        ]
        assert patch(BARE, *sent).attributes == {
            "userName": "bare@example.com",
            "addresses": [{**address, "type": "work"}],
            "emails": [{"value": "rosa@ritchie.example", "type": "work", "primary": True}],
            "phoneNumbers": [{"value": "58-660-1141", "type": "mobile"}, {"value": "58-660-1142", "type": "fax"}],
            "roles": [{"value": "v", "display": "d", "type": "t", "primary": True}],
            "name": {"givenName": "Rosa", "familyName": "Ritchie"},
            ENTERPRISE: {"department": "Tech", "manager": {"value": "no-such-id"}},
        }

    @pytest.mark.parametrize(
        "sent",
        [
            operation("Add", "manager", value="43"),
            operation("Add", f"{ENTERPRISE}:manager", value="43"),
            operation("Replace", f"{ENTERPRISE}:manager", value={"value": "43"}),
            operation("Replace", f"{ENTERPRISE}:manager.value", value="43"),
            operation("Add", "manager", value=[{"$ref": "http://host/scim/Users/43", "value": "43"}]),
            operation("replace", value={f"{ENTERPRISE}:manager": "43"}),
            operation("replace", value={ENTERPRISE: {"manager": "43"}}),
        ],
    )
    def test_it_names_the_manager_in_every_way(self, sent: Json) -> None:
        """The manager comes bare, as an object, in an array, by value, with the extension's URN and without."""
        manager = {"value": "43", "$ref": "http://host/scim/Users/43"} if "$ref" in str(sent) else {"value": "43"}
        plain = patch(ADA, operation("remove", f"{ENTERPRISE}:manager"))
        assert patch(plain, sent).attributes == ada_but(enterprise={"department": "Engines", "manager": manager})

    @pytest.mark.parametrize(
        "sent",
        [
            operation("Replace", f"{ENTERPRISE}:manager", value=""),
            operation("Replace", f"{ENTERPRISE}:manager", value={"value": ""}),
            operation("Replace", "manager", value={"value": None}),
            operation("Replace", f"{ENTERPRISE}:manager.value", value=""),
            operation("Remove", f"{ENTERPRISE}:manager"),
            operation("Remove", "manager", value="42"),
            operation("Remove", f"{ENTERPRISE}:manager.value"),
            operation("Remove", f'{ENTERPRISE}:manager[value eq "42"]'),
            operation("replace", value={f"{ENTERPRISE}:manager.value": ""}),
        ],
    )
    def test_it_removes_the_manager_in_every_way(self, sent: Json) -> None:
        """However the manager is cleared, nothing of him stays."""
        assert patch(ADA, sent).attributes == ada_but(enterprise={"department": "Engines"})

    def test_an_empty_value_clears_one_address(self) -> None:
        """A mapping without a value sends an empty string; no address without an address stays."""
        sent = operation("Replace", 'emails[type eq "home"].value', value="")
        assert patch(ADA, sent).attributes == ada_but(emails=[WORK])
        assert patch(BARE, sent) is BARE

    def test_it_adds_and_removes_members(self) -> None:
        """Update Group: members come with a null reference, and leave by a list of values."""
        sent = operation("Add", "members", value=[{"$ref": None, "value": "c3"}, {"$ref": None, "value": "a1"}])
        assert patch(CREW_OF_TWO, sent).attributes == but(
            CREW_OF_TWO.attributes, members=[MEMBER_A, MEMBER_B, {"value": "c3"}]
        )
        remove = operation("Remove", "members", value=[{"$ref": None, "value": "a1"}, {"value": "nobody"}])
        assert patch(CREW_OF_TWO, remove).attributes == but(CREW_OF_TWO.attributes, members=[MEMBER_B])
        flagged = operation("remove", 'members[value eq "a1"]')
        assert patch(CREW_OF_TWO, flagged) == patch(CREW_OF_TWO, remove)

    def test_members_may_be_bare_strings(self) -> None:
        """Microsoft's reference code takes member ids without objects around them."""
        sent = operation("Add", "members", value=["c3"])
        assert patch(CREW_OF_TWO, sent).attributes["members"] == [MEMBER_A, MEMBER_B, {"value": "c3"}]
        assert patch(CREW_OF_TWO, operation("Remove", "members", value=["c3", "b2"])).attributes["members"] == [
            MEMBER_A
        ]


class TestOkta:
    """Few attributes, without a path."""

    @pytest.mark.parametrize("active", [False, True])
    def test_it_deactivates_and_reactivates(self, *, active: bool) -> None:
        """Catalogue apps send ``active`` in an object and no path; what is so already is no change."""
        suspended = patch(ADA, operation("replace", value={"active": False}))
        assert suspended.attributes == ada_but(active=False)
        assert patch(suspended, operation("replace", value={"active": active})).attributes == ada_but(active=active)
        assert patch(ADA, operation("replace", value={"active": True})) is ADA

    def test_it_pushes_passwords_that_are_not_kept(self) -> None:
        """A pushed password is neither kept nor refused, and changes nothing."""
        assert patch(ADA, operation("replace", value={"password": "t1meMa$heen"})) is ADA

    def test_it_renames_a_group_by_an_object_with_its_id(self) -> None:
        """The id stands beside the name, and is left out; the members are not touched."""
        tolerance = Tolerance()
        sent = operation("replace", value={"id": "c7", "displayName": "Adventure"})
        assert patch(CREW_OF_TWO, sent, tolerance=tolerance).attributes == but(
            CREW_OF_TWO.attributes, displayName="Adventure"
        )
        assert tolerance.ignored == ["id"]

    def test_it_mixes_removals_and_additions_of_members(self) -> None:
        """One message removes by filter and adds with the display name."""
        sent = (
            operation("remove", 'members[value eq "a1"]'),
            operation("add", "members", value=[{"value": "c3", "display": "cat@example.com"}]),
        )
        assert patch(CREW_OF_TWO, *sent).attributes == but(
            CREW_OF_TWO.attributes, members=[MEMBER_B, {"value": "c3", "display": "cat@example.com"}]
        )

    def test_it_pushes_all_members(self) -> None:
        """The button Push now replaces the members, with an empty list where there are none."""
        sent = operation("replace", "members", value=[{"value": "c3"}])
        assert patch(CREW_OF_TWO, sent).attributes["members"] == [{"value": "c3"}]
        nobody = patch(CREW_OF_TWO, operation("replace", "members", value=[]))
        assert nobody.attributes == but(CREW_OF_TWO.attributes, "members")
        assert patch(nobody, operation("replace", "members", value=[])) is nobody


class TestOneLogin:
    """OneLogin updates people by PUT; a PATCH of the documented forms works all the same."""

    def test_emails_come_as_one_object(self) -> None:
        """The v1.1 template's object without an array around it."""
        sent = operation("replace", "emails", value={"value": "l@example.com", "type": "work", "primary": True})
        assert patch(ADA, sent).attributes == ada_but(
            emails=[{"value": "l@example.com", "type": "work", "primary": True}]
        )

    def test_names_come_with_spaces(self) -> None:
        """The parts of a name are trimmed as in POST and PUT."""
        sent = operation("replace", "name.familyName", value=" User 01")
        assert patch(ADA, sent).attributes == ada_but(name={**NAME, "familyName": "User 01"})
