"""*The grammar of filters.* Parses RFC 7644 §3.4.2.2 filters into the syntax tree of :mod:`musterbook.scim.filter`.

A recursive descent with one token of look-ahead; each production is a method, its grammar in the docstring. Knows
nothing of resources, and leaves to ``filter_tokens`` what a literal is and to ``filter_binding`` what a name means.

The RFC's ``logExp`` is ambiguous as it is written; its order of operations (grouping, ``not``, ``and``, ``or``) is
built in here as::

    FILTER   = andExp *(SP "or" SP andExp)
    andExp   = term *(SP "and" SP term)
    term     = "not" "(" FILTER ")" / "(" FILTER ")" / valuePath / attrExp

Inside a value path the same productions are ``valFilter``: names are then sub-attributes, and no value path may stand
in another. Length, depth and number of comparisons are bounded while reading, so no filter costs more than a few
milliseconds or exhausts the stack.

DEVIATION(RFC 7644 §3.4.2.2): where the grammar has one space, or none beside a bracket or parenthesis, any run of
JSON's white space may stand, because people write filters over several lines and no other meaning is possible.
"""

import re
from typing import Final, NoReturn

from musterbook.scim.dialects import Tolerance
from musterbook.scim.errors import InvalidFilterError
from musterbook.scim.filter import (
    CompareOp,
    Comparison,
    CompValue,
    Conjunction,
    Disjunction,
    Filter,
    Negation,
    Presence,
    ValuePath,
)
from musterbook.scim.filter_binding import (
    bind_attribute,
    bind_operand,
    bind_sub_attribute,
    bind_value,
    check_operator,
    check_value_path,
    quoted,
)
from musterbook.scim.filter_dialects import (
    FILTER_MISSING_SPACE,
    FILTER_UNQUOTED_LITERAL,
    FILTER_VALUE_PATH_SUB_ATTRIBUTE,
)
from musterbook.scim.filter_tokens import (
    JSON_LITERALS,
    MAX_FILTER_BYTES,
    Token,
    TokenKind,
    check_text,
    number_value,
    read_token,
    string_value,
)
from musterbook.scim.path import BoundPath
from musterbook.scim.schema import AttributeType, ResourceType

__all__ = ["MAX_FILTER_BYTES", "MAX_FILTER_DEPTH", "MAX_FILTER_TERMS", "parse_filter", "parse_value_filter"]

MAX_FILTER_DEPTH: Final = 32
"""How many parentheses and brackets may be open at once."""
MAX_FILTER_TERMS: Final = 100
"""How many comparisons and presence tests a filter may hold; each costs time on every resource that is looked at."""

_OPERATORS = {op.value: op for op in CompareOp}
_OPERATOR_NAMES = ", ".join([*_OPERATORS, "pr"])
_BARE_WORD = re.compile(r"[A-Za-z][A-Za-z0-9._@+-]*\Z", re.ASCII)
_KEYWORDS = frozenset({"and", "or", "not", *JSON_LITERALS})


def parse_filter(text: str, resource_type: ResourceType, tolerance: Tolerance) -> Filter:
    """Return the filter that ``text`` writes, with its names bound to ``resource_type``.

    Raises:
        InvalidFilterError: it is malformed, too large, or compares what cannot be compared; with the column.
    """
    check_text(text)
    parser = _Parser(text, 0, resource_type, tolerance)
    if parser.is_at(TokenKind.END):
        raise InvalidFilterError("The filter is empty. Leave the parameter out to list everything.", column=1)
    parsed = parser.filter()
    if not parser.is_at(TokenKind.END):
        parser.refuse("'and', 'or' or the end of the filter")
    return parsed


def parse_value_filter(text: str, parent: BoundPath, tolerance: Tolerance, *, start: int = 0) -> tuple[Filter, int]:
    """Return the ``valFilter`` of a PATCH path that begins at ``start``, and the index after its closing bracket.

    ``text`` is the whole path, such as ``emails[type eq "work"].value``, and ``start`` the index after the opening
    bracket, so that columns are those of the path. ``parent`` is what stands before the bracket.

    Raises:
        InvalidFilterError: as :func:`parse_filter`; or ``parent`` has no sub-attributes, or no bracket closes it.
    """
    check_text(text)
    check_value_path(parent, 1)
    parser = _Parser(text, start, parent, tolerance)
    parsed = parser.filter()
    if not parser.is_at(TokenKind.CLOSE_BRACKET):
        parser.refuse("'and', 'or' or ']'")
    return parsed, parser.token.end


