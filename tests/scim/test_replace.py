"""What a resource is after PUT (RFC 7644 §3.5.1)."""

import pytest

from musterbook.scim.dialects import Profile, Tolerance
from musterbook.scim.errors import MutabilityError
from musterbook.scim.parse import parse_resource
from musterbook.scim.replace import replace_resource
from musterbook.scim.resource import Json, Meta, Resource
from musterbook.scim.schema import (
    Attribute,
    AttributeType,
    Mutability,
    Returned,
    SchemaExtension,
    group_type,
    make_resource_type,
    make_schema,
    user_type,
)

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
META = Meta("2024-01-01T00:00:00.000Z", "2024-01-02T00:00:00.000Z", 3)

CURRENT = Resource(
    user_type(),
    {
        "externalId": "42",
        "userName": "ada",
        "name": {"givenName": "Ada", "familyName": "Lovelace"},
        "title": "Countess",
        "active": False,
        "emails": [{"value": "ada@example.com", "type": "work"}],
        ENTERPRISE: {"department": "Engines", "manager": {"value": "7"}},
    },
    "018f3a5e-7c1a-7b43-9d3f-5a0c2f1e4b6d",
    META,
)


def put(document: dict[str, Json], current: Resource = CURRENT) -> Resource:
    """Return ``current`` after a PUT of ``document``."""
    sent = parse_resource({"schemas": [CORE, ENTERPRISE], **document}, user_type(), Tolerance())
    return replace_resource(current, sent)


def test_what_is_omitted_is_cleared() -> None:
    """Everything that the client may write and leaves out is cleared; id and meta stay the server's."""
    assert put({"userName": "ada", "id": "other", "externalId": "42", "active": False}) == Resource(
        user_type(), {"externalId": "42", "userName": "ada", "active": False}, CURRENT.id, META
    )


def test_what_is_sent_replaces_the_whole_value() -> None:
    """A complex or multi-valued attribute is replaced as a whole, not merged."""
    replaced = put(
        {
            "userName": "ada",
            "name": {"givenName": "Augusta"},
            "emails": [{"value": "augusta@example.com"}],
            ENTERPRISE: {"division": "North"},
        }
    )
    assert replaced.attributes == {
        "externalId": "42",
        "userName": "ada",
        "name": {"givenName": "Augusta"},
        "active": False,
        "emails": [{"value": "augusta@example.com"}],
        ENTERPRISE: {"division": "North"},
    }


@pytest.mark.parametrize("empty", [{}, {"active": None, "externalId": None}, {"active": "", "externalId": ""}])
def test_active_and_external_id_stay_where_nothing_is_said_of_them(empty: dict[str, Json]) -> None:
    """Absent, null or empty, active and externalId keep their values: no suspended person comes back by omission."""
    assert put({"userName": "ada", **empty}).attributes == {"externalId": "42", "userName": "ada", "active": False}


def test_active_and_external_id_change_where_they_are_sent() -> None:
    """What is sent for them is applied."""
    replaced = put({"userName": "ada", "active": "True", "externalId": "43"})
    assert replaced.attributes == {"externalId": "43", "userName": "ada", "active": True}


def test_what_a_person_never_had_is_not_made_up() -> None:
    """An attribute that is kept when omitted does not appear where there was none."""
    current = Resource(user_type(), {"userName": "ada"}, CURRENT.id, META)
    assert put({"userName": "ada"}, current) == current


def test_the_same_again_changes_nothing() -> None:
    """A PUT of what is there gives an equal resource (OneLogin sends such PUTs)."""
    assert put({**CURRENT.attributes}) == CURRENT


def test_neither_argument_is_changed() -> None:
    """Replacing makes a resource and leaves the two it is made of alone."""
    sent = Resource(user_type(), {"userName": "eve"})
    replace_resource(CURRENT, sent)
    assert sent.attributes == {"userName": "eve"}
    assert CURRENT.attributes["userName"] == "ada"


def test_the_example_of_the_rfc() -> None:
    """RFC 7644 §3.5.1: the example's PUT leaves what the example's answer shows, externalId and active apart."""
    example = {
        "userName": "bjensen",
        "externalId": "bjensen",
        "name": {
            "formatted": "Ms. Barbara J Jensen III",
            "familyName": "Jensen",
            "givenName": "Barbara",
            "middleName": "Jane",
        },
        "emails": [{"value": "bjensen@example.com"}, {"value": "babs@jensen.org"}],
    }
    sent = parse_resource(
        {"schemas": [CORE], "id": "2819c223-7f76-453a-919d-413861904646", "roles": [], **example},
        user_type(),
        Tolerance(Profile.INTEROP_STRICT),
    )
    assert replace_resource(CURRENT, sent).attributes == {**example, "active": False}


