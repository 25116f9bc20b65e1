"""Checking one value by its attribute (RFC 7643 §2.3, §2.4, §2.5)."""

import pytest

from musterbook.scim.dialects import Profile, Tolerance
from musterbook.scim.errors import InvalidSyntaxError, InvalidValueError
from musterbook.scim.resource import Json
from musterbook.scim.schema import Attribute, AttributeType, Mutability, make_schema, user_type
from musterbook.scim.values import MAX_INTEGER, MIN_INTEGER, parse_element, parse_value

STRING = Attribute("nickname", AttributeType.STRING)
BOOLEAN = Attribute("active", AttributeType.BOOLEAN)
INTEGER = Attribute("floor", AttributeType.INTEGER)
DECIMAL = Attribute("share", AttributeType.DECIMAL)
DATE_TIME = Attribute("hired", AttributeType.DATE_TIME)
BINARY = Attribute("key", AttributeType.BINARY, case_exact=True)
REFERENCE = Attribute("profileUrl", AttributeType.REFERENCE, case_exact=True)
WORDS = Attribute("words", AttributeType.STRING, multi_valued=True)
NUMBERS = Attribute("numbers", AttributeType.INTEGER, multi_valued=True)


def user_attribute(name: str) -> Attribute:
    """Return an attribute of the User schema or of its extension."""
    user = user_type()
    found = user.attribute(name) or user.extensions[0].schema.attribute(name)
    assert found is not None
    return found


def parse(attribute: Attribute, value: Json, profile: Profile = Profile.LENIENT) -> Json:
    """Return the value that ``attribute`` holds where ``value`` was sent."""
    return parse_value(attribute, value, attribute.name, Tolerance(profile))


