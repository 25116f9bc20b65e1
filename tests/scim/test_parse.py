"""From a POST or PUT body to a resource (RFC 7643 §2, §3; RFC 7644 §3.3)."""

from collections.abc import Mapping

import pytest

from musterbook.scim.dialects import Profile, Tolerance
from musterbook.scim.errors import InvalidSyntaxError, InvalidValueError
from musterbook.scim.parse import check_resource, parse_resource
from musterbook.scim.resource import Json, Resource, render_document
from musterbook.scim.schema import (
    Attribute,
    AttributeType,
    Mutability,
    SchemaExtension,
    load_schema,
    make_resource_type,
    make_schema,
    user_type,
)

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def parse(document: Mapping[str, Json], profile: Profile = Profile.RFC) -> Mapping[str, Json]:
    """Return the attributes of the user that ``document`` describes."""
    return parse_resource({"schemas": [CORE, ENTERPRISE], **document}, user_type(), Tolerance(profile)).attributes


def test_a_whole_user_is_parsed() -> None:
    """Every kind of attribute arrives under its name, without id and meta, which are the server's."""
    document = {
        "schemas": [CORE, ENTERPRISE],
        "id": "made-up",
        "meta": {"created": "2001-01-01T00:00:00Z"},
        "externalId": "42",
        "userName": "ada@example.com",
        "name": {"givenName": "Ada", "familyName": "Lovelace"},
        "active": False,
        "emails": [{"value": "ada@example.com", "type": "work", "primary": True}],
        ENTERPRISE: {"department": "Engines", "manager": {"value": "7"}},
    }
    tolerance = Tolerance(Profile.RFC)
    resource = parse_resource(document, user_type(), tolerance)
    assert resource == Resource(
        user_type(),
        {
            "externalId": "42",
            "userName": "ada@example.com",
            "name": {"givenName": "Ada", "familyName": "Lovelace"},
            "active": False,
            "emails": [{"value": "ada@example.com", "type": "work", "primary": True}],
            ENTERPRISE: {"department": "Engines", "manager": {"value": "7"}},
        },
    )
    assert (tolerance.applied, tolerance.ignored) == ([], [])


