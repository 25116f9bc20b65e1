"""RFC 7644 §3.4.2.2: how a text that is no filter, or too large a one, is refused."""

import json
import statistics

import pytest

from musterbook.scim.dialects import Profile, Tolerance
from musterbook.scim.errors import InvalidFilterError, ScimType
from musterbook.scim.filter import CompareOp, Comparison, render_filter
from musterbook.scim.filter_parser import MAX_FILTER_BYTES, MAX_FILTER_DEPTH, MAX_FILTER_TERMS, parse_filter
from musterbook.scim.path import BoundPath
from musterbook.scim.schema import ResourceType, user_type
from tests.scim.every_type import ship_type
from tests.timing import processor_seconds

USER = user_type()
SHIP = ship_type()
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def refusal(text: str, resource_type: ResourceType = USER, profile: Profile = Profile.RFC) -> str:
    """Return the detail with which ``text`` is refused."""
    with pytest.raises(InvalidFilterError) as caught:
        parse_filter(text, resource_type, Tolerance(profile))
    assert caught.value.status == 400
    assert caught.value.scim_type is ScimType.INVALID_FILTER
    return caught.value.detail


def canonical(text: str) -> str:
    """Return the canonical text of a filter of users."""
    return render_filter(parse_filter(text, USER, Tolerance(Profile.RFC)))


