"""Migrations and new comparison keys, on each engine."""

import asyncio
from dataclasses import replace

import pytest

from musterbook.directory.history import Revision
from musterbook.directory.store import HistoryQuery
from musterbook.scim.match import COMPARISON_KEY_VERSION
from musterbook.storage import (
    Database,
    KeyCollisionError,
    SchemaTooNewError,
    check_schema,
    migrate_database,
    open_database,
)
from musterbook.storage.migrations import AppliedMigration, Migration, SchemaVersion
from tests.contracts.engines import BROKEN_STATEMENT, Engine
from tests.contracts.groups import adding, direct, founded, group, shown
from tests.contracts.looks import contents, found_ids
from tests.contracts.sample import ACME, GLOBEX, created, id_of, person

ADA = person(1, "ada", "ada@example.com")
BOB = person(2, "bob", "bob@example.com")
OLD_KEYS = "UPDATE metadata SET value = 'old' WHERE name = 'comparison_key_version'"
KEY_VERSION = "SELECT value FROM metadata WHERE name = 'comparison_key_version'"
STORED_KEYS = "SELECT id, unique_key FROM resources WHERE resource_type = 'User' ORDER BY tenant_id, id"
STORED_VALUES = "SELECT id, path, value_key FROM indexed_values ORDER BY tenant_id, id, value_key"


def next_migration(engine: Engine, sql: str = "CREATE TABLE extra (x text);", *, compatible: bool = False) -> Migration:
    """Return the migration that comes after this release's."""
    number = len(engine.known) + 1
    return Migration(number, f"{number:04d}_extra", sql, compatible)


async def version_of(database_url: str) -> SchemaVersion:
    """Return the version of a database that this release can open."""
    database = await open_database(database_url)
    try:
        return await database.schema_version()
    finally:
        await database.close()


def _stored_by_the_first_release(revision: Revision) -> list[str]:
    """Return the statements that store Ada and how she came, by the tables of the first migration."""
    owner, time = f"'{ACME}', 'User', '{ADA.id}'", f"'{revision.at}'"
    document, account = f"'{revision.document}'", f"'{revision.account}'"
    actor = f"'scim', '{revision.actor_name}', '{revision.request_id}', '{revision.key_id}'"
    return [
        f"INSERT INTO tenants VALUES ('{ACME}', 'acme', 'Acme', 'active', {time}, false, {time})",
        f"INSERT INTO resources VALUES ({owner}, {document}, 1, {time}, {time}, {account}, 1, NULL, NULL, NULL)",
        f"INSERT INTO revisions VALUES ({owner}, 1, {time}, 'created', {actor}, 1, {document}, {account})",
    ]


class TestMigrationContract:
    """What every engine's migrations keep."""

    async def test_an_empty_database_gets_every_migration_once(self, engine: Engine, database_url: str) -> None:
        """All migrations are applied in their order and recorded; a second time nothing is."""
        names = [item.name for item in engine.known]
        assert await migrate_database(database_url) == names
        assert await migrate_database(database_url) == []
        applied = tuple(AppliedMigration(item.number, item.name, item.compatible) for item in engine.known)
        assert await version_of(database_url) == SchemaVersion(engine.known, applied, COMPARISON_KEY_VERSION)

    async def test_people_from_before_there_were_groups_join_one(self, engine: Engine, database_url: str) -> None:
        """What the first release has stored is as it was, and goes on with what came later."""
        await engine.migrate(engine.known[:1])
        revision = created(ADA).revision
        for statement in _stored_by_the_first_release(revision):
            await engine.execute(statement)
        assert await migrate_database(database_url) == [item.name for item in engine.known[1:]]
        database = await open_database(database_url)
        try:
            record = await database.resources.get(ACME, "User", ADA.id, related_limit=1)
            history = await database.resources.history(ACME, HistoryQuery())
            crew = group(11, "Crew")
            await database.resources.commit(founded(crew, adding(ADA)))
            groups = await shown(database, ADA)
        finally:
            await database.close()
        assert record == replace(ADA.record, stored=replace(ADA.record.stored, related=()))
        assert [entry.revision for entry in history] == [revision]
        assert groups == (direct(crew),)

    async def test_a_new_migration_is_applied_to_what_is_there(self, database: Database, engine: Engine) -> None:
        """Only what is pending is applied, and the data stays."""
        await database.resources.commit(created(ADA))
        before = await contents(database)
        extra = next_migration(engine, "CREATE TABLE extra (x text);\nINSERT INTO extra VALUES ('semi;colon');")
        assert await engine.migrate([*engine.known, extra]) == [extra.name]
        assert await engine.execute("SELECT x FROM extra") == [("semi;colon",)]
        assert await contents(database) == before

    async def test_a_migration_that_fails_leaves_nothing_behind(self, database: Database, engine: Engine) -> None:
        """One migration is one transaction: when a statement fails, those before it are undone and it stays pending."""
        broken = next_migration(engine, "CREATE TABLE extra (x text);\nINSERT INTO nowhere VALUES (1);")
        with pytest.raises(BROKEN_STATEMENT):
            await engine.migrate([*engine.known, broken])
        with pytest.raises(BROKEN_STATEMENT):
            await engine.execute("SELECT x FROM extra")
        good = next_migration(engine)
        assert await engine.migrate([*engine.known, good]) == [good.name]

    async def test_two_that_migrate_at_once_apply_everything_once(self, engine: Engine) -> None:
        """Of processes that start together each finds a whole schema, and no migration is applied twice."""
        extra = next_migration(engine, "CREATE TABLE extra (x text);\nINSERT INTO extra VALUES ('once');")
        applied = await asyncio.gather(*(engine.migrate([*engine.known, extra]) for _ in range(4)))
        names = [*(item.name for item in engine.known), extra.name]
        assert sorted(name for list_ in applied for name in list_) == names
        assert await engine.execute("SELECT x FROM extra") == [("once",)]

    async def test_a_later_schema_marked_compatible_is_worked_with(
        self, database: Database, engine: Engine, database_url: str
    ) -> None:
        """During a rolling upgrade a server of this release starts and writes on the next release's schema."""
        extra = next_migration(engine, compatible=True)
        await engine.migrate([*engine.known, extra])
        assert await migrate_database(database_url) == []
        again = await open_database(database_url)
        try:
            await again.resources.commit(created(ADA))
            version = await again.schema_version()
        finally:
            await again.close()
        check_schema(version)
        assert version.unknown == (AppliedMigration(extra.number, extra.name, compatible=True),)

    async def test_a_later_schema_not_marked_compatible_is_refused(
        self, database: Database, engine: Engine, database_url: str
    ) -> None:
        """This release neither opens nor changes a database that a later one has changed incompatibly."""
        extra = next_migration(engine, compatible=False)
        await engine.migrate([*engine.known, extra])
        for attempt in (open_database, migrate_database):
            with pytest.raises(SchemaTooNewError, match=extra.name):
                await attempt(database_url)
        with pytest.raises(SchemaTooNewError, match=extra.name):
            check_schema(await database.schema_version())


