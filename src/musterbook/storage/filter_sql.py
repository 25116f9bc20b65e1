"""*Filters as SQL.* Decides which part of a filter columns and indexes can answer (RFC 7644 §3.4.2.2).

Knows the columns of ``resources``, ``indexed_values`` and ``members``, which both engines share; runs nothing. Four
ideas:

* What a filter means is decided by ``scim.match`` alone. The SQL made here is either *exact*, true for the same rows,
  or a *necessary condition*, true for those and possibly more; then the caller looks at each row that is left.
* A column that holds no value makes a comparison NULL. ``AND`` and ``OR`` treat NULL like false where it counts, and a
  negation is written ``IS NOT TRUE``, so no condition ever has to mention NULL.
* The text of a filter never becomes SQL: every value is a parameter, and prefixes are ranges, so ``%`` and ``_`` are
  characters like any other.
* Who is in which group is asked of the rows of ``members`` by an id, and whether there is anybody. The rest of what a
  filter may want of a membership is answered by looking at it.

The parameters 1 and 2 of the statement are the tenant and the resource type; a filter's own follow.
"""

from dataclasses import dataclass
from typing import Final, assert_never

from musterbook.scim import ResourceType, comparison_key
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
from musterbook.scim.match import instant_key
from musterbook.scim.path import BoundPath

FIRST_PARAMETER = 3
"""The number of a filter's first parameter."""
MAX_NESTING = 4
"""How deep the parts of a filter are followed. SQLite's parser overflows a little further down; what lies deeper, which
no known client sends, is left to ``scim.match``."""


@dataclass(frozen=True, slots=True)
class SqlDialect:
    """How one engine writes what SQL leaves to it."""

    placeholder: str
    """What stands before the number of a parameter."""
    position: str
    """The function that finds one text in another, by code points and without patterns."""
    ending: str
    """The last ``{length}`` characters of ``{column}``."""
    lookup: str
    """The rows whose ``{column}`` is among what the subquery ``{ids}`` finds, each looked up in an index, whatever
    the engine expects of the subquery: a recursion is nothing to plan by."""


SQLITE = SqlDialect("?", "instr", "substr({column}, -{length})", "{column} IN ({ids})")
POSTGRES = SqlDialect("$", "strpos", "right({column}, {length})", "{column} = ANY (ARRAY({ids}))")


@dataclass(frozen=True, slots=True)
class CompiledFilter:
    """A condition on the rows of ``resources``."""

    sql: str
    parameters: tuple[str, ...]
    """The values of the parameters from ``FIRST_PARAMETER`` on."""
    exact: bool
    """Whether the condition is true for exactly the rows that match; otherwise it is only necessary."""
    indexed: bool
    """Whether an index leads to the rows, so that the cost follows their number and not the tenant's size."""


@dataclass(frozen=True, slots=True)
class _Condition:
    sql: str
    """With ``%s`` for each parameter: numbers are given at the end, when it is known which conditions are kept."""
    parameters: tuple[str, ...] = ()
    exact: bool = True
    indexed: bool = False
    as_test: str | None = None
    """What asks the same of rows that are found otherwise, where ``sql`` would be slow at that."""

    @property
    def test(self) -> str:
        """What asks each of many rows."""
        return self.sql if self.as_test is None else self.as_test


def compile_filter_sql(filter_: Filter | None, resource_type: ResourceType, dialect: SqlDialect) -> CompiledFilter:
    """Return the condition under which a row of ``resources`` can match ``filter_``; ``None`` matches every row."""
    if filter_ is None:
        return CompiledFilter("TRUE", (), exact=True, indexed=False)
    condition = _Compiler(resource_type, dialect).condition(filter_, MAX_NESTING)
    if condition is None:
        return CompiledFilter("TRUE", (), exact=False, indexed=False)
    numbers = range(FIRST_PARAMETER, FIRST_PARAMETER + len(condition.parameters))
    sql = condition.sql % tuple(f"{dialect.placeholder}{number}" for number in numbers)
    return CompiledFilter(sql, condition.parameters, condition.exact, condition.indexed)


