"""*The words of a filter.* Decides where each token of a filter begins and ends, and what its literals mean.

Knows no grammar, schema or resource. The literals are those of JSON (RFC 7644 §3.4.2.2, ``compValue``; RFC 8259 §6,
§7), nothing more: strings in double quotes, numbers, ``true``, ``false`` and ``null`` in lower case. Every pattern here
is possessive, so reading takes time in proportion to the text, whatever the text.
"""

import json
import re
from enum import Enum
from typing import Final, NamedTuple

from musterbook.scim.errors import InvalidFilterError

MAX_FILTER_BYTES: Final = 16 * 1024
"""Of UTF-8. The longest filters of real clients are a few hundred bytes."""


class TokenKind(Enum):
    """What a token is, as far as it shows without the grammar."""

    WORD = "word"
    """An attribute path, an operator, a connective, or a literal that is not a string."""
    STRING = "string"
    OPEN = "("
    CLOSE = ")"
    OPEN_BRACKET = "["
    CLOSE_BRACKET = "]"
    END = "end"


class Token(NamedTuple):
    """A piece of a filter's text."""

    kind: TokenKind
    text: str
    start: int
    """Index of the first character."""
    end: int
    """Index after the last character."""


_STRING_CHARACTERS = r'[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})[^"\\\x00-\x1f]*+)*+'
_TOKEN = re.compile(
    rf"""[ \t\r\n]*+(?:
        (?P<WORD>[^ \t\r\n()\[\]"]++)
      | (?P<STRING>"{_STRING_CHARACTERS}")
      | (?P<MARK>[()\[\]])
      | (?P<END>\Z)
    )""",
    re.VERBOSE,
)
_STRING_BEGINNING = re.compile(_STRING_CHARACTERS)
_NUMBER = re.compile(r"(?P<integer>-?(?:0|[1-9][0-9]*+))(?P<rest>(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?)\Z", re.ASCII)

_KINDS = {kind.name: kind for kind in TokenKind}
_MARKS = {kind.value: kind for kind in TokenKind}

_MAX_INTEGER = 2**63 - 1
_MIN_INTEGER = -(2**63)
_MAX_INTEGER_LENGTH = len(str(_MIN_INTEGER))

JSON_LITERALS: Final = {"true": True, "false": False, "null": None}


def check_text(text: str) -> None:
    """Refuse a text that is too long or cannot be encoded, before anything else looks at it.

    Raises:
        InvalidFilterError: over :data:`MAX_FILTER_BYTES`, or it holds a lone surrogate.
    """
    length = len(text)
    if length <= MAX_FILTER_BYTES and not text.isascii():
        try:
            length = len(text.encode())
        except UnicodeEncodeError as error:
            message = "The filter holds half of a surrogate pair, which is no character."
            raise InvalidFilterError(message, column=error.start + 1) from None
    if length > MAX_FILTER_BYTES:
        raise InvalidFilterError(f"The filter is longer than {MAX_FILTER_BYTES} bytes; ask for fewer things at a time.")


def read_token(text: str, position: int) -> Token:
    """Return the token at ``position``; white space before it is skipped.

    Raises:
        InvalidFilterError: a string that is not one of JSON.
    """
    found = _TOKEN.match(text, position)
    if found is None:
        raise _malformed_string(text, position)
    group = found.lastgroup or ""
    start, end = found.span(group)
    piece = text[start:end]
    return Token(_MARKS[piece] if group == "MARK" else _KINDS[group], piece, start, end)


def _malformed_string(text: str, position: int) -> InvalidFilterError:
    """Return the error for the one thing that no token matches: a quotation mark that opens no good string."""
    start = text.index('"', position)
    found = _STRING_BEGINNING.match(text, start + 1)
    assert found is not None  # it may be empty
    stop = found.end()
    if stop == len(text):
        return InvalidFilterError("The string that begins here has no closing quotation mark.", column=start + 1)
    if text[stop] == "\\":
        message = r"A backslash in a string must begin one of \" \\ \/ \b \f \n \r \t or \u with four hex digits."
    else:
        message = r"A control character in a string must be written as an escape, such as \n."
    return InvalidFilterError(message, column=stop + 1)


def string_value(token: Token) -> str:
    """Return the characters that a string token stands for.

    Raises:
        InvalidFilterError: an escape stands for NUL or for half of a surrogate pair.
    """
    if "\\" not in token.text:
        return token.text[1:-1]
    value: str = json.loads(token.text)
    try:
        value.encode()
    except UnicodeEncodeError:
        message = "The string holds half of a surrogate pair, which is no character."
        raise InvalidFilterError(message, column=token.start + 1) from None
    if "\0" in value:
        raise InvalidFilterError("The string holds the character NUL, which no value does.", column=token.start + 1)
    return value


def number_value(token: Token) -> int | float | None:
    """Return the number that a word stands for, or ``None`` if it is not a number of JSON.

    Raises:
        InvalidFilterError: an integer that does not fit into 64 bits, or a number beyond what a double holds.
    """
    found = _NUMBER.match(token.text)
    if found is None:
        return None
    if found["rest"]:
        number = float(token.text)
        if number in {float("inf"), float("-inf")}:
            raise InvalidFilterError("The number is too large.", column=token.start + 1)
        return number
    # The digits are counted first: Python refuses to read thousands of them, and nobody should wait for it to.
    if len(token.text) <= _MAX_INTEGER_LENGTH:
        integer = int(token.text)
        if _MIN_INTEGER <= integer <= _MAX_INTEGER:
            return integer
    raise InvalidFilterError("The integer does not fit into 64 bits.", column=token.start + 1)