NO_VALUE = "Expected a value after 'eq': a string in double quotes, a number, true, false or null."
OTHERS = "eq, ne, gt, ge, lt, le and pr can."
MALFORMED = {
    "": "The filter is empty. Leave the parameter out to list everything. (column 1)",
    " \t": "The filter is empty. Leave the parameter out to list everything. (column 1)",
    "userName": "Expected an operator after 'userName', one of eq, ne, co, sw, ew, gt, lt, ge, le, pr, but the filter "
    "ends. (column 9)",
    "userName eq": "Expected a value after 'eq', but the filter ends. (column 12)",
    "userName eq )": "Expected a value after 'eq'. (column 13)",
    'userName "x"': "Expected an operator after 'userName', one of eq, ne, co, sw, ew, gt, lt, ge, le, pr. (column 10)",
    'eq "x"': "User has no attribute 'eq'. (column 1)",
    '"userName" eq "x"': "Expected an attribute, 'not' or '('. (column 1)",
    'userName regex "x"': "The operator 'regex' is not supported; use one of eq, ne, co, sw, ew, gt, lt, ge, le, pr. "
    "(column 10)",
    'userName eq "x" userName': "Expected 'and', 'or' or the end of the filter. (column 17)",
    'userName eq "x")': "Expected 'and', 'or' or the end of the filter. (column 16)",
    'userName eq "x" and': "Expected an attribute, 'not' or '(', but the filter ends. (column 20)",
    "and title pr": "User has no attribute 'and'. (column 1)",
    "(title pr": "Expected 'and', 'or' or ')', but the filter ends. (column 10)",
    "()": "Expected an attribute, 'not' or '('. (column 2)",
    "not title pr": "Expected '(' after 'not'. (column 5)",
    "not": "Expected '(' after 'not', but the filter ends. (column 4)",
    "not not (title pr)": "Expected '(' after 'not'. (column 5)",
    "emails[]": "Expected an attribute, 'not' or '('. (column 8)",
    'emails[type eq "work"': "Expected 'and', 'or' or ']', but the filter ends. (column 22)",
    'emails[type eq "work")': "Expected 'and', 'or' or ']'. (column 22)",
    "[title pr]": "Expected an attribute, 'not' or '('. (column 1)",
    "emails[ims[value pr]]": "Brackets cannot stand inside brackets. (column 11)",
    'emails[emails.value eq "x"]': "'emails' has no sub-attribute 'emails.value'; in brackets, sub-attributes stand "
    "alone. (column 8)",
    'userName[value eq "x"]': "'userName' has no sub-attributes that brackets could filter by. (column 1)",
    'schemas[value eq "x"]': "'schemas' has no sub-attributes that brackets could filter by. (column 1)",
    'emails.type[value eq "x"]': "'emails.type' has no sub-attributes that brackets could filter by. (column 1)",
    "nonsense pr": "User has no attribute 'nonsense'. (column 1)",
    "title pr and nonsense pr": "User has no attribute 'nonsense'. (column 14)",
    "emails.nonsense pr": "User has no attribute 'emails.nonsense'. (column 1)",
    "name.familyName.x pr": "'name.familyName.x' is not the name of an attribute. (column 1)",
    "9lives pr": "'9lives' is not the name of an attribute. (column 1)",
    "urn:example:unknown:title pr": "User has no attribute 'urn:example:unknown:title'. (column 1)",
    "urn: pr": "'urn:' is not the name of an attribute. (column 1)",
    f"{ENTERPRISE} pr": f"'{ENTERPRISE}' is a schema; name one of its attributes, or ask for it by schemas eq \"…\". "
    "(column 1)",
    "nicKname pr".replace("K", "\u212a"): "'nic\u212aname' is not the name of an attribute. (column 1)",
    'name eq "x"': "'name' is complex; compare one of its sub-attributes, such as 'name.formatted'. (column 1)",
    'addresses co "x"': "'addresses' is complex; compare one of its sub-attributes, such as 'addresses.formatted'. "
    "(column 1)",
    'meta.location eq "x"': "'meta.location' belongs to the response and cannot be filtered by; use id or "
    "meta.lastModified. (column 1)",
    "meta.version pr": "'meta.version' belongs to the response and cannot be filtered by; use id or meta.lastModified. "
    "(column 1)",
    'meta[version eq "x"]': "'meta.version' belongs to the response and cannot be filtered by; use id or "
    "meta.lastModified. (column 6)",
    "title gt null": "null can be compared by eq and ne alone, not by gt. (column 10)",
    'active gt "x"': "'gt' cannot be used with 'active' of type boolean; eq, ne and pr can. (column 8)",
    "active co true": "'co' cannot be used with 'active' of type boolean; eq, ne and pr can. (column 8)",
    'x509Certificates le "x"': "'le' cannot be used with 'value' of type binary; eq, ne and pr can. (column 18)",
    'meta.created sw "2024"': "'sw' cannot be used with 'created' of type dateTime; eq, ne, gt, ge, lt, le and pr "
    "can. (column 14)",
    "userName eq 5": "'userName' is compared with a string in double quotes. (column 13)",
    "userName eq true": "'userName' is compared with a string in double quotes. (column 13)",
    'active eq "maybe"': "'active' is compared with true or false, without quotation marks. (column 11)",
    "active eq 1": "'active' is compared with true or false, without quotation marks. (column 11)",
    "active eq True": "true, false and null are written in lower case. (column 11)",
    "meta.created gt 5": "'created' is compared with a date and a time with an offset, such as "
    '"2011-05-13T04:42:34Z" (and + written as %2B). (column 17)',
    "userName eq 'x'": "Strings stand in double quotes, not in single ones. (column 13)",
    "userName eq x": f"{NO_VALUE} (column 13)",
    'userName eq "x': "The string that begins here has no closing quotation mark. (column 13)",
    'userName eq "x\\"': "The string that begins here has no closing quotation mark. (column 13)",
    'userName eq "a\\qb"': r"A backslash in a string must begin one of \" \\ \/ \b \f \n \r \t or \u with four hex "
    "digits. (column 15)",
    'userName eq "a\\u12g4"': r"A backslash in a string must begin one of \" \\ \/ \b \f \n \r \t or \u with four hex "
    "digits. (column 15)",
    'userName eq "a\nb"': r"A control character in a string must be written as an escape, such as \n. (column 15)",
    'userName eq "\0"': r"A control character in a string must be written as an escape, such as \n. (column 14)",
    'userName eq "\\u0000"': "The string holds the character NUL, which no value does. (column 13)",
    'userName eq "\\ud800"': "The string holds half of a surrogate pair, which is no character. (column 13)",
    'userName eq "\\ude00\\ud83d"': "The string holds half of a surrogate pair, which is no character. (column 13)",
    'userName eq "\ud800"': "The filter holds half of a surrogate pair, which is no character. (column 14)",
}
"""Filters of users that are refused, in every profile where no dialect takes them."""


@pytest.mark.parametrize("text", MALFORMED, ids=ascii)
def test_a_malformed_filter_is_refused_with_what_to_change_and_where(text: str) -> None:
    """Anything that is not a filter is 400 ``invalidFilter``, and the detail says what is expected at which column."""
    assert refusal(text) == MALFORMED[text]