class _Compiler:
    """Compiles the nodes of one filter; ``None`` is the answer where the columns say nothing about a node."""

    def __init__(self, resource_type: ResourceType, dialect: SqlDialect) -> None:
        self._type = resource_type
        self._dialect = dialect

    def condition(self, node: Filter, depth: int) -> _Condition | None:
        """Return the condition of a part of the filter, below which ``depth`` more levels are followed."""
        match node:
            case Comparison(path, op, value):
                return self._comparison(path, op, value)
            case Presence(path):
                return self._presence(path)
            case ValuePath(path, inner):
                return self._value_path(path, inner, depth)
            case _ if depth == 0:
                return None
            case Conjunction(filters):
                return _conjunction([self.condition(item, depth - 1) for item in filters])
            case Disjunction(filters):
                return self._disjunction([self.condition(item, depth - 1) for item in filters])
            case Negation(inner):
                return _negation(self.condition(inner, depth - 1))
            case _:
                assert_never(node)

    def _comparison(self, path: BoundPath, op: CompareOp, value: CompValue) -> _Condition | None:
        if not isinstance(value, str) or path.extension is not None or path.attribute is None:
            return None
        if path.attribute.name == "meta":
            return _time_condition(path, op, value)
        if path.attribute.name == self._type.related_attribute:
            return self._membership(path, op, value)
        if op is CompareOp.NE and path.sub_attribute is None:
            # Of a single value `ne` is the opposite of `eq`, also where there is none.
            return _negation(self._comparison(path, CompareOp.EQ, value))
        indexed_path = self._indexed_path(path)
        if indexed_path is not None:
            return self._any_value(indexed_path, op, value)
        column = self._column(path)
        if column is None:
            return None
        return self._text_condition(column, op, comparison_key(value) if column == "unique_key" else value)

    def _membership(self, path: BoundPath, op: CompareOp, value: str) -> _Condition | None:
        """Return the condition of an id among the memberships: ids are their own comparison keys."""
        key = comparison_key(value)
        if op is not CompareOp.EQ or not _names_an_id(path) or not _is_storable(key):
            return None
        ids = _MEMBERSHIPS[self._type.name].ids.replace("<1>", f"{self._dialect.placeholder}1")
        lookup = self._dialect.lookup.format(column="resources.id", ids=ids)
        return _Condition(lookup, (key,), indexed=True, as_test=f"resources.id IN ({ids})")

    def _presence(self, path: BoundPath) -> _Condition | None:
        if path.attribute is not None and path.attribute.name == self._type.related_attribute:
            if path.sub_attribute is not None and not _names_an_id(path):
                return None
            return _Condition(_MEMBERSHIPS[self._type.name].any.replace("<1>", f"{self._dialect.placeholder}1"))
        indexed_path = self._indexed_path(path)
        if indexed_path is not None:
            return self._among_values(_Condition("path = %s AND value_key <> ''", (indexed_path,)))
        column = self._column(path)
        # An empty string is no value (RFC 7644 §3.4.2.2), though a comparison may look into one.
        return None if column is None else _Condition(f"resources.{column} <> ''")

    def _value_path(self, path: BoundPath, inner: Filter, depth: int) -> _Condition | None:
        """Return what must hold of some element for it to meet ``inner`` whole."""
        match inner:
            case Comparison(sub_path, op, value) if path.extension is None:
                return self._comparison(BoundPath(None, path.attribute, sub_path.attribute), op, value)
            case _ if depth == 0:
                return None
            case Conjunction(filters):
                # Each part holds of some element, but nothing here says that it is the same one.
                both = _conjunction([self._value_path(path, item, depth - 1) for item in filters])
                return (
                    None if both is None else _Condition(both.sql, both.parameters, exact=False, indexed=both.indexed)
                )
            case Disjunction(filters):
                return self._disjunction([self._value_path(path, item, depth - 1) for item in filters])
            case _:
                return None

    def _column(self, path: BoundPath) -> str | None:
        """Return the column of ``resources`` that holds the value of ``path``, or its key."""
        attribute = path.attribute
        if attribute is None or path.extension is not None or path.sub_attribute is not None:
            return None
        if attribute.name == self._type.unique_attribute and not attribute.case_exact:
            return "unique_key"
        return {"id": "id", "externalId": "external_id"}.get(attribute.name)

    def _indexed_path(self, path: BoundPath) -> str | None:
        """Return under which path ``indexed_values`` holds the keys of the values of ``path``."""
        leaf = path.leaf
        if path.extension is not None or path.attribute is None or leaf is None or leaf.case_exact:
            return None
        names = (path.attribute.name, None if path.sub_attribute is None else path.sub_attribute.name)
        return str(path) if names in self._type.indexed_attributes else None

    def _any_value(self, indexed_path: str, op: CompareOp, value: str) -> _Condition | None:
        if op is CompareOp.NE:
            # True also of an element without this sub-attribute, of which no value is kept.
            return None
        one = self._text_condition("value_key", op, comparison_key(value))
        if one is None:
            return None
        both = _Condition(f"path = %s AND {one.sql}", (indexed_path, *one.parameters), indexed=one.indexed)
        return self._among_values(both)

    def _among_values(self, condition: _Condition) -> _Condition:
        # Not correlated: the engine finds the ids first, through the primary key of indexed_values.
        ids = self._ids("indexed_values", condition)
        return _Condition(f"resources.id IN ({ids})", condition.parameters, indexed=condition.indexed)

    def _disjunction(self, parts: list[_Condition | None]) -> _Condition | None:
        known = [part for part in parts if part is not None]
        if len(known) < len(parts):
            return None
        parameters = tuple(value for part in known for value in part.parameters)
        exact, indexed = all(part.exact for part in known), all(part.indexed for part in known)
        if indexed:
            # An OR over several indexes makes both engines look at every row; a UNION uses each index.
            ids = " UNION ".join(self._ids("resources", part) for part in known)
            return _Condition(f"resources.id IN ({ids})", parameters, exact, indexed)
        return _Condition(" OR ".join(f"({part.test})" for part in known), parameters, exact, indexed)

    def _ids(self, table: str, condition: _Condition) -> str:
        mark = self._dialect.placeholder
        return (
            f"SELECT {table}.id FROM {table} WHERE tenant_id = {mark}1 AND resource_type = {mark}2 AND {condition.sql}"
        )

    def _text_condition(self, column: str, op: CompareOp, key: str) -> _Condition | None:
        if not _is_storable(key):
            return None
        table = "indexed_values" if column == "value_key" else "resources"
        name = f"{table}.{column}"
        match op:
            case CompareOp.EQ:
                return _Condition(f"{name} = %s", (key,), indexed=True)
            case CompareOp.NE | CompareOp.GT | CompareOp.GE | CompareOp.LT | CompareOp.LE:
                return _Condition(f"{name} {_SQL_OPERATORS[op]} %s", (key,))
            case CompareOp.SW | CompareOp.CO | CompareOp.EW if not key:
                return _Condition(f"{name} IS NOT NULL")
            case CompareOp.SW:
                return _prefix_condition(name, key)
            case CompareOp.CO:
                return _Condition(f"{self._dialect.position}({name}, %s) > 0", (key,))
            case CompareOp.EW:
                return _Condition(f"{self._dialect.ending.format(column=name, length=len(key))} = %s", (key,))
            case _:
                assert_never(op)


