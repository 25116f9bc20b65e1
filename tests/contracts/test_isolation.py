"""The port ``ResourceStore``: tenants are apart, on each engine."""

from dataclasses import replace

import pytest

from musterbook.directory.store import (
    HistoryEntry,
    HistoryQuery,
    StaleRevisionError,
)
from musterbook.storage import Database
from tests.contracts.looks import contents, find, found_ids
from tests.contracts.sample import (
    ACME,
    ADA,
    BOB,
    GLOBEX,
    at,
    created,
    removed,
    updated,
)

ADA_OF_GLOBEX = replace(ADA, tenant_id=GLOBEX)


class TestIsolation:
    """No call with one tenant's id returns or changes what is another's."""

    async def test_ids_names_and_values_may_be_the_same_in_two_tenants(self, database: Database) -> None:
        """The same id, userName, externalId and address in two tenants are two resources, each found in its own."""
        theirs = replace(ADA_OF_GLOBEX, attributes={**ADA.attributes, "title": "Other"})
        await database.resources.commit(created(ADA))
        await database.resources.commit(created(theirs))
        assert await database.resources.get(ACME, "User", ADA.id) == ADA.record
        assert await database.resources.get(GLOBEX, "User", ADA.id) == theirs.record
        filters = ('userName eq "ada@example.com"', 'emails.value eq "ada@example.com"', 'externalId eq "E-1"', None)
        for filter_ in (*filters, "title pr or active eq true", f'id eq "{ADA.id}"', 'userName co "ada"'):
            assert (await find(database, filter_)).resources == [ADA.record.stored]
            assert (await find(database, filter_, tenant_id=GLOBEX)).resources == [theirs.record.stored]

    async def test_nothing_of_a_tenant_is_seen_by_another(self, database: Database) -> None:
        """Resources, history, events and totals of acme are not globex's."""
        before = await contents(database, GLOBEX)
        for user in (ADA, BOB):
            await database.resources.commit(created(user))
        await database.resources.commit(removed(BOB, 5))
        assert await contents(database, GLOBEX) == before
        assert await database.resources.get(GLOBEX, "User", ADA.id) is None
        assert await database.resources.history(GLOBEX, HistoryQuery(resource_id=ADA.id)) == []
        assert await database.resources.list_records(GLOBEX, "User", after=None, limit=10) == []

    async def test_nothing_of_a_tenant_is_changed_by_another(self, database: Database) -> None:
        """Changes named with globex leave acme's resource of the same id as it is."""
        await database.resources.commit(created(ADA))
        before = await contents(database)
        with pytest.raises(StaleRevisionError):
            await database.resources.commit(updated(ADA_OF_GLOBEX.becomes(5, title="Stolen")))
        with pytest.raises(StaleRevisionError):
            await database.resources.commit(removed(ADA_OF_GLOBEX, 6))
        await database.resources.commit(created(ADA_OF_GLOBEX))
        await database.resources.commit(updated(ADA_OF_GLOBEX.becomes(7, title="Theirs", emails=None)))
        await database.resources.commit(removed(replace(ADA_OF_GLOBEX, revision=2), 8))
        assert await contents(database) == before
        assert await found_ids(database, 'emails.value eq "ada@example.com"') == [ADA.id]

    async def test_the_predecessor_of_a_revision_is_of_the_same_tenant(self, database: Database) -> None:
        """A history entry never borrows the revision before it from a tenant that has the same id."""
        await database.resources.commit(created(ADA_OF_GLOBEX))
        await database.resources.commit(created(ADA))
        change = updated(ADA.becomes(5, title="Dr"))
        await database.resources.commit(change)
        entries = await database.resources.history(ACME, HistoryQuery(resource_id=ADA.id))
        assert entries == [
            HistoryEntry(change.revision, created(ADA).revision),
            HistoryEntry(created(ADA).revision, None),
        ]
        assert {entry.revision.at for entry in entries} == {at(1), at(5)}
