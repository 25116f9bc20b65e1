"""What the contract tests look at."""

from dataclasses import dataclass

from musterbook.directory import TenantId
from musterbook.directory.events import Event
from musterbook.directory.history import Revision
from musterbook.directory.store import HistoryQuery
from musterbook.scim import StoredResource, Tolerance, user_type
from musterbook.scim.filter_parser import parse_filter
from musterbook.scim.operation import Page, Query
from musterbook.storage import Database
from tests.contracts.sample import ACME

USER = user_type()
BEFORE_ALL = (0, 0)


async def find(
    database: Database, text: str | None, *, tenant_id: TenantId = ACME, start_index: int = 1, count: int = 100
) -> Page:
    """Return a page of the users who match the filter ``text``."""
    filter_ = None if text is None else parse_filter(text, USER, Tolerance())
    return await database.resources.search(tenant_id, USER, Query(filter_, start_index, count))


async def found_ids(database: Database, text: str | None, *, tenant_id: TenantId = ACME) -> list[str]:
    """Return the ids of all users who match the filter ``text``."""
    return [stored.id for stored in (await find(database, text, tenant_id=tenant_id)).resources]


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything that a tenant has, as its users see it."""

    total: int
    users: list[StoredResource]
    revisions: list[Revision]
    events: list[Event]


async def contents(database: Database, tenant_id: TenantId = ACME) -> Contents:
    """Return everything that a tenant has."""
    page = await find(database, None, tenant_id=tenant_id)
    history = await database.resources.history(tenant_id, HistoryQuery(limit=1000))
    events = await database.resources.events(tenant_id, after=BEFORE_ALL, limit=1000)
    return Contents(
        page.total_results, list(page.resources), [entry.revision for entry in history], [item.event for item in events]
    )
