"""Reading a body as JSON (RFC 7644 §3.8, RFC 8259)."""

import contextlib

import pytest

from musterbook.scim.errors import InvalidSyntaxError, InvalidValueError
from musterbook.scim.payload import BYTES_PER_MARK, MAX_DEPTH, SMALL_BODY_BYTES, decode_json_object
from tests.timing import processor_seconds

MIB = 2**20


@pytest.mark.parametrize(
    "body, document",
    [
        (b"{}", {}),
        (b' {"a" : 1 , "b": [true, null, 1.5, -0.0, "x"]}\r\n', {"a": 1, "b": [True, None, 1.5, -0.0, "x"]}),
        ('{"näme": "☃"}'.encode(), {"näme": "☃"}),
        (rb'{"a": "\ud83d\ude00 \" \\ \/ \n"}', {"a": '😀 " \\ / \n'}),
        (rb'{"a": "\\ud800 \\u0000"}', {"a": r"\ud800 \u0000"}),
        (rb'{"a": "\":", "b": ":", "c": "\" :"}', {"a": '":', "b": ":", "c": '" :'}),
        (b'{"a": {"b": 1}, "c": {"b": 1, "a": 2}}', {"a": {"b": 1}, "c": {"b": 1, "a": 2}}),
        (b'{"a": 12345678901234567890123}', {"a": 12345678901234567890123}),
    ],
)
def test_an_object_in_utf_8_is_read_as_it_is(body: bytes, document: dict[str, object]) -> None:
    """A JSON object in UTF-8 is read whole, with its escapes resolved once."""
    assert decode_json_object(body) == document


@pytest.mark.parametrize(
    "body, detail",
    [
        (b"", "The body is empty; send a JSON object."),
        (b" \n", "The body is empty; send a JSON object."),
        (b"\xef\xbb\xbf{}", "The body begins with a byte order mark; send UTF-8 without one."),
        (b'{"a": "\xff"}', "The body must be encoded in UTF-8."),
        (b'{"a": "\xed\xa0\x80"}', "The body must be encoded in UTF-8."),
        ('{"a": 1}'.encode("utf-16"), "The body is not JSON: invalid character (byte 0)."),
        (b"[]", "The body must be a JSON object."),
        (b"null", "The body must be a JSON object."),
        (b'"text"', "The body must be a JSON object."),
        (b"{} {}", "The body is not JSON: trailing characters (byte 4)."),
        (b'{"a": 1,}', "The body is not JSON: trailing comma in object (byte 8)."),
        (b"{'a': 1}", "The body is not JSON: object keys must be strings (byte 1)."),
        (b'{"a": 1', "The body is not JSON: input data was truncated."),
        (b'{"a": NaN}', "The body is not JSON: invalid character (byte 6)."),
        (b'{"a": -Infinity}', "The body is not JSON: invalid character (byte 7)."),
        (b'{"a": 1e999}', "A number in the body is out of range."),
        pytest.param(b'{"a":' + b"9" * MIB + b"}", "A number in the body is out of range.", id="a million digits"),
        (b'{"a": "\x00"}', "The body is not JSON: invalid character (byte 7)."),
        (rb'{"a": "\\ud800 \x"}', "The body is not JSON: invalid escape character in string (byte 17)."),
    ],
)
def test_what_is_not_a_json_object_is_refused(body: bytes, detail: str) -> None:
    """What is not one JSON object in UTF-8 is 400 invalidSyntax, with the place where it goes wrong."""
    with pytest.raises(InvalidSyntaxError) as refusal:
        decode_json_object(body)
    assert refusal.value.detail == detail


@pytest.mark.parametrize(
    "body, detail",
    [
        (rb'{"a": "x\u0000"}', "A string holds the character NUL (\\u0000), which cannot be stored; leave it out."),
        (rb'{"a\u0000": 1}', "A string holds the character NUL (\\u0000), which cannot be stored; leave it out."),
        (rb'{"a": "\\\u0000"}', "A string holds the character NUL (\\u0000), which cannot be stored; leave it out."),
        (rb'{"a": "\ud800"}', "A string holds half a surrogate pair (\\ud800 to \\udfff alone)."),
        (rb'{"a": "\uDFFF"}', "A string holds half a surrogate pair (\\ud800 to \\udfff alone)."),
        (rb'{"a": "\ud83d\ude00\ud83d x"}', "A string holds half a surrogate pair (\\ud800 to \\udfff alone)."),
        (rb'{"\udc00": 1}', "A string holds half a surrogate pair (\\ud800 to \\udfff alone)."),
    ],
)
def test_strings_that_cannot_be_stored_are_refused(body: bytes, detail: str) -> None:
    """NUL and half a surrogate pair in a string are 400 invalidValue."""
    with pytest.raises(InvalidValueError) as refusal:
        decode_json_object(body)
    assert refusal.value.detail == detail


@pytest.mark.parametrize("opening, closing", [(b'{"a":', b"}"), (b"[", b"]")])
def test_nesting_is_bounded(opening: bytes, closing: bytes) -> None:
    """Objects and arrays may stand 32 deep in each other, the outermost counted, and no deeper."""

    def nested(depth: int) -> bytes:
        return b'{"a":' + opening * (depth - 1) + b"1" + closing * (depth - 1) + b"}"

    assert len(decode_json_object(nested(MAX_DEPTH))) == 1
    with pytest.raises(InvalidSyntaxError) as refusal:
        decode_json_object(nested(MAX_DEPTH + 1))
    assert refusal.value.detail == "The body nests objects and arrays more than 32 deep."