@pytest.mark.parametrize(
    "text, detail",
    [
        ("crew eq 1.0", "'crew' is compared with a whole number without a fraction or an exponent. (column 9)"),
        ("crew eq 1e3", "'crew' is compared with a whole number without a fraction or an exponent. (column 9)"),
        ("crew eq true", "'crew' is compared with a whole number without a fraction or an exponent. (column 9)"),
        ('crew co "1"', f"'co' cannot be used with 'crew' of type integer; {OTHERS} (column 6)"),
        ("crew gt 9223372036854775808", "The integer does not fit into 64 bits. (column 9)"),
        ("crew gt -9223372036854775809", "The integer does not fit into 64 bits. (column 9)"),
        (f"draught gt {'9' * 10_000}", "The integer does not fit into 64 bits. (column 12)"),
        ("draught gt 1e999", "The number is too large. (column 12)"),
        ("draught gt -1e999", "The number is too large. (column 12)"),
        ('draught gt "1"', "'draught' is compared with a number. (column 12)"),
        ("draught gt false", "'draught' is compared with a number. (column 12)"),
        ("seal eq 1", "'seal' is compared with base64 in double quotes. (column 9)"),
        ("logbook eq 1", "'logbook' is compared with a URI in double quotes. (column 12)"),
        ('password eq "x"', "'password' is never returned and cannot be filtered by. (column 1)"),
        ("password pr", "'password' is never returned and cannot be filtered by. (column 1)"),
        ("orders pr", "'orders' is never returned and cannot be filtered by. (column 1)"),
        ('keys eq "x"', "'value' is never returned and cannot be filtered by. (column 1)"),
        ('holds.code sw "x"', "'code' is never returned and cannot be filtered by. (column 1)"),
        ('holds[tons eq 1 or code sw "x"]', "'code' is never returned and cannot be filtered by. (column 20)"),
        *(
            (f"draught eq {number}", f"{NO_VALUE} (column 12)")
            for number in ("01", "+1", "1.", ".5", "0x10", "1_0", "NaN", "Infinity", "\u0663")
        ),
    ],
    ids=lambda text: text[:40],
)
def test_what_cannot_be_compared_is_refused(text: str, detail: str) -> None:
    """Other types, numbers beyond 64 bits, and attributes that clients may not read are 400 ``invalidFilter``."""
    assert refusal(text, SHIP) == detail


@pytest.mark.parametrize(
    "literal",
    [
        "2024-01-01",
        "2024-01-01T00:00:00",
        "2024-01-01T00:00Z",
        "2024-13-01T00:00:00Z",
        "2024-02-30T00:00:00Z",
        "2024-01-01T25:00:00Z",
        "2024-01-01T24:00:01Z",
        "2024-01-01T00:60:00Z",
        "2024-01-01T00:00:61Z",
        "2024-01-01T00:00:00+14:01",
        "2024-01-01T00:00:00+02",
        "2024-01-01t00:00:00z",
        "0000-01-01T00:00:00Z",
        "12024-01-01T00:00:00Z",
        "2024-01-01T00:00:00.Z",
        "\u0662\u0660\u0662\u0664-01-01T00:00:00Z",
        "2024-01-01T00:00:00Z\n",
        "yesterday",
    ],
    ids=ascii,
)
def test_a_time_that_is_none_is_refused(literal: str) -> None:
    """A dateTime literal is ``xsd:dateTime`` with date, time and offset (RFC 7643 §2.3.5)."""
    expected = (
        "'launched' is compared with a date and a time with an offset, such as \"2011-05-13T04:42:34Z\" "
        "(and + written as %2B). (column 13)"
    )
    assert refusal(f"launched gt {json.dumps(literal)}", SHIP, Profile.LENIENT) == expected


def test_long_names_are_not_repeated_whole() -> None:
    """An error repeats the beginning of a name that the client made up, not kilobytes of it."""
    assert refusal(f"{'x' * 5000} pr") == f"'{'x' * 100}…' is not the name of an attribute. (column 1)"