class TestNames:
    """RFC 7643 §2.1: names are compared regardless of case."""

    def test_names_and_urns_are_taken_in_any_case(self) -> None:
        """Attributes, sub-attributes and extension URNs come out in the spelling of the schema."""
        document = {
            "SCHEMAS": [CORE.upper(), ENTERPRISE.upper()],
            "USERNAME": "ada",
            "Name": {"givenname": "Ada"},
            ENTERPRISE.upper(): {"Department": "Engines"},
        }
        resource = parse_resource(document, user_type(), Tolerance(Profile.RFC))
        assert resource.attributes == {
            "userName": "ada",
            "name": {"givenName": "Ada"},
            ENTERPRISE: {"department": "Engines"},
        }

    def test_the_order_of_what_is_sent_does_not_matter(self) -> None:
        """The text of a resource is the same in whatever order its attributes came (RFC 7643 §2.3.8)."""
        document = {
            "schemas": [ENTERPRISE, CORE, ENTERPRISE],
            ENTERPRISE: {"manager": {"$ref": "../Users/7", "value": "7"}, "costCenter": "1"},
            "emails": [{"type": "work", "value": "ada@example.com"}],
            "name": {"givenName": "Ada", "familyName": "Lovelace"},
            "userName": "ada",
        }
        text = render_document(parse_resource(document, user_type(), Tolerance(Profile.RFC)))
        assert text == (
            f'{{"schemas":["{CORE}","{ENTERPRISE}"],"id":null,"userName":"ada",'
            '"name":{"familyName":"Lovelace","givenName":"Ada"},"emails":[{"value":"ada@example.com","type":"work"}],'
            f'"{ENTERPRISE}":{{"costCenter":"1","manager":{{"value":"7","$ref":"../Users/7"}}}}}}'
        )

    @pytest.mark.parametrize("profile", list(Profile))
    def test_what_is_read_only_is_left_out_without_a_word(self, profile: Profile) -> None:
        """Clients send back what they read; id, meta and groups are no mistake and set nothing (RFC 7644 §3.3)."""
        tolerance = Tolerance(profile)
        document = {
            "schemas": [CORE, ENTERPRISE],
            "userName": "ada",
            "id": "made-up",
            "meta": {"version": 'W/"1"'},
            "groups": [{"value": "g", "unknown": 1}],
            ENTERPRISE: {"manager": {"value": "7", "displayName": "Bob"}},
        }
        resource = parse_resource(document, user_type(), tolerance)
        assert (resource.id, resource.meta) == (None, None)
        assert resource.attributes == {"userName": "ada", ENTERPRISE: {"manager": {"value": "7"}}}
        assert (tolerance.applied, tolerance.ignored) == ([], [])

    def test_unknown_attributes_are_noted_by_their_paths(self) -> None:
        """What was left out can be read from the log: its path, never its value, and nothing for null."""
        tolerance = Tolerance(Profile.RFC)
        document = {
            "schemas": [CORE, ENTERPRISE],
            "userName": "ada",
            "user_email": "secret",
            "department": None,
            "name": {"initial": "A"},
            "urn:example:Other": {"a": 1},
            "not a name": 1,
            ENTERPRISE: {"badge": "7"},
        }
        assert parse_resource(document, user_type(), tolerance).attributes == {"userName": "ada"}
        assert sorted(tolerance.ignored) == [
            "name.initial",
            "not a name",
            "urn:example:Other",
            f"{ENTERPRISE}:badge",
            "user_email",
        ]

    @pytest.mark.parametrize(
        "document, path",
        [
            ({"user_email": "x"}, "user_email"),
            ({"department": None}, "department"),
            ({"name.givenName": "Ada"}, "name.givenName"),
            ({CORE: {"displayName": "Ada"}}, CORE),
            ({"urn:example:Other": {}}, "urn:example:Other"),
            ({"urn:scim:schemas:extension:enterprise:1.0": {}}, "urn:scim:schemas:extension:enterprise:1.0"),
            ({ENTERPRISE: {"badge": "7"}}, f"{ENTERPRISE}:badge"),
        ],
    )
    def test_the_strict_profile_refuses_what_no_schema_defines(self, document: dict[str, Json], path: str) -> None:
        """Under the interoperability profile an unknown attribute or URN is 400 invalidSyntax that names it."""
        with pytest.raises(InvalidSyntaxError) as refusal:
            parse({"userName": "ada", **document}, Profile.INTEROP_STRICT)
        assert refusal.value.detail == f"{path} is not an attribute that this server knows; leave it out."


class TestUnassigned:
    """RFC 7643 §2.5: null, [] and absence are one state."""

    @pytest.mark.parametrize("value", [None, [], {}])
    def test_what_is_unassigned_is_absent(self, value: Json) -> None:
        """No null, [] or {} gets into a resource, and an extension of which nothing is left goes with its URN."""
        document = {"userName": "ada", "title": None, "roles": [], "name": value, ENTERPRISE: value}
        assert parse(document) == {"userName": "ada"}
        assert parse({"userName": "ada", ENTERPRISE: {"manager": value, "division": None}}) == {"userName": "ada"}

    def test_an_absent_active_stays_absent(self) -> None:
        """Whether an absent active means true or "as before" is not decided here."""
        assert "active" not in parse({"userName": "ada"})
        assert "active" not in parse({"userName": "ada", "active": None})