class TestMutability:
    """RFC 7644 §3.5.1: readOnly is ignored, immutable must match once it is set."""

    READ_ONLY = Attribute("issued", AttributeType.STRING, mutability=Mutability.READ_ONLY)
    IMMUTABLE = Attribute("serial", AttributeType.STRING, mutability=Mutability.IMMUTABLE)
    LABEL = Attribute("label", AttributeType.STRING)
    PARTS = make_schema("urn:example:Parts", "Parts", "", [READ_ONLY, IMMUTABLE, LABEL])
    HOLDER = Attribute("holder", AttributeType.COMPLEX, sub_attributes=PARTS.attributes, by_name=PARTS.by_name)
    BADGE = make_resource_type(
        "Badge",
        "/Badges",
        make_schema("urn:example:Badge", "Badge", "", [READ_ONLY, IMMUTABLE, LABEL, HOLDER]),
        [SchemaExtension(PARTS)],
    )

    def replace(self, current: dict[str, Json], sent: dict[str, Json]) -> Json:
        """Return the attributes of a badge after PUT."""
        return replace_resource(Resource(self.BADGE, current), Resource(self.BADGE, sent)).attributes

    @pytest.mark.parametrize("wrap", [lambda it: it, lambda it: {"holder": it}, lambda it: {"urn:example:Parts": it}])
    def test_immutable_values_may_be_set_and_repeated(self, wrap: Json) -> None:
        """An immutable attribute is applied where it was unset, and may be sent again as it is."""
        assert self.replace(wrap({"label": "a"}), wrap({"serial": "1"})) == wrap({"serial": "1"})
        assert self.replace(wrap({"serial": "1"}), wrap({"serial": "1"})) == wrap({"serial": "1"})

    @pytest.mark.parametrize("wrap", [lambda it: it, lambda it: {"holder": it}, lambda it: {"urn:example:Parts": it}])
    def test_what_the_client_may_not_write_stays(self, wrap: Json) -> None:
        """What is read-only, or immutable and set, outlives a PUT that leaves it out."""
        current = wrap({"issued": "2024", "serial": "1", "label": "a"})
        assert self.replace(current, wrap({"label": "b"})) == wrap({"issued": "2024", "serial": "1", "label": "b"})

    @pytest.mark.parametrize(
        "wrap, path",
        [
            (lambda it: it, "serial"),
            (lambda it: {"holder": it}, "holder.serial"),
            (lambda it: {"urn:example:Parts": it}, "urn:example:Parts:serial"),
        ],
    )
    def test_another_value_for_what_is_immutable_is_refused(self, wrap: Json, path: str) -> None:
        """Another value for an immutable attribute that is set is 400 mutability."""
        with pytest.raises(MutabilityError) as refusal:
            self.replace(wrap({"serial": "1"}), wrap({"serial": "2"}))
        assert refusal.value.detail == f"{path} cannot be changed once it is set."

    def test_an_extension_keeps_what_is_its_servers(self) -> None:
        """An extension that is left out keeps what the client could not have written."""
        current = {"label": "a", "urn:example:Parts": {"issued": "2024", "label": "b"}}
        assert self.replace(current, {"label": "a"}) == {"label": "a", "urn:example:Parts": {"issued": "2024"}}

    @pytest.mark.parametrize(
        "hidden", [{"returned": Returned.NEVER}, {"mutability": Mutability.WRITE_ONLY}], ids=["never", "write-only"]
    )
    def test_what_is_never_returned_outlives_a_put_that_leaves_it_out(self, hidden: Json) -> None:
        """Whoever sends back what was read could not send it; a new value takes its place."""
        schema = make_schema("urn:example:Safe", "Safe", "", [Attribute("code", AttributeType.STRING, **hidden)])
        safe = make_resource_type("Safe", "/Safes", schema)
        current = Resource(safe, {"code": "1"})
        assert replace_resource(current, Resource(safe, {})).attributes == {"code": "1"}
        assert replace_resource(current, Resource(safe, {"code": "2"})).attributes == {"code": "2"}


def test_memberships_are_no_part_of_a_put() -> None:
    """A resource that was read with its memberships keeps them, so that nothing seems to have changed."""
    group = Resource(group_type(), {"displayName": "Crew", "members": [{"value": "1"}]})
    assert replace_resource(group, Resource(group_type(), {"displayName": "Crew"})) == group