@pytest.mark.parametrize(
    "text",
    [
        'active eq "secret"',
        "active eq secret",
        "userName eq secret",
        "userName eq 'secret'",
        'userName "secret"',
        'userName eq "x" "secret"',
        'userName eq "x" secret',
        'userName eq "secret',
        'userName eq "secret\\q"',
        'meta.created gt "secret"',
    ],
)
def test_an_error_does_not_repeat_values(text: str) -> None:
    """Values are personal data, and details reach logs; no detail repeats one."""
    assert "secret" not in refusal(text)


class TestLimits:
    """A filter's cost is bounded before and while it is parsed."""

    def test_sixteen_kibibytes_are_taken_and_one_byte_more_is_not(self) -> None:
        """The limit counts bytes of UTF-8, before anything is parsed."""
        assert MAX_FILTER_BYTES == 16 * 1024
        room = MAX_FILTER_BYTES - len('userName eq ""')
        too_long = "The filter is longer than 16384 bytes; ask for fewer things at a time."
        for character in ("x", "é", "\U0001f600"):
            fitting = character * (room // len(character.encode()))
            filling = "x" * (room - len(fitting.encode()))
            parsed = parse_filter(f'userName eq "{fitting}{filling}"', USER, Tolerance())
            assert parsed == Comparison(BoundPath(None, USER.attribute("userName")), CompareOp.EQ, fitting + filling)
            assert refusal(f'userName eq "{fitting}{filling}x"') == too_long

    def test_thirty_two_parentheses_are_taken_and_one_more_is_not(self) -> None:
        """Depth is the number of open parentheses and brackets."""
        assert canonical(f"{'(' * MAX_FILTER_DEPTH}title pr{')' * MAX_FILTER_DEPTH}") == "title pr"
        inner = 'emails[type eq "work"]'
        depth = MAX_FILTER_DEPTH - 1
        assert canonical(f"{'(' * depth}{inner}{')' * depth}") == inner
        too_deep = "The filter opens more than 32 parentheses and brackets inside one another. (column 33)"
        assert refusal(f"{'(' * 33}title pr{')' * 33}") == too_deep

    def test_depth_is_counted_where_it_is_open(self) -> None:
        """Parentheses beside each other do not add up."""
        text = " and ".join(["((title pr))"] * 50)
        assert canonical(text) == " and ".join(["title pr"] * 50)

    def test_a_hundred_comparisons_are_taken_and_one_more_is_not(self) -> None:
        """Terms are counted wherever they stand, in brackets, too."""
        assert MAX_FILTER_TERMS == 100
        hundred = " or ".join(["title pr"] * 98 + ["emails[type pr and value pr]"])
        assert canonical(hundred) == hundred
        too_many = f"The filter holds more than 100 comparisons. (column {len(hundred) + 5})"
        assert refusal(f"{hundred} or id pr") == too_many

    @pytest.mark.parametrize(
        "text",
        [
            "(" * 1_000 + "title pr" + ")" * 1_000,
            "not (" * 1_000,
            "emails[" * 1_000,
            " or ".join(["title pr"] * 10_000),
            " or ".join(["id pr"] * 1_800),
            "x" * MAX_FILTER_BYTES,
            "x" * (MAX_FILTER_BYTES + 1),
            "é" * 1_000_000,
            " " * MAX_FILTER_BYTES,
            'userName eq "' + "x" * (MAX_FILTER_BYTES - 13),
            'userName eq "' + "\\" * (MAX_FILTER_BYTES - 13),
            'userName eq "' + "\\u0041" * 2_700,
            "draught eq " + "1" * (MAX_FILTER_BYTES - 11),
            "draught eq 1." + "1" * (MAX_FILTER_BYTES - 13) + "x",
            "urn:" + "a:" * 8_000 + " pr",
            "a." * 8_000 + " pr",
            '"' * MAX_FILTER_BYTES,
            'name eq "x"' * 1_400,
        ],
        ids=lambda text: f"{text[:16]}… {len(text)}",
    )
    def test_no_filter_costs_more_than_twenty_milliseconds(self, text: str) -> None:
        """Deep, long, repeated and malicious filters are refused at once: nothing grows faster than the text."""
        assert processor_seconds(lambda: refusal(text, SHIP, Profile.LENIENT), choose=statistics.median) < 0.02
