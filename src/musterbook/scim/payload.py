"""*From bytes to JSON.* Decides whether a body is a JSON object that may be looked at (RFC 7644 §3.8, RFC 8259).

Knows nothing of schemas or SCIM messages, and trusts nothing but the body's length, which its reader has limited.
Every refusal takes time in proportion to the length. Two rules go beyond the grammar of JSON:

* A name stands once in an object, whatever its case: attribute names are compared regardless of case (RFC 7643 §2.1),
  and "the last one wins" would let two readers of one body see two different people.
* No string holds NUL or half a surrogate pair: databases refuse the first, UTF-8 cannot write the second.
"""

import json
import math
import re
from collections.abc import Iterable
from typing import NoReturn

import msgspec

from musterbook.scim.errors import InvalidSyntaxError, InvalidValueError
from musterbook.scim.resource import Json

MAX_DEPTH = 32
"""Objects and arrays within each other, the outermost counted. The deepest SCIM message, a Bulk PATCH, has eight."""

SMALL_BODY_BYTES = 65_536
BYTES_PER_MARK = 14
"""A body that is not small has at most one comma, and at most one opening bracket, in so many bytes. One of nothing but
``[],[],`` costs the decoder and its garbage collector a hundred times what its length lets expect. Members of a group
have one bracket in 49 bytes and one comma in 30; the most packed of what clients send, a bulk request for people with
short values and without "schemas", has one comma in 18."""

_CONTAINERS = (dict, list)
_UTF8_BOM = b"\xef\xbb\xbf"
_WHITESPACE = b" \t\n\r"


def _parse_float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(text)
    return value


# The decoder's own way with a number of many digits takes ten times as long.
_DECODER = msgspec.json.Decoder(float_hook=_parse_float)

# The three patterns are possessive throughout (`*+`, `++`): they never go back, so they take linear time. A string that
# is not closed goes to the end, or the search for it would begin anew at each quotation mark.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.?)*+"?', re.DOTALL)
_NUL = re.compile(rb"(?:[^\\]++|\\[^u]|\\u(?!0000))*+\\u0000")
_LONE_SURROGATE = re.compile(
    rb"(?:[^\\]++|\\[^u]|\\u(?![dD][89a-fA-F])|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F])*+\\u[dD][89a-fA-F]"
)


def decode_json_object(body: bytes) -> dict[str, Json]:
    """Return the JSON object that ``body`` holds.

    Raises:
        InvalidSyntaxError: not UTF-8, not JSON, not an object, nested too deeply, or a name repeated in an object.
        InvalidValueError: a string holds NUL or half a surrogate pair.
    """
    if len(body) > SMALL_BODY_BYTES:
        _check_density(body)
    try:
        document = _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        _refuse(body, error)
    if not isinstance(document, dict):
        raise InvalidSyntaxError("The body must be a JSON object.")
    names = _count_names(document)
    if b"\\u0000" in body and _NUL.match(body):
        raise InvalidValueError("A string holds the character NUL (\\u0000), which cannot be stored; leave it out.")
    # Without its white space, the body has at least one `":` for each name that was sent. Where it has no more than
    # the decoder kept, none was sent twice.
    if body.translate(None, _WHITESPACE).count(b'":') != names:
        _check_no_name_was_lost(body, names)
    return document


def _check_density(body: bytes) -> None:
    marks = max(body.count(b"{") + body.count(b"["), body.count(b","))
    if marks * BYTES_PER_MARK > len(body):
        raise InvalidSyntaxError("The body holds more brackets or commas than a SCIM message of its length can need.")


def _refuse(body: bytes, error: Exception) -> NoReturn:
    if isinstance(error, UnicodeDecodeError):
        raise InvalidSyntaxError("The body must be encoded in UTF-8.") from None
    if isinstance(error, RecursionError):
        raise _too_deep() from None
    if isinstance(error, msgspec.ValidationError):
        raise InvalidSyntaxError("A number in the body is out of range.") from None
    if body.startswith(_UTF8_BOM):
        raise InvalidSyntaxError("The body begins with a byte order mark; send UTF-8 without one.") from None
    if not body.strip(_WHITESPACE):
        raise InvalidSyntaxError("The body is empty; send a JSON object.") from None
    if _LONE_SURROGATE.match(body):
        raise InvalidValueError("A string holds half a surrogate pair (\\ud800 to \\udfff alone).") from None
    found = str(error).removeprefix("JSON is malformed: ")
    raise InvalidSyntaxError(f"The body is not JSON: {found[0].lower()}{found[1:]}.") from None


def _count_names(document: dict[str, Json]) -> int:
    """Return how many names the objects of ``document`` hold; refuse what is too deep or names that differ by case."""
    count = 0
    level: list[Json] = [document]
    for _ in range(MAX_DEPTH):
        below: list[Json] = []
        for item in level:
            if isinstance(item, dict):
                count += len(item)
                if len(item) > 1 and len(set(map(str.lower, item))) != len(item):
                    _refuse_repetition(item)
                below += [value for value in item.values() if type(value) in _CONTAINERS]
            else:
                below += [value for value in item if type(value) in _CONTAINERS]
        if not below:
            return count
        level = below
    raise _too_deep()


def _check_no_name_was_lost(body: bytes, names: int) -> None:
    """Refuse a valid body that names something twice in one object, of which the decoder kept the last."""
    # With every string empty, `"":` is a name and nothing else is.
    if _STRING.sub(b'""', body).translate(None, _WHITESPACE).count(b'"":') == names:
        return
    if len(body) <= SMALL_BODY_BYTES:
        # To find the name takes a second, slower decoding.
        json.loads(body, object_pairs_hook=lambda pairs: _refuse_repetition(name for name, _ in pairs))
    raise InvalidSyntaxError("An object names the same attribute twice; send it once.")


def _refuse_repetition(names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name.lower() in seen:
            raise InvalidSyntaxError(f"An object names {name[:100]!r} twice, in this or another case; send it once.")
        seen.add(name.lower())


def _too_deep() -> InvalidSyntaxError:
    return InvalidSyntaxError(f"The body nests objects and arrays more than {MAX_DEPTH} deep.")
