"""The examples of RFC 7644 §3.5.2, with their own identifiers and addresses."""

from musterbook.scim.resource import Resource
from musterbook.scim.schema import user_type
from tests.scim.patching import CREW, RFC, operation, patch

BABS_REF = "https://example.com/v2/Users/2819c223...413861904646"
BABS = {"value": "2819c223-7f76-453a-919d-413861904646", "$ref": BABS_REF, "display": "Babs Jensen"}
JAMES_REF = "https://example.com/v2/Users/08e1d05d...473d93df9210"
JAMES = {"value": "08e1d05d-121c-4561-8b96-473d93df9210", "$ref": JAMES_REF, "display": "James Smith"}
GROUP = Resource(CREW, {"displayName": "Employees", "ports": [{"value": "Plymouth"}]}, "acbf3ae7")
"""A group has no ports; the type that stands for it here requires one."""

WORK = {
    "streetAddress": "100 Universal City Plaza",
    "locality": "Hollywood",
    "region": "CA",
    "postalCode": "91608",
    "country": "US",
    "formatted": "100 Universal City Plaza\nHollywood, CA 91608 US",
    "type": "work",
    "primary": False,
}
HOME = {"streetAddress": "456 Hollywood Blvd", "locality": "Hollywood", "type": "home", "primary": True}
BJENSEN = Resource(
    user_type(),
    {
        "userName": "bjensen@example.com",
        "emails": [{"value": "bjensen@example.com", "type": "work", "primary": True}],
        "addresses": [WORK, HOME],
    },
    "2819c223-7f76-453a-919d-413861904646",
)


def with_members(*members: dict[str, str]) -> Resource:
    """Return the group with these members."""
    return Resource(CREW, {**GROUP.attributes, **({"members": list(members)} if members else {})}, GROUP.id)


def test_add_a_member() -> None:
    """§3.5.2.1: the member is added; if she is a member already, nothing changes."""
    sent = operation("add", "members", value=[BABS])
    added = patch(GROUP, sent, profile=RFC)
    assert added == with_members(BABS)
    assert patch(added, sent, profile=RFC) is added


def test_add_attributes_without_a_path() -> None:
    """§3.5.2.1: a value is added to emails, and nickname is added or replaced."""
    sent = operation("add", value={"emails": [{"value": "babs@jensen.org", "type": "home"}], "nickname": "Babs"})
    assert patch(BJENSEN, sent, profile=RFC).attributes == {
        **BJENSEN.attributes,
        "emails": [*BJENSEN.attributes["emails"], {"value": "babs@jensen.org", "type": "home"}],
        "nickName": "Babs",
    }


def test_remove_a_member() -> None:
    """§3.5.2.2: the member goes; if she was none, nothing changes."""
    sent = operation("remove", 'members[value eq "2819c223-7f76-453a-919d-413861904646"]')
    assert patch(with_members(BABS, JAMES), sent, profile=RFC) == with_members(JAMES)
    without = with_members(JAMES)
    assert patch(without, sent, profile=RFC) is without


def test_remove_all_members() -> None:
    """§3.5.2.2: all members go."""
    assert patch(with_members(BABS, JAMES), operation("remove", "members"), profile=RFC) == GROUP


def test_remove_a_value_of_a_complex_multi_valued_attribute() -> None:
    """§3.5.2.2: a filter of two terms selects the work address of one domain."""
    sent = operation("remove", 'emails[type eq "work" and value ew "example.com"]')
    attributes = {name: value for name, value in BJENSEN.attributes.items() if name != "emails"}
    assert patch(BJENSEN, sent, profile=RFC).attributes == attributes


def test_remove_and_add_a_member() -> None:
    """§3.5.2.2: two operations, the first with no space before the string."""
    sent = (
        operation("remove", 'members[value eq"2819c223-7f76-453a-919d-413861904646"]'),
        operation("add", "members", value=[JAMES]),
    )
    assert patch(with_members(BABS), *sent, profile=RFC) == with_members(JAMES)


def test_replace_all_members_in_two_operations_or_in_one() -> None:
    """§3.5.2.2 and §3.5.2.3: remove and add, or replace, leave exactly the members that are sent."""
    other = {"value": "x"}
    two = operation("remove", "members"), operation("add", "members", value=[BABS, JAMES])
    assert patch(with_members(other), *two, profile=RFC) == with_members(BABS, JAMES)
    one = operation("replace", "members", value=[BABS, JAMES])
    assert patch(with_members(other), one, profile=RFC) == with_members(BABS, JAMES)


def test_replace_the_entire_work_address() -> None:
    """§3.5.2.3: the address that the filter selects is replaced; as it becomes primary, the other is no longer."""
    new = {
        "streetAddress": "911 Universal City Plaza",
        "locality": "Hollywood",
        "region": "CA",
        "postalCode": "91608",
        "country": "US",
        "formatted": "911 Universal City Plaza\nHollywood, CA 91608 US",
        "type": "work",
        "primary": True,
    }
    sent = operation("replace", 'addresses[type eq "work"]', value=new)
    assert patch(BJENSEN, sent, profile=RFC).attributes == {
        **BJENSEN.attributes,
        "addresses": [new, {**HOME, "primary": False}],
    }


def test_replace_one_sub_attribute_of_the_work_address() -> None:
    """§3.5.2.3: only the street of the selected address changes."""
    sent = operation("replace", 'addresses[type eq "work"].streetAddress', value="1010 Broadway Ave")
    assert patch(BJENSEN, sent, profile=RFC).attributes == {
        **BJENSEN.attributes,
        "addresses": [{**WORK, "streetAddress": "1010 Broadway Ave"}, HOME],
    }


def test_replace_attributes_without_a_path() -> None:
    """§3.5.2.3: the attributes that the value names are replaced, all others stay."""
    emails = [
        {"value": "bjensen@example.com", "type": "work", "primary": True},
        {"value": "babs@jensen.org", "type": "home"},
    ]
    sent = operation("replace", value={"emails": emails, "nickname": "Babs"})
    assert patch(BJENSEN, sent, profile=RFC).attributes == {**BJENSEN.attributes, "emails": emails, "nickName": "Babs"}


def test_an_extensions_attribute_brings_the_extensions_schema() -> None:
    """§3.5.2: adding employeeNumber by its full name adds the extension's URN to schemas."""
    urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
    patched = patch(BJENSEN, operation("add", f"{urn}:employeeNumber", value="701984"), profile=RFC)
    assert patched.schemas == ("urn:ietf:params:scim:schemas:core:2.0:User", urn)
    assert patched.attributes == {**BJENSEN.attributes, urn: {"employeeNumber": "701984"}}
