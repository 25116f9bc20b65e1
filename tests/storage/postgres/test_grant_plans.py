"""How many statements a decision takes, and what they read, in a large tenant with many groups."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from musterbook.directory import Directory, KeyId, ResourceId, scim_actor
from musterbook.directory.actor import sign_in_actor
from musterbook.directory.operation import HeldPermissions
from musterbook.scim.operation import CreateResource, ReplaceResource
from musterbook.storage.postgres.connection import Connection
from musterbook.storage.postgres.database import PostgresDatabase
from musterbook.storage.postgres.grants import AN_ADMINISTRATOR, EXAMINE, EXAMINE_ADMINISTRATORS, SURROUNDINGS
from musterbook.storage.postgres.pool import PoolSettings
from musterbook.storage.postgres.resources import GET
from musterbook.storage.postgres.writes import CREATE, UPDATE
from tests.contracts.groups import founded
from tests.contracts.sample import ACME, at, created, person
from tests.directory.world import ADA, USER, SetClock, repeatable_bytes, user
from tests.storage.postgres.conftest import OpenDatabase
from tests.storage.postgres.crew import CREW
from tests.storage.postgres.test_member_plans import rows_read
from tests.storage.postgres.test_plans import explain

PEOPLE = 2000

# Everybody is bound, in two groups with a grant, and one of ten an administrator; single sign-on is the only way.
FILL = """
INSERT INTO resources
SELECT tenant_id, resource_type, 'z' || number, document, version, created_at, last_modified, account, revision,
    'more' || number, NULL, CASE WHEN number % 10 = 0 THEN '9999' END
FROM resources, generate_series(1, {people}) AS number
WHERE id = '{person}';
INSERT INTO resources
SELECT tenant_id, resource_type, 'g' || number, document, version, created_at, last_modified, '{{"roles":["Auditor"]}}',
    revision, 'group' || number, NULL, NULL, 'Group ' || number
FROM resources, generate_series(1, 500) AS number
WHERE id = '{group}';
INSERT INTO members
SELECT '{tenant}', 'g' || (1 + (number + other) % 500), 'z' || number, 'User', NULL
FROM generate_series(1, {people}) AS number, (VALUES (0), (250)) AS pair (other);
INSERT INTO bindings
SELECT '{tenant}', 'idp', 'name of ' || number, 'User', 'z' || number, '', ''
FROM generate_series(1, {people}) AS number;
INSERT INTO resources
SELECT '{tenant}', type, id, document, 1, '', '', NULL, 1
FROM (VALUES
    ('SignInSettings', 'sign-in', '{{"sso":"only","mapsGroups":true}}'),
    ('SamlConnection', 'saml', '{{"connectionId":"idp"}}')
) AS settings (type, id, document);
"""

CASES: dict[str, tuple[int, str, tuple[object, ...]]] = {
    "what surrounds somebody": (12, SURROUNDINGS, (ACME, "User", "z5")),
    "a page of people and their bindings": (20, EXAMINE, (ACME, "idp", "User", "z5", 10)),
    "administrators and their bindings": (500, EXAMINE_ADMINISTRATORS, (ACME, "idp", at(0), 10)),
    "one who can administer": (8, AN_ADMINISTRATOR, (ACME, at(0))),
}
"""How many rows each may look at; a list of administrators looks at all of them, and at nobody else."""


@pytest.fixture
async def crowded(database: PostgresDatabase, migrated_url: str) -> "AsyncIterator[asyncpg.Connection[Any]]":
    """Yield a connection, with the settings of ours, to the database."""
    ada = person(1, "ada")
    await database.resources.commit(created(ada))
    await database.resources.commit(founded(CREW))
    connection = await asyncpg.connect(migrated_url, server_settings=PoolSettings().for_server())
    await connection.execute(FILL.format(people=PEOPLE, person=ada.id, tenant=ACME, group=CREW.id))
    yield connection
    connection.terminate()


@pytest.mark.parametrize("mode", ["force_generic_plan", "force_custom_plan"])
@pytest.mark.parametrize("are_statistics_gathered", [False, True], ids=["first", "gathered"])
async def test_a_statement_reads_what_it_is_about(
    crowded: "asyncpg.Connection[Any]", mode: str, *, are_statistics_gathered: bool
) -> None:
    """However large the tenant is, to see what one person holds, or who can administer, reads no more than that."""
    if are_statistics_gathered:
        await crowded.execute("ANALYZE")
    read = {name: rows_read(await explain(crowded, mode, sql, *values)) for name, (_, sql, values) in CASES.items()}
    assert {name: rows for name, rows in read.items() if rows > CASES[name][0]} == {}


async def test_a_decision_is_one_statement(database: PostgresDatabase, open_again: OpenDatabase) -> None:
    """What somebody may do is read by one statement; what a client does takes none for permissions."""
    single = await open_again(size=1)
    statements: list[str] = []

    async def listen(connection: Connection) -> None:
        assert isinstance(connection, asyncpg.Connection)
        connection.add_query_logger(lambda record: statements.append(record.query))

    await single.pool.run(listen)
    directory = Directory(single.resources, SetClock(), repeatable_bytes())
    client = scim_actor(ACME, KeyId("key-1"), "request-1")
    id_ = ResourceId((await directory.perform(client, CreateResource(user(ADA)))).stored.id)
    await directory.perform(client, ReplaceResource(id_, user({**ADA, "active": False}), shows_related=False))
    await directory.perform(sign_in_actor(ACME, "request-2"), HeldPermissions(USER, id_))
    await single.ping()  # by then the driver has told of the last one
    assert statements[:4] == [CREATE, GET, UPDATE, SURROUNDINGS]