class TestTypes:
    """RFC 7643 §2.3: a value has the JSON type, and the form, that its attribute's type asks for."""

    @pytest.mark.parametrize(
        "attribute, value",
        [
            (STRING, "Ada"),
            (STRING, "  kept as sent "),
            (BOOLEAN, True),
            (BOOLEAN, False),
            (INTEGER, 0),
            (INTEGER, MAX_INTEGER),
            (INTEGER, MIN_INTEGER),
            (DECIMAL, 1.5),
            (DECIMAL, -3),
            (BINARY, "AQID"),
            (BINARY, "AQ=="),
            (BINARY, "AQ"),
            (REFERENCE, "https://example.com/Users/1"),
            (REFERENCE, "../Users/1"),
        ],
    )
    @pytest.mark.parametrize("profile", list(Profile))
    def test_a_value_of_the_right_type_is_kept(self, attribute: Attribute, value: Json, profile: Profile) -> None:
        """A value of its attribute's type is taken as it is, in every profile."""
        parsed = parse(attribute, value, profile)
        assert (parsed, type(parsed)) == (value, type(value))

    @pytest.mark.parametrize(
        "attribute, value, detail",
        [
            (STRING, 1, "nickname must be a string, not a number."),
            (STRING, True, "nickname must be a string, not a boolean."),
            (STRING, {"a": 1}, "nickname must be a string, not an object."),
            (STRING, ["x"], "nickname must be a string, not an array."),
            (BOOLEAN, 1, "active must be true or false, without quotation marks, not a number."),
            (BOOLEAN, "yes", "active must be true or false, without quotation marks, not a string."),
            (INTEGER, 1.0, "floor must be a whole number without a fraction or an exponent, not a number."),
            (INTEGER, True, "floor must be a whole number without a fraction or an exponent, not a boolean."),
            (INTEGER, "1", "floor must be a whole number without a fraction or an exponent, not a string."),
            (INTEGER, MAX_INTEGER + 1, "floor must fit into 64 bits."),
            (INTEGER, MIN_INTEGER - 1, "floor must fit into 64 bits."),
            (DECIMAL, "1.5", "share must be a number, not a string."),
            (DECIMAL, False, "share must be a number, not a boolean."),
            (DECIMAL, MAX_INTEGER + 1, "share must fit into 64 bits."),
            (BINARY, 1, "key must be a string of base64, not a number."),
            (BINARY, "A", "key must be base64 as in RFC 4648 §4, without line breaks."),
            (BINARY, "AQ\nID", "key must be base64 as in RFC 4648 §4, without line breaks."),
            (BINARY, "AQ=ID", "key must be base64 as in RFC 4648 §4, without line breaks."),
            (BINARY, "ä", "key must be base64 as in RFC 4648 §4, without line breaks."),
            (REFERENCE, {}, "profileUrl must be a string with a URI, not an object."),
            (WORDS, {"a": "x"}, "words must be a string, not an object."),
        ],
    )
    def test_a_value_of_another_type_is_refused(self, attribute: Attribute, value: Json, detail: str) -> None:
        """A value of another type is 400 invalidValue that says where it stands and what is due."""
        with pytest.raises(InvalidValueError) as refusal:
            parse(attribute, value)
        assert refusal.value.detail == detail

    @pytest.mark.parametrize(
        "sent, kept",
        [
            ("2011-05-13T04:42:34Z", "2011-05-13T04:42:34Z"),
            ("2011-05-13T04:42:34.120Z", "2011-05-13T04:42:34.120Z"),
            ("2011-05-13T04:42:34.123456789Z", "2011-05-13T04:42:34.123456789Z"),
            ("2011-05-13T04:42:34", "2011-05-13T04:42:34Z"),
            ("2011-05-13T04:42:34+02:00", "2011-05-13T02:42:34Z"),
            ("2011-01-01T00:30:00.5+05:30", "2010-12-31T19:00:00.5Z"),
            ("2011-05-13T04:42:34-00:00", "2011-05-13T04:42:34Z"),
            ("2011-12-31T24:00:00Z", "2012-01-01T00:00:00Z"),
            ("2011-12-31T24:00:00.00Z", "2012-01-01T00:00:00.00Z"),
            ("0999-01-01T00:00:00+14:00", "0998-12-31T10:00:00Z"),
        ],
    )
    def test_a_time_is_kept_in_utc(self, sent: str, kept: str) -> None:
        """RFC 7643 §2.3.5: xsd:dateTime; an offset is resolved and the fraction stays as it was sent."""
        assert parse(DATE_TIME, sent) == kept
        assert parse(DATE_TIME, kept) == kept

    @pytest.mark.parametrize(
        "sent",
        [
            "2024-01-01",
            "2024-02-30T00:00:00Z",
            "2024-01-01T24:00:01Z",
            "2024-01-01T24:00:00.5Z",
            "2024-01-01T25:00:00Z",
            "2024-01-01T00:00:60Z",
            "2024-01-01T00:00:00+15:00",
            "2024-01-01T00:00:00+14:30",
            "2024-01-01T00:00Z",
            "2024-01-01 00:00:00Z",
            "2024-01-01T00:00:00z",
            "2024-01-01T00:00:00.Z",
            "0000-01-01T00:00:00Z",
            "0001-01-01T00:00:00+01:00",
            "9999-12-31T24:00:00Z",
            "-2024-01-01T00:00:00Z",
            "٢٠٢٤-01-01T00:00:00Z",
            "2024-01-01T00:00:00Z\n",
            "2024-01-01T00:00:00." + "1" * 33 + "Z",
            1704067200,
        ],
    )
    def test_what_is_not_a_time_is_refused(self, sent: Json) -> None:
        """A date alone, a day that does not exist, or a year outside 0001 to 9999 is 400 invalidValue."""
        with pytest.raises(InvalidValueError) as refusal:
            parse(DATE_TIME, sent)
        assert refusal.value.detail == "hired must be a date and a time such as 2011-05-13T04:42:34Z."


class TestUnassigned:
    """RFC 7643 §2.5: null, an empty array and absence are one state."""

    @pytest.mark.parametrize("value", [None, []])
    @pytest.mark.parametrize("profile", list(Profile))
    @pytest.mark.parametrize("name", ["displayName", "active", "name", "emails", "profileUrl", "manager"])
    def test_null_and_an_empty_array_mean_unassigned(self, name: str, profile: Profile, value: Json) -> None:
        """Null and [] unassign any attribute, in every profile."""
        assert parse(user_attribute(name), value, profile) is None

    @pytest.mark.parametrize(
        "name, value",
        [
            ("name", {}),
            ("name", {"givenName": None, "familyName": []}),
            ("emails", [None]),
            ("emails", [{}, {"value": None}]),
            ("manager", {"value": None, "$ref": None}),
        ],
    )
    @pytest.mark.parametrize("profile", list(Profile))
    def test_an_object_with_nothing_in_it_means_unassigned(self, name: str, profile: Profile, value: Json) -> None:
        """An object of which nothing is left is unassigned too, so that nothing empty is ever stored."""
        assert parse(user_attribute(name), value, profile) is None

    @pytest.mark.parametrize("value", ["", " ", "\t\u00a0"])
    @pytest.mark.parametrize("profile", list(Profile))
    def test_a_required_string_must_not_be_blank(self, profile: Profile, value: str) -> None:
        """A blank userName is 400 invalidValue in every profile."""
        with pytest.raises(InvalidValueError) as refusal:
            parse(user_attribute("userName"), value, profile)
        assert refusal.value.detail == "userName must not be blank."