class TestChecks:
    """What holds for a resource as a whole."""

    @pytest.mark.parametrize("document", [{}, {"userName": None}, {"userName": []}, {"username ": "ada"}])
    @pytest.mark.parametrize("profile", [Profile.LENIENT, Profile.RFC])
    def test_a_missing_user_name_is_named(self, document: dict[str, Json], profile: Profile) -> None:
        """Without userName the answer is 400 invalidValue that says what is missing and how it is spelled."""
        with pytest.raises(InvalidValueError) as refusal:
            parse(document, profile)
        assert refusal.value.detail == 'The attribute "userName" is required; send it, not empty.'

    @pytest.mark.parametrize("user_name", ["", "  ", "\u3000"])
    @pytest.mark.parametrize("profile", list(Profile))
    def test_a_blank_user_name_is_refused(self, user_name: str, profile: Profile) -> None:
        """A userName of nothing but spaces is 400 invalidValue."""
        with pytest.raises(InvalidValueError) as refusal:
            parse({"userName": user_name}, profile)
        assert refusal.value.detail == "userName must not be blank."

    @pytest.mark.parametrize("profile", list(Profile))
    def test_one_element_at_most_is_primary(self, profile: Profile) -> None:
        """Two primary elements in one attribute are 400 invalidValue; one in each of two attributes is right."""
        emails = [{"value": "a@example.com", "primary": True}, {"value": "b@example.com", "primary": False}]
        phones = [{"value": "1", "primary": True}]
        document = {"userName": "ada", "emails": emails, "phoneNumbers": phones}
        assert parse(document, profile) == document
        with pytest.raises(InvalidValueError) as refusal:
            parse({**document, "emails": [{**item, "primary": True} for item in emails]}, profile)
        assert refusal.value.detail == "emails has 2 primary elements; mark one."

    def test_a_required_extension_is_required(self) -> None:
        """RFC 7643 §6: a resource without an extension that its type requires is 400 invalidValue."""
        extension = load_schema("enterprise_user")
        required = make_resource_type(
            "User", "/Users", load_schema("user"), [SchemaExtension(extension, required=True)]
        )
        with pytest.raises(InvalidValueError) as refusal:
            check_resource(Resource(required, {"userName": "ada"}))
        assert refusal.value.detail == f'The extension "{ENTERPRISE}" is required; send it.'
        whole = Resource(required, {"userName": "ada", ENTERPRISE: {"department": "Engines"}})
        assert check_resource(whole) is whole

    def test_an_extension_may_hold_what_is_read_only(self) -> None:
        """What is read-only is left out of an extension as it is elsewhere."""
        issued = Attribute("issued", AttributeType.STRING, mutability=Mutability.READ_ONLY)
        badge = make_schema("urn:example:Badge", "Badge", "", [issued, Attribute("label", AttributeType.STRING)])
        holder = make_resource_type("User", "/Users", load_schema("user"), [SchemaExtension(badge)])
        document = {
            "schemas": [CORE, "urn:example:Badge"],
            "userName": "ada",
            "urn:example:Badge": {"issued": 1, "label": "x"},
        }
        resource = parse_resource(document, holder, Tolerance(Profile.INTEROP_STRICT))
        assert resource.attributes == {"userName": "ada", "urn:example:Badge": {"label": "x"}}

    @pytest.mark.parametrize("value", ["x", 1, True, [{}]])
    def test_an_extension_is_an_object(self, value: Json) -> None:
        """Any other value under an extension's URN is 400 invalidValue."""
        with pytest.raises(InvalidValueError) as refusal:
            parse({"userName": "ada", ENTERPRISE: value})
        assert refusal.value.detail == f"{ENTERPRISE} must be an object with the attributes of the extension."

    def test_errors_in_an_extension_name_its_urn(self) -> None:
        """The path of an extension's attribute begins with the URN (RFC 7644 §3.10)."""
        with pytest.raises(InvalidValueError) as refusal:
            parse({"userName": "ada", ENTERPRISE: {"manager": {"value": 7}}})
        assert refusal.value.detail == f"{ENTERPRISE}:manager.value must be a string, not a number."


class TestSchemas:
    """RFC 7643 §3: ``schemas`` names the schemas whose attributes are sent."""

    @pytest.mark.parametrize("schemas", [[], [ENTERPRISE], ["urn:scim:schemas:core:1.0"], [7], CORE, None, {}])
    @pytest.mark.parametrize("profile", [Profile.RFC, Profile.INTEROP_STRICT])
    def test_the_base_schema_must_be_named(self, schemas: Json, profile: Profile) -> None:
        """Outside the lenient profile a body that does not name the base schema is 400 invalidSyntax."""
        with pytest.raises(InvalidSyntaxError) as refusal:
            parse_resource({"schemas": schemas, "userName": "ada"}, user_type(), Tolerance(profile))
        assert refusal.value.detail == f'"schemas" must be an array that names "{CORE}".'

    def test_repetitions_have_no_meaning(self) -> None:
        """A URN that is named twice is named; what is stored names each once."""
        document = {"schemas": [CORE, CORE], "userName": "ada"}
        assert parse_resource(document, user_type(), Tolerance(Profile.INTEROP_STRICT)).schemas == (CORE,)

    @pytest.mark.parametrize("urn", ["urn:example:other", "urn:scim:schemas:extension:enterprise:1.0"])
    def test_the_strict_profile_refuses_unknown_urns(self, urn: str) -> None:
        """Under the interoperability profile a URN of no schema here is 400 invalidSyntax that names it."""
        document = {"schemas": [CORE, urn], "userName": "ada"}
        with pytest.raises(InvalidSyntaxError) as refusal:
            parse_resource(document, user_type(), Tolerance(Profile.INTEROP_STRICT))
        assert refusal.value.detail == f"\"schemas\" names '{urn}', which this server does not have."

    def test_the_strict_profile_wants_extensions_declared(self) -> None:
        """Under the interoperability profile an extension's attributes need its URN in schemas."""
        document = {"schemas": [CORE], "userName": "ada", ENTERPRISE: {"department": "Engines"}}
        with pytest.raises(InvalidSyntaxError) as refusal:
            parse_resource(document, user_type(), Tolerance(Profile.INTEROP_STRICT))
        assert refusal.value.detail == f'"schemas" must name "{ENTERPRISE}", whose attributes are sent.'

    def test_a_declared_extension_may_be_empty(self) -> None:
        """The URN in schemas alone makes no extension: what is stored names only what it holds."""
        resource = parse_resource({"schemas": [CORE, ENTERPRISE], "userName": "ada"}, user_type(), Tolerance())
        assert resource.schemas == (CORE,)


