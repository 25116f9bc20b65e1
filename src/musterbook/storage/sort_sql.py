"""*Orders as SQL.* Decides which orders columns can give (RFC 7644 §3.4.2.3).

Knows the columns of ``resources``, which both engines share; runs nothing. What an order means is decided by
``scim.sorting``; a column gives it because it holds that very key. Any other order is made by looking at every row.
"""

from dataclasses import dataclass

from musterbook.scim import ResourceType
from musterbook.scim.sorting import Sort

_COLUMNS = {
    "id": "id",
    "externalId": "external_id",
    "meta.created": "created_at",
    "meta.lastModified": "last_modified",
}


@dataclass(frozen=True, slots=True)
class SqlOrder:
    """An order that columns give."""

    sql: str
    indexed: bool
    """Whether an index holds all rows of a tenant in this order."""


def compile_sort_sql(sort: Sort | None, resource_type: ResourceType) -> SqlOrder | None:
    """Return what stands after ``ORDER BY``, or ``None`` where no column holds the key. ``None`` sorts by id."""
    if sort is None:
        return SqlOrder("resources.id", indexed=True)
    name = str(sort.path)
    column = "unique_key" if name == resource_type.unique_attribute else _COLUMNS.get(name)
    if column is None:
        return None
    direction = "DESC NULLS FIRST" if sort.descending else "ASC NULLS LAST"
    return SqlOrder(f"resources.{column} {direction}, resources.id", indexed=column in {"id", "unique_key"})