class TestComplex:
    """RFC 7643 §2.3.8, §2.1: sub-attributes are named in any case and in any order."""

    def test_sub_attributes_get_the_spelling_and_order_of_the_schema(self) -> None:
        """Names in any case come out as the schema spells and orders them."""
        parsed = parse(user_attribute("name"), {"FAMILYNAME": "Lovelace", "GivenName": "Ada", "formatted": "Ada L."})
        assert list(parsed.items()) == [("formatted", "Ada L."), ("familyName", "Lovelace"), ("givenName", "Ada")]

    def test_read_only_sub_attributes_are_left_out(self) -> None:
        """What is read-only is left out without a word (RFC 7644 §3.3)."""
        tolerance = Tolerance(Profile.INTEROP_STRICT)
        parsed = parse_value(user_attribute("manager"), {"value": "1", "displayName": "Bob"}, "manager", tolerance)
        assert (parsed, tolerance.ignored) == ({"value": "1"}, [])

    def test_unknown_sub_attributes_are_left_out_and_noted(self) -> None:
        """What no schema defines is left out, and its path is noted unless it is null."""
        tolerance = Tolerance()
        sent = [{"value": "a@example.com", "verified": True}, {"value": "b@example.com", "verified": None}]
        parsed = parse_value(user_attribute("emails"), sent, "emails", tolerance)
        assert (parsed, tolerance.ignored) == (
            [{"value": "a@example.com"}, {"value": "b@example.com"}],
            ["emails[0].verified"],
        )

    def test_the_strict_profile_refuses_unknown_sub_attributes(self) -> None:
        """Under the interoperability profile an unknown sub-attribute is 400 invalidSyntax that names it."""
        with pytest.raises(InvalidSyntaxError) as refusal:
            parse(user_attribute("name"), {"given_name": "Ada"}, Profile.INTEROP_STRICT)
        assert refusal.value.detail == "name.given_name is not an attribute that this server knows; leave it out."

    def test_a_long_unknown_name_is_not_repeated_whole(self) -> None:
        """A name that the client made up is cut off in the answer."""
        with pytest.raises(InvalidSyntaxError) as refusal:
            parse(user_attribute("name"), {"x" * 1_000: 1}, Profile.INTEROP_STRICT)
        assert len(refusal.value.detail) == 200 + len(" is not an attribute that this server knows; leave it out.")

    def test_a_sub_attribute_has_one_value(self) -> None:
        """A sub-attribute that is named twice with two values is 400 invalidSyntax: no last one wins."""
        assert parse(user_attribute("name"), {"givenName": "Ada", "GIVENNAME": "Ada"}) == {"givenName": "Ada"}
        with pytest.raises(InvalidSyntaxError) as refusal:
            parse(user_attribute("name"), {"givenName": "Ada", "GIVENNAME": "Eve"})
        assert refusal.value.detail == "name.givenName is sent twice, with different values; send it once."

    @pytest.mark.parametrize(
        "name, value, detail",
        [
            ("name", "Ada", "name must be an object, not a string."),
            ("name", [{"givenName": "Ada"}], "name must be an object, not an array."),
            ("emails", [["a@example.com"]], "emails[0] must be an object, not an array."),
            ("emails", [{"value": "a"}, 7], "emails[1] must be an object, not a number."),
            ("emails", [{"value": "a"}, {"value": 7}], "emails[1].value must be a string, not a number."),
            ("emails", 7, "emails must be an array, not a number."),
            ("addresses", ["Main Street"], "addresses[0] must be an object, not a string."),
            ("manager", [{"value": "1"}, {"value": "2"}], "manager must be an object, not an array."),
            ("manager", [["1"]], "manager must be an object, not an array."),
            ("manager", 7, "manager must be an object, not a number."),
            ("name", {"givenName": ["Ada"]}, "name.givenName must be a string, not an array."),
        ],
    )
    def test_errors_name_the_path(self, name: str, value: Json, detail: str) -> None:
        """An error names the path of the value at fault, elements counted from 0, and what is due."""
        with pytest.raises(InvalidValueError) as refusal:
            parse(user_attribute(name), value)
        assert refusal.value.detail == detail


