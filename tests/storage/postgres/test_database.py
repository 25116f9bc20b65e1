"""An open database as a whole, and what its stores refuse."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from musterbook.directory.clock import parse_time
from musterbook.directory.store import QueryTooExpensiveError, StoreUnavailableError
from musterbook.scim import user_type
from musterbook.scim.operation import Query
from musterbook.storage.postgres.database import PostgresDatabase
from musterbook.storage.postgres.pool import PoolSettings
from tests.contracts.sample import ACME, created, first_administrator, person, setup_link, tenant


async def test_it_says_what_it_keeps_and_what_time_it_is(database: PostgresDatabase) -> None:
    """The setting comes from a connection that writes, and the time from the server's clock."""
    assert await database.durability() == "synchronous_commit=on"
    assert abs(datetime.now(UTC) - parse_time(await database.now())) < timedelta(minutes=1)


async def test_time_is_up_for_a_search_and_for_a_write(
    database: PostgresDatabase, migrated_url: str, outsider: asyncpg.Connection
) -> None:
    """A search that the server stops is too expensive; a write that it stops may be tried again later."""
    impatient = PostgresDatabase(migrated_url, PoolSettings(statement_seconds=0.2), search_seconds=2.0)
    await outsider.execute("BEGIN")
    await outsider.execute("LOCK TABLE resources")
    with pytest.raises(QueryTooExpensiveError):
        await impatient.resources.search(ACME, user_type(), Query())
    with pytest.raises(StoreUnavailableError):
        await impatient.resources.commit(created(person(1, "ada")))
    await outsider.execute("ROLLBACK")
    page = await impatient.resources.search(ACME, user_type(), Query())
    await impatient.close()
    assert page.total_results == 0


async def test_a_tenant_id_that_is_given_twice_is_a_bug(database: PostgresDatabase) -> None:
    """Only a slug can be taken; ids are ours, and one that is there already is nobody's mistake but ours."""
    with pytest.raises(asyncpg.UniqueViolationError):
        await database.tenants.create(
            tenant(ACME, "another"), first_administrator(ACME, 7), setup_link(ACME, b"another link")
        )
    assert await database.tenants.find("another") is None