class _Parser:
    """Where the reading of one filter stands."""

    __slots__ = ("_depth", "_previous_end", "_scope", "_terms", "_text", "_tolerance", "token")

    def __init__(self, text: str, position: int, scope: ResourceType | BoundPath, tolerance: Tolerance) -> None:
        """Begin at ``position``; ``scope`` is what names are bound to, a path inside a value path."""
        self._text = text
        self._scope = scope
        self._tolerance = tolerance
        self._depth = 0
        self._terms = 0
        self._previous_end = position
        self.token = read_token(text, position)

    def filter(self) -> Filter:
        """``FILTER = andExp *(SP "or" SP andExp)``."""
        first = self._conjunction()
        if not self._is_at_word("or"):
            return first
        filters = [first]
        while self._is_at_word("or"):
            self._skip_connective()
            filters.append(self._conjunction())
        return Disjunction(tuple(filters))

    def _conjunction(self) -> Filter:
        """``andExp = term *(SP "and" SP term)``."""
        first = self._term()
        if not self._is_at_word("and"):
            return first
        filters = [first]
        while self._is_at_word("and"):
            self._skip_connective()
            filters.append(self._term())
        return Conjunction(tuple(filters))

    def _term(self) -> Filter:
        """``term = "not" "(" FILTER ")" / "(" FILTER ")" / valuePath / attrExp``."""
        if self.is_at(TokenKind.OPEN):
            return self._group()
        if self._is_at_word("not"):
            self._advance()
            if not self.is_at(TokenKind.OPEN):
                self.refuse("'(' after 'not'")
            return Negation(self._group())
        if not self.is_at(TokenKind.WORD):
            self.refuse("an attribute, 'not' or '('")
        name = self._advance()
        if self.is_at(TokenKind.OPEN_BRACKET):
            return self._value_path(name)
        return self._attribute_expression(self._bind(name), name)

    def _group(self) -> Filter:
        """``"(" FILTER ")"``."""
        self._open()
        inside = self.filter()
        if not self.is_at(TokenKind.CLOSE):
            self.refuse("'and', 'or' or ')'")
        self._close()
        return inside

    def _value_path(self, name: Token) -> Filter:
        """``valuePath = attrPath "[" valFilter "]"``, and in a dialect ``["." subAttr SP …]``."""
        outside = self._scope
        if isinstance(outside, BoundPath):
            raise InvalidFilterError("Brackets cannot stand inside brackets.", column=self.token.start + 1)
        path = self._bind(name)
        check_value_path(path, name.start + 1)
        self._scope = path
        self._open()
        inside = self.filter()
        if not self.is_at(TokenKind.CLOSE_BRACKET):
            self.refuse("'and', 'or' or ']'")
        self._close()
        if self.token.text.startswith(".") and self.token.start == self._previous_end:
            inside = self._with_sub_attribute(inside)
        self._scope = outside
        return ValuePath(path, inside)

    def _with_sub_attribute(self, inside: Filter) -> Filter:
        """``"." subAttr SP ("pr" / compareOp SP compValue)``, read as a further condition on the same element."""
        name = self._advance()
        if not self._tolerance.permits(FILTER_VALUE_PATH_SUB_ATTRIBUTE):
            message = "No sub-attribute may follow a bracket in a filter; write its condition inside, joined by 'and'."
            raise InvalidFilterError(message, column=name.start + 1)
        name = name._replace(text=name.text[1:], start=name.start + 1)
        further = self._attribute_expression(self._bind(name), name)
        conditions = inside.filters if isinstance(inside, Conjunction) else (inside,)
        return Conjunction((*conditions, further))

    def _attribute_expression(self, path: BoundPath, name: Token) -> Filter:
        """``attrExp = (attrPath SP "pr") / (attrPath SP compareOp SP compValue)``, after the path.

        With ``null``, ``eq`` is the absence of a value and ``ne`` its presence (RFC 7643 §2.5).
        """
        self._terms += 1
        if self._terms > MAX_FILTER_TERMS:
            message = f"The filter holds more than {MAX_FILTER_TERMS} comparisons."
            raise InvalidFilterError(message, column=name.start + 1)
        if not self.is_at(TokenKind.WORD):
            self.refuse(f"an operator after {quoted(name.text)}, one of {_OPERATOR_NAMES}")
        operator = self._advance()
        word = operator.text.lower()
        if word == "pr":
            return Presence(path)
        op = _OPERATORS.get(word)
        if op is None:
            message = f"The operator {quoted(operator.text)} is not supported; use one of {_OPERATOR_NAMES}."
            raise InvalidFilterError(message, column=operator.start + 1)
        column = self.token.start + 1
        value = self._comparison_value(path, op)
        if value is None:
            return self._comparison_with_null(path, op, column)
        path, attribute = bind_operand(path, name.start + 1, self._tolerance)
        check_operator(op, attribute, operator.start + 1)
        return Comparison(path, op, bind_value(value, attribute, column, self._tolerance))

    def _comparison_with_null(self, path: BoundPath, op: CompareOp, column: int) -> Filter:
        match op:
            case CompareOp.EQ:
                return Negation(Presence(path))
            case CompareOp.NE:
                return Presence(path)
            case _:
                message = f"null can be compared by eq and ne alone, not by {op.value}."
                raise InvalidFilterError(message, column=column)

    def _comparison_value(self, path: BoundPath, op: CompareOp) -> CompValue | None:
        """``compValue = false / null / true / number / string``, as in JSON; ``None`` is ``null``."""
        token = self.token
        if token.kind is TokenKind.STRING:
            self._require_space()
            self._advance()
            return string_value(token)
        if token.kind is not TokenKind.WORD:
            self.refuse(f"a value after '{op.value}'")
        self._advance()
        if token.text in JSON_LITERALS:
            return JSON_LITERALS[token.text]
        number = number_value(token)
        return self._bare_word(token, path, op) if number is None else number

    def _bare_word(self, token: Token, path: BoundPath, op: CompareOp) -> str:
        word = token.text
        if word.lower() in JSON_LITERALS:
            raise InvalidFilterError("true, false and null are written in lower case.", column=token.start + 1)
        if word.startswith("'"):
            message = "Strings stand in double quotes, not in single ones."
            raise InvalidFilterError(message, column=token.start + 1)
        is_plain = op is CompareOp.EQ and word.lower() not in _KEYWORDS and _BARE_WORD.match(word) is not None
        is_for_string = path.leaf is not None and path.leaf.type is AttributeType.STRING
        if is_plain and is_for_string and self._tolerance.permits(FILTER_UNQUOTED_LITERAL):
            return word
        message = f"Expected a value after '{op.value}': a string in double quotes, a number, true, false or null."
        raise InvalidFilterError(message, column=token.start + 1)

    def _bind(self, name: Token) -> BoundPath:
        scope = self._scope
        if isinstance(scope, BoundPath):
            return bind_sub_attribute(name.text, name.start + 1, scope)
        return bind_attribute(name.text, name.start + 1, scope, self._tolerance)

    def is_at(self, kind: TokenKind) -> bool:
        """Return whether the token at hand is of ``kind``."""
        return self.token.kind is kind

    def _is_at_word(self, keyword: str) -> bool:
        return self.is_at(TokenKind.WORD) and self.token.text.lower() == keyword

    def _advance(self) -> Token:
        """Return the token at hand and read the next one."""
        token = self.token
        self._previous_end = token.end
        self.token = read_token(self._text, token.end)
        return token

    def _open(self) -> None:
        self._depth += 1
        if self._depth > MAX_FILTER_DEPTH:
            message = f"The filter opens more than {MAX_FILTER_DEPTH} parentheses and brackets inside one another."
            raise InvalidFilterError(message, column=self.token.start + 1)
        self._advance()

    def _close(self) -> None:
        self._depth -= 1
        self._advance()

    def _skip_connective(self) -> None:
        """``SP ("and" / "or") SP``."""
        self._require_space()
        self._advance()
        self._require_space()

    def _require_space(self) -> None:
        if self.token.start == self._previous_end and not self._tolerance.permits(FILTER_MISSING_SPACE):
            raise InvalidFilterError("Expected a space.", column=self.token.start + 1)

    def refuse(self, expected: str) -> NoReturn:
        """Raise the error that tells what is expected instead of the token at hand."""
        ending = ", but the filter ends" if self.is_at(TokenKind.END) else ""
        raise InvalidFilterError(f"Expected {expected}{ending}.", column=self.token.start + 1)