@dataclass(frozen=True, slots=True)
class _Memberships:
    """What the rows of ``members`` say of resources of one type; ``<1>`` is the tenant."""

    ids: str
    """Selects the ids of those that show the id ``%s`` among their memberships."""
    any: str
    """Whether the resource shows any membership."""


_MEMBERSHIPS: Final = {
    "Group": _Memberships(
        "SELECT members.group_id FROM members WHERE members.tenant_id = <1> AND members.member_id = %s",
        "EXISTS (SELECT 1 FROM members WHERE members.tenant_id = <1> AND members.group_id = resources.id)",
    ),
    # First the groups that are inside the group, then who is in any of them: a person is no way to further members.
    # UNION, not UNION ALL: groups may hold each other in a circle, and one that was found is not followed again. CROSS
    # JOIN makes SQLite go from the groups to their members, never through all members of the tenant.
    "User": _Memberships(
        "WITH RECURSIVE inside (id) AS ("
        "SELECT groups.id FROM resources AS groups"
        " WHERE groups.tenant_id = <1> AND groups.resource_type = 'Group' AND groups.id = %s"
        " UNION SELECT members.member_id FROM inside CROSS JOIN members"
        " WHERE members.tenant_id = <1> AND members.group_id = inside.id AND members.member_type = 'Group'"
        ") SELECT members.member_id FROM inside CROSS JOIN members"
        " WHERE members.tenant_id = <1> AND members.group_id = inside.id",
        "EXISTS (SELECT 1 FROM members WHERE members.tenant_id = <1> AND members.member_id = resources.id)",
    ),
}