class TestMultiValued:
    """RFC 7643 §2.4."""

    def test_a_pair_of_type_and_value_is_kept_once(self) -> None:
        """Elements with the same type and value, compared as their attributes are, become one that has all of both."""
        parsed = parse(
            user_attribute("emails"),
            [
                {"value": "ada@example.com", "type": "work", "primary": False},
                {"value": "ada@example.com", "type": "home"},
                {"value": "ADA@example.com", "type": "Work", "primary": True, "display": "Ada"},
                {"value": "ada@example.com"},
                {"value": "ada@example.com", "type": "home", "display": "Home"},
            ],
        )
        assert parsed == [
            {"value": "ada@example.com", "display": "Ada", "type": "work", "primary": True},
            {"value": "ada@example.com", "display": "Home", "type": "home"},
            {"value": "ada@example.com"},
        ]
        assert list(parsed[0]) == ["value", "display", "type", "primary"]

    def test_case_counts_where_the_attribute_is_case_exact(self) -> None:
        """Values of a case-exact sub-attribute that differ in case are two values."""
        photos = [{"value": "https://example.com/A"}, {"value": "https://example.com/a"}]
        assert parse(user_attribute("photos"), photos) == photos

    def test_elements_without_a_value_are_all_kept(self) -> None:
        """Addresses have no value that could be compared."""
        addresses = [{"type": "work", "locality": "London"}, {"type": "work", "locality": "Turin"}]
        assert parse(user_attribute("addresses"), addresses) == addresses

    @pytest.mark.parametrize(
        "attribute, sent, kept", [(WORDS, ["b", "a", "b"], ["b", "a"]), (NUMBERS, [0, 1, 0], [0, 1])]
    )
    def test_a_simple_value_is_kept_once(self, attribute: Attribute, sent: Json, kept: Json) -> None:
        """The elements of a simple attribute do not repeat, and keep their order."""
        assert parse(attribute, sent) == kept

    def test_one_element_is_parsed_alone(self) -> None:
        """An element is checked as it would be in its array."""
        emails = user_attribute("emails")
        assert parse_element(emails, {"VALUE": "a@example.com"}, "emails", Tolerance()) == {"value": "a@example.com"}
        assert parse_element(emails, None, "emails", Tolerance()) is None


class TestBounds:
    """Lengths are counted in characters, after the spaces around a name are gone."""

    @pytest.mark.parametrize("name, limit", [("userName", 256), ("externalId", 512)])
    @pytest.mark.parametrize("letter", ["a", "😀"])
    def test_a_string_is_at_most_as_long_as_its_attribute_says(self, name: str, limit: int, letter: str) -> None:
        """A longer string is 400 invalidValue that says the limit and does not repeat the string."""
        assert parse(user_attribute(name), letter * limit) == letter * limit
        with pytest.raises(InvalidValueError) as refusal:
            parse(user_attribute(name), letter * (limit + 1))
        assert refusal.value.detail == f"{name} has {limit + 1} characters; at most {limit} are allowed."

    def test_an_address_is_at_most_512_characters_long(self) -> None:
        """The limit of a sub-attribute holds in every element."""
        with pytest.raises(InvalidValueError) as refusal:
            parse(user_attribute("emails"), [{"value": "a@example.com"}, {"value": "a" * 513}])
        assert refusal.value.detail == "emails[1].value has 513 characters; at most 512 are allowed."

    def test_canonical_values_are_compared_regardless_of_case(self) -> None:
        """RFC 7643 §7: under the strict profile a type is one that the schema lists, in any case, kept as sent."""
        emails = user_attribute("emails")
        sent = [{"value": "a@example.com", "type": "WORK"}]
        assert parse(emails, sent, Profile.INTEROP_STRICT) == sent
        with pytest.raises(InvalidValueError) as refusal:
            parse(emails, [{"value": "a@example.com", "type": "office"}], Profile.INTEROP_STRICT)
        assert refusal.value.detail == "emails[0].type must be one of: work, home, other."


def test_a_schema_of_ones_own_is_checked_by_the_same_rules() -> None:
    """Nothing here knows the User schema: any definition is enough."""
    badge = make_schema(
        "urn:example:Badge",
        "Badge",
        "",
        [
            Attribute("serial", AttributeType.INTEGER),
            Attribute("printed", AttributeType.DATE_TIME, multi_valued=True),
            Attribute("maker", AttributeType.STRING, mutability=Mutability.READ_ONLY),
        ],
    )
    holder = Attribute(
        "badges", AttributeType.COMPLEX, multi_valued=True, sub_attributes=badge.attributes, by_name=badge.by_name
    )
    sent = [{"Serial": 7, "printed": ["2024-01-01T01:00:00+01:00", "2024-01-01T00:00:00Z"], "maker": "x"}]
    assert parse(holder, sent) == [{"serial": 7, "printed": ["2024-01-01T00:00:00Z"]}]