class TestNewComparisonKeys:
    """What happens when the comparison key changes (design of ``scim.match``)."""

    async def test_keys_are_made_anew(self, database: Database, engine: Engine, database_url: str) -> None:
        """Every resource of every tenant is found by this release's keys, whatever keys were stored."""
        people = [ADA, BOB, replace(ADA, tenant_id=GLOBEX), person(3, "Zo\u00eb", "Zo\u00eb@example.com")]
        for user in people:
            await database.resources.commit(created(user))
        keys, values = await engine.execute(STORED_KEYS), await engine.execute(STORED_VALUES)
        before = await contents(database)
        # In the keys of the old version Ada has the name that is Bob's in the new one, and the other way round.
        await engine.execute("UPDATE resources SET unique_key = 'x' || unique_key WHERE resource_type = 'User'")
        await engine.execute(f"UPDATE resources SET unique_key = 'bob' WHERE id = '{ADA.id}'")
        await engine.execute(f"UPDATE resources SET unique_key = 'ada' WHERE id = '{BOB.id}'")
        await engine.execute("DELETE FROM indexed_values WHERE value_key LIKE 'a%'")
        await engine.execute("UPDATE indexed_values SET value_key = upper(value_key)")
        await engine.execute(OLD_KEYS)
        assert await migrate_database(database_url) == []
        assert await engine.execute(STORED_KEYS) == keys
        assert await engine.execute(STORED_VALUES) == values
        assert await engine.execute(KEY_VERSION) == [(COMPARISON_KEY_VERSION,)]
        assert await contents(database) == before
        assert await found_ids(database, 'userName eq "ZO\u00cb"') == [id_of(3)]

    async def test_groups_get_the_keys_of_their_tenant(
        self, database: Database, engine: Engine, database_url: str
    ) -> None:
        """Where names are unique a group's name is its unique key; where groups share names it is an indexed value."""
        await engine.execute(f"UPDATE tenants SET unique_group_names = false WHERE tenant_id = '{GLOBEX}'")
        crew = group(11, "Crew")
        sharing = [replace(group(number, "Crew", tenant_id=GLOBEX), has_unique_name=False) for number in (11, 12)]
        for each in (crew, *sharing):
            await database.resources.commit(founded(each))
        expected = [(crew.id, "crew"), *((each.id, None) for each in sharing)]
        values = [(each.id, "displayName", "crew") for each in sharing]
        keys = STORED_KEYS.replace("'User'", "'Group'")
        assert (await engine.execute(keys), await engine.execute(STORED_VALUES)) == (expected, values)
        await engine.execute("UPDATE resources SET unique_key = 'x' WHERE unique_key = 'crew'")
        await engine.execute("UPDATE indexed_values SET value_key = 'x'")
        await engine.execute(OLD_KEYS)
        assert await migrate_database(database_url) == []
        assert (await engine.execute(keys), await engine.execute(STORED_VALUES)) == (expected, values)

    async def test_resources_that_become_equal_are_named_and_nothing_changes(
        self, database: Database, engine: Engine, database_url: str
    ) -> None:
        """Where two resources would hold one name, the new keys are refused whole, with a list of both."""
        for user in (ADA, BOB, person(3, "carol"), replace(ADA, tenant_id=GLOBEX)):
            await database.resources.commit(created(user))
        await engine.execute(
            f"UPDATE resources SET document = replace(document, 'bob', 'ADA'), unique_key = 'ADA' WHERE id = '{BOB.id}'"
        )
        await engine.execute(OLD_KEYS)
        before = [await engine.execute(sql) for sql in (STORED_KEYS, STORED_VALUES)]
        with pytest.raises(KeyCollisionError, match=f"tenant {ACME}: User {ADA.id}, {BOB.id}") as caught:
            await migrate_database(database_url)
        assert caught.value.collisions == ((ACME, "User", (ADA.id, BOB.id)),)
        assert [await engine.execute(sql) for sql in (STORED_KEYS, STORED_VALUES)] == before
        assert await engine.execute(KEY_VERSION) == [("old",)]
