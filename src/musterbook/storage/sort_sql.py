"""*Orders as SQL.* Decides which orders columns can give, and what lies behind a place in one (RFC 7644 §3.4.2.3).

Knows the columns of ``resources``, which both engines share; runs nothing. What an order means is decided by
``scim.sorting``; a column gives it because it holds that very key. Any other order is made by looking at every row.

What has no value comes after everything else, or before everything where the order descends: it counts as greater than
any value. What lies behind a place is a range of the column, so a page deep in a list costs what the first one costs.
"""

from dataclasses import dataclass, replace

from musterbook.scim import ResourceType
from musterbook.scim.sorting import Position, Sort
from musterbook.storage.filter_sql import FIRST_PARAMETER, CompiledFilter, SqlDialect

_COLUMNS = {
    "id": "id",
    "externalId": "external_id",
    "meta.created": "created_at",
    "meta.lastModified": "last_modified",
}
_TIMES = frozenset({"created_at", "last_modified"})
_FRACTION_DIGITS = 3
"""Stored times are exact to a millisecond."""


@dataclass(frozen=True, slots=True)
class SqlRange:
    """A condition on the rows of ``resources``."""

    sql: str
    """With ``%s`` for each parameter."""
    parameters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SqlOrder:
    """An order that a column gives, and the ids among equals."""

    column: str
    descending: bool = False
    indexed: bool = False
    """Whether an index holds all rows of a tenant in this order."""
    may_be_null: bool = False

    @property
    def is_unique(self) -> bool:
        """Whether no two rows of a tenant and type have the same value, and each has one."""
        return self.column == "unique_key" and not self.may_be_null

    @property
    def _is_by_id(self) -> bool:
        return self.column == "id"

    def order_by(self, *, backward: bool = False, id_: str = "resources.id") -> str:
        """Return what stands after ``ORDER BY``; ``backward``: from the end of the list to its beginning.

        ``id_`` is how the id is written, for an engine whose planner has to be kept from it.
        """
        way, nulls = ("DESC", "FIRST") if self.descending != backward else ("ASC", "LAST")
        if self._is_by_id:
            return f"{id_} {way}"
        if self.is_unique:
            # Nothing is left to be ordered among equals, and no engine has to look whether there is.
            return f"resources.{self.column} {way}"
        return f"resources.{self.column} {way} NULLS {nulls}, {id_} {'DESC' if backward else 'ASC'}"

    def behind(self, position: Position, *, backward: bool = False, id_: str = "resources.id") -> SqlRange:
        """Return what holds of the rows behind ``position``, or of those before it where ``backward``."""
        upward = self.descending == backward
        has_no_value, key = position.key
        if self._is_by_id:
            # Where ids are the order, the id is the key; where there is no order, nothing has one.
            return SqlRange(f"{id_} {'>' if upward else '<'} %s", (position.id if has_no_value else str(key),))
        column, after, further = f"resources.{self.column}", ">" if upward else "<", "<" if backward else ">"
        if has_no_value:
            among_those = f"{column} IS NULL AND {id_} {further} %s"
            sql = among_those if upward else f"(({among_those}) OR {column} IS NOT NULL)"
            return SqlRange(sql, (position.id,))
        # The first comparison says the same as the second part, and is a range that an index gives.
        sql = f"{column} {after}= %s AND ({column} {after} %s OR {id_} {further} %s)"
        if upward and self.may_be_null:
            sql = f"(({sql}) OR {column} IS NULL)"
        value = self._stored(str(key))
        return SqlRange(sql, (value, value, position.id))

    def _stored(self, key: str) -> str:
        """Return a key as the column holds it."""
        if self.column not in _TIMES:
            return key
        seconds, _, fraction = key.partition(".")
        return f"{seconds}.{fraction:0<{_FRACTION_DIGITS}}Z"


def within(condition: CompiledFilter, range_: SqlRange, dialect: SqlDialect) -> CompiledFilter:
    """Return the condition that both hold."""
    first = FIRST_PARAMETER + len(condition.parameters)
    numbers = range(first, first + len(range_.parameters))
    sql = range_.sql % tuple(f"{dialect.placeholder}{number}" for number in numbers)
    parameters = (*condition.parameters, *range_.parameters)
    return replace(condition, sql=f"({condition.sql}) AND ({sql})", parameters=parameters)


def without_index(condition: CompiledFilter) -> CompiledFilter:
    """Return the same condition, written so that no planner takes it for a range of an index."""
    return replace(condition, sql=f"({condition.sql}) IS TRUE", indexed=False)


BY_ID = SqlOrder("id", indexed=True)


def compile_sort_sql(sort: Sort | None, resource_type: ResourceType) -> SqlOrder | None:
    """Return the order as columns give it, or ``None`` where no column holds the key. ``None`` sorts by id."""
    if sort is None:
        return BY_ID
    name = str(sort.path)
    if name == resource_type.unique_attribute:
        attribute = resource_type.attribute(name)
        is_required = attribute is not None and (attribute.required or attribute.always_assigned)
        return SqlOrder("unique_key", sort.descending, indexed=True, may_be_null=not is_required)
    column = _COLUMNS.get(name)
    if column is None:
        return None
    return SqlOrder(column, sort.descending, indexed=column == "id", may_be_null=column == "external_id")