def _names_an_id(path: BoundPath) -> bool:
    return path.sub_attribute is not None and path.sub_attribute.name == "value"


_SQL_OPERATORS = {
    CompareOp.EQ: "=",
    CompareOp.NE: "<>",
    CompareOp.GT: ">",
    CompareOp.GE: ">=",
    CompareOp.LT: "<",
    CompareOp.LE: "<=",
}


def _conjunction(parts: list[_Condition | None]) -> _Condition | None:
    known = [part for part in parts if part is not None]
    if not known:
        return None
    return _Condition(
        " AND ".join(f"({part.sql})" for part in known),
        tuple(value for part in known for value in part.parameters),
        exact=len(known) == len(parts) and all(part.exact for part in known),
        indexed=any(part.indexed for part in known),
        as_test=" AND ".join(f"({part.test})" for part in known),
    )


def _negation(part: _Condition | None) -> _Condition | None:
    if part is None or not part.exact:
        return None
    return _Condition(f"({part.test}) IS NOT TRUE", part.parameters)


def _prefix_condition(name: str, prefix: str) -> _Condition:
    """Return the range of the texts that begin with ``prefix``: both engines order text by code points here."""
    after = _after_prefix(prefix)
    if after is None:
        return _Condition(f"{name} >= %s", (prefix,), indexed=True)
    return _Condition(f"{name} >= %s AND {name} < %s", (prefix, after), indexed=True)


_LAST_BEFORE_SURROGATES, _FIRST_AFTER_SURROGATES, _LAST_CODE_POINT = 0xD7FF, 0xE000, 0x10FFFF


def _after_prefix(prefix: str) -> str | None:
    """Return the first text after all those that begin with ``prefix``, or ``None`` if nothing comes after them."""
    kept = prefix.rstrip(chr(_LAST_CODE_POINT))
    if not kept:
        return None
    last = ord(kept[-1])
    # Surrogates are no characters: no stored text holds one, and no parameter may.
    following = _FIRST_AFTER_SURROGATES if last == _LAST_BEFORE_SURROGATES else last + 1
    return kept[:-1] + chr(following)


def _is_storable(text: str) -> bool:
    """Return whether databases take ``text``; what they refuse equals nothing that is stored."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


_TIME_COLUMNS = {"created": "created_at", "lastModified": "last_modified"}
_STORED_DIGITS = 3
"""Stored times are exact to a millisecond."""


def _time_condition(path: BoundPath, op: CompareOp, value: str) -> _Condition | None:
    column = _TIME_COLUMNS.get(path.sub_attribute.name) if path.sub_attribute is not None else None
    instant = instant_key(value)
    if column is None or instant is None or op not in _SQL_OPERATORS:
        return None
    seconds, _, fraction = instant.partition(".")
    if len(fraction) > _STORED_DIGITS:
        return None
    stored = f"{seconds}.{fraction:0<{_STORED_DIGITS}}Z"
    return _Condition(f"resources.{column} {_SQL_OPERATORS[op]} %s", (stored,))