def test_nesting_beyond_the_interpreter_is_refused_the_same_way() -> None:
    """Nesting so deep that the decoder gives up is refused like any other."""
    with pytest.raises(InvalidSyntaxError) as refusal:
        decode_json_object(b"[" * (SMALL_BODY_BYTES - 1))
    assert refusal.value.detail == "The body nests objects and arrays more than 32 deep."


@pytest.mark.parametrize(
    "body",
    [
        b'{"active": true, "active": false}',
        b'{"active": true, "Active": false}',
        b'{"active": true, "active" : false}',
        b'{"active": true, "active"\n\t:\r false}',
        rb'{"active": true, "\u0061ctive": false}',
        rb'{"active": true, "active": false, "x": "\":"}',
        rb'{"\"": 1, "active": 1, "active": 1, "x": ":\":"}',
        b'{"x": [{"y": {"active": 1, "active": 1}}]}',
        b'{"x": {"y": 1}, "active": 1, "active": 1}',
        b'{"x": [{"y": {"active": 1, "ACTIVE": 1}}]}',
    ],
)
def test_a_name_stands_once_in_an_object(body: bytes) -> None:
    """Two names of one object that are equal, or equal except for case, are 400 invalidSyntax that names the second."""
    with pytest.raises(InvalidSyntaxError) as refusal:
        decode_json_object(body)
    assert refusal.value.detail.lower() == "an object names 'active' twice, in this or another case; send it once."


def test_a_repeated_name_in_a_long_body_is_refused_without_being_named() -> None:
    """In a body of more than 64 KiB a repeated name is refused all the same."""
    with pytest.raises(InvalidSyntaxError) as refusal:
        decode_json_object(b'{"a": 1, "a": 2, "b": "' + b"x" * SMALL_BODY_BYTES + b'"}')
    assert refusal.value.detail == "An object names the same attribute twice; send it once."


def test_the_member_list_of_a_large_group_is_not_too_dense() -> None:
    """A group's members, ids alone and without a space, are far from what is refused as too dense."""
    member = b'{"value":"018f3a5e-7c1a-7b43-9d3f-5a0c2f1e4b6d"}'
    document = decode_json_object(b'{"members":[' + b",".join([member] * 20_000) + b"]}")
    assert len(document["members"]) == 20_000


def test_many_short_operations_are_not_too_dense() -> None:
    """A bulk request for a thousand people with short values, none with ``schemas``, is one that clients send."""
    operation = (
        b'{"method":"POST","path":"/Users","bulkId":"%d","data":{"userName":"u%d","name":{"givenName":"A",'
        b'"familyName":"B"},"active":true,"emails":[{"value":"u%d@x.io","type":"work"}],"title":"T"}}'
    )
    body = b'{"Operations":[' + b",".join(operation % (n, n, n) for n in range(1000)) + b"]}"
    assert len(decode_json_object(body)["Operations"]) == 1000


def _filled(opening: bytes, unit: bytes, closing: bytes) -> bytes:
    """Return a body of one mebibyte made of a repeated unit."""
    return opening + b",".join([unit] * ((MIB - len(opening) - len(closing)) // (len(unit) + 1))) + closing


_HOSTILE = {
    "brackets": b"[" * 100_000 + b"]" * 100_000,
    "empty arrays": _filled(b'{"a":[', b"[]", b"]}"),
    "empty objects": _filled(b'{"a":[', b"{}", b"]}"),
    "arrays as dense as allowed": _filled(b'{"a":[', b'["' + b"x" * (BYTES_PER_MARK - 4) + b'"]', b"]}"),
    "towers": _filled(b'{"a":[', b"[" * 30 + b'"' + b"x" * (30 * (BYTES_PER_MARK - 2)) + b'"' + b"]" * 30, b"]}"),
    "names": b"{" + b",".join(b'"%x":1' % number for number in range(100_000)) + b"}",
    "names as dense as allowed": b"{" + b",".join(b'"%x":"12345"' % n for n in range(60_000)) + b"}",
    "names and a string that looks like one": b'{"x":"\\":",'
    + b",".join(b'"%x":"12345"' % number for number in range(60_000))
    + b"}",
    "the same name": _filled(b"{", b'"a":"123456789abcde"', b"}"),
    "names of two cases": b"{" + b",".join(b'"Abcdefgh%x":"1234567"' % n for n in range(40_000)) + b',"ABCDEFGH0":1}',
    "strings": _filled(b'{"a":[', b'""', b"]}"),
    "integers": _filled(b'{"a":[', b"1", b"]}"),
    "long integers": _filled(b'{"a":[', b"9" * 4_000, b"]}"),
    "a number of a million digits": b'{"a":' + b"9" * MIB + b"}",
    "fractions": _filled(b'{"a":[', b"0.1234567890123456789e-300", b"]}"),
    "backslashes before NUL": b'{"a":"' + b"\\\\" * (MIB // 2) + b'\\u0000"}',
    "what looks like NUL": b'{"a":"' + b"\\\\u0000" * (MIB // 7) + b'"}',
    "pairs before half a pair": b'{"a":"' + b"\\ud83d\\ude00" * (MIB // 12) + b'\\ud800"}',
    "white space": b'{"a"' + b" " * MIB + b":1}",
    "no UTF-8": b"\xff" * MIB,
    "an open string": b'{"a":"' + b"x" * MIB,
}


@pytest.mark.parametrize("body", _HOSTILE.values(), ids=_HOSTILE.keys())
def test_a_hostile_mebibyte_is_judged_quickly(body: bytes) -> None:
    """No body of one mebibyte takes longer than in proportion to its length, whatever it is made of.

    Each took at most 35 ms of processor time where this was measured; the bound leaves five times that.
    """
    assert processor_seconds(lambda: _judge(body)) < 0.175


def _judge(body: bytes) -> None:
    with contextlib.suppress(InvalidSyntaxError, InvalidValueError):
        decode_json_object(body)