class TestSeveralNames:
    """What the lenient profile takes under more than one name has one value all the same."""

    def test_names_of_one_attribute_are_joined(self) -> None:
        """Parts of one attribute may come by several names."""
        document = {
            "userName": "ada",
            "name": {"givenName": "Ada"},
            "name.familyName": "Lovelace",
            f"{CORE}:name.middleName": "King",
            CORE: {"title": "Countess", "id": "x", "password": "secret", "rank": 1},
            f"{ENTERPRISE}:department": "Engines",
            f"{ENTERPRISE}:manager.value": "7",
            f"{ENTERPRISE}:manager.displayName": "Bob",
            ENTERPRISE: {"manager": {"$ref": "../Users/7"}, "costCenter": "1"},
            "urn:scim:schemas:extension:enterprise:1.0": {"division": "North"},
            "meta.created": "2001-01-01T00:00:00Z",
        }
        assert parse(document, Profile.LENIENT) == {
            "userName": "ada",
            "name": {"givenName": "Ada", "familyName": "Lovelace", "middleName": "King"},
            "title": "Countess",
            ENTERPRISE: {
                "costCenter": "1",
                "division": "North",
                "department": "Engines",
                "manager": {"value": "7", "$ref": "../Users/7"},
            },
        }

    @pytest.mark.parametrize(
        "document, name",
        [
            ({"title": "Countess", f"{CORE}:title": "Duchess"}, "title"),
            ({"title": "Countess", CORE: {"title": "Duchess"}}, "title"),
            ({"name": {"givenName": "Ada"}, "name.givenName": "Eve"}, "name.givenName"),
            ({"name": {"GIVENNAME": "Ada"}, "name.givenName": "Eve"}, "name.givenName"),
            (
                {ENTERPRISE: {"division": "N"}, "urn:scim:schemas:extension:enterprise:1.0": {"division": "S"}},
                "division",
            ),
        ],
    )
    def test_two_values_for_one_attribute_are_refused(self, document: dict[str, Json], name: str) -> None:
        """Two values for one attribute are 400 invalidSyntax: which one wins must not depend on their order."""
        with pytest.raises(InvalidSyntaxError) as refusal:
            parse({"userName": "ada", **document}, Profile.LENIENT)
        assert refusal.value.detail == f"{name} is sent twice, with different values; send it once."

    @pytest.mark.parametrize(
        "document", [{"title": None, f"{CORE}:title": "Countess"}, {"title": "Countess", CORE: {"title": None}}]
    )
    def test_null_is_no_second_value(self, document: dict[str, Json]) -> None:
        """Entra ID sends null for what it names in full elsewhere."""
        assert parse({"userName": "ada", **document}, Profile.LENIENT) == {"userName": "ada", "title": "Countess"}

    @pytest.mark.parametrize(
        "key", ["emails.value", "name.initial", f"{ENTERPRISE}:badge", "a.b.c", ":", ".", f"{CORE}:schemas"]
    )
    def test_a_path_that_names_no_single_attribute_is_ignored(self, key: str) -> None:
        """A path to a part of many elements, or to nothing, sets nothing."""
        assert parse({"userName": "ada", key: "x"}, Profile.LENIENT) == {"userName": "ada"}
