"""What statements about members read, before and after statistics are gathered, where most groups are small."""

from typing import Any

import asyncpg
import pytest

from musterbook.directory.store import MAX_RELATED_ON_PAGE
from musterbook.scim import Tolerance, group_type, user_type
from musterbook.scim.filter_parser import parse_filter
from musterbook.storage.filter_sql import POSTGRES, compile_filter_sql
from musterbook.storage.postgres.changes import LEAVE, LOCK_GROUPS
from musterbook.storage.postgres.database import PostgresDatabase
from musterbook.storage.postgres.group_lock import ADD, REMOVE_THESE, ids_text, wanted_text
from musterbook.storage.postgres.members import CHANGE
from musterbook.storage.postgres.pool import PoolSettings
from musterbook.storage.postgres.related import GET_WITH, GROUPS, GROUPS_OF_PAGE, MEMBERS_OF_PAGE, with_groups
from musterbook.storage.postgres.search import ALL, FOUND, statement
from tests.contracts.groups import founded
from tests.contracts.sample import ACME, at, created, person
from tests.storage.postgres.crew import CREW
from tests.storage.postgres.test_plans import explain

PEOPLE = 2000

# One group of nearly everybody; five hundred of two, in the tenant and in five hundred others.
FILL = """
INSERT INTO resources
SELECT tenant_id, resource_type, 'z' || number, document, version, created_at, last_modified, account, revision,
    'more' || number, NULL, NULL, NULL
FROM resources, generate_series(1, {people}) AS number
WHERE id = '{person}';
INSERT INTO resources
SELECT tenant, resource_type, 'g' || number, document, version, created_at, last_modified, account, revision,
    'group' || number, NULL, NULL, 'Group ' || number
FROM (VALUES ('{tenant}'), ('other')) AS tenants (tenant), resources, generate_series(1, 500) AS number
WHERE id = '{group}';
INSERT INTO resources
SELECT 'other', resource_type, id, document, version, created_at, last_modified, account, revision, unique_key, NULL,
    NULL, NULL
FROM resources WHERE resource_type = 'User' AND id LIKE 'z%';
INSERT INTO members
SELECT '{tenant}', '{group}', 'z' || number, 'User', NULL FROM generate_series(1, {people} - 10) AS number;
INSERT INTO members
SELECT tenant, 'g' || number, 'z' || (number + other), 'User', NULL
FROM (VALUES ('{tenant}'), ('other')) AS tenants (tenant), generate_series(1, 500) AS number,
    (VALUES (0), (900)) AS pair (other);
"""

# What the foreign key asks when somebody is removed.
FOREIGN_KEY = """
SELECT 1 FROM ONLY members WHERE $1 = tenant_id AND $2 = member_type AND $3 = member_id FOR KEY SHARE OF members
"""


@pytest.fixture
async def crowded(database: PostgresDatabase, migrated_url: str) -> "asyncpg.Connection[Any]":
    """Return a connection, with the settings of ours, to a database with a large group among many small ones."""
    ada = person(1, "ada")
    await database.resources.commit(created(ada))
    await database.resources.commit(founded(CREW))
    connection = await asyncpg.connect(migrated_url, server_settings=PoolSettings().for_server())
    await connection.execute(FILL.format(people=PEOPLE, person=ada.id, tenant=ACME, group=CREW.id))
    yield connection
    connection.terminate()


def rows_read(plan: list[dict[str, Any]]) -> int:
    """Return how many rows of tables and indexes a statement looked at."""
    read: float = 0
    for node in plan:
        if node["Node Type"].endswith("Scan") and ("Relation Name" in node or "Index Name" in node):
            read += (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
    return round(read)


def filtered(kind: str, text: str) -> tuple[str, tuple[str, ...]]:
    """Return the statement that finds a page by a filter, and the values of the filter."""
    resource_type = user_type() if kind == "User" else group_type()
    compiled = compile_filter_sql(parse_filter(text, resource_type, Tolerance()), resource_type, POSTGRES)
    found = FOUND.replace("<offset>", "").replace("<order>", "resources.id")
    return statement(with_groups(found) if kind == "User" else found, compiled), compiled.parameters


def change(added: dict[str, str | None], *removed: str) -> tuple[str, tuple[object, ...]]:
    """Return the statement that changes the members of the large group, and its values."""
    facts = ("updated", "scim", "Scim System User", "request", "key", "event", "group.updated")
    return CHANGE, (ACME, "Group", CREW.id, wanted_text(added), ids_text(removed), True, None, True, at(50), *facts)


NEW, OLD = f"z{PEOPLE}", "z5"
CASES: dict[str, tuple[int, str, tuple[object, ...]]] = {
    "adding one": (8, *change({NEW: None})),
    "adding one who is there": (4, *change({OLD: None})),
    "removing one": (8, *change({}, OLD)),
    "removing one who is not there": (4, *change({}, NEW)),
    "adding under a lock": (4, ADD, (ACME, CREW.id, wanted_text({NEW: None, OLD: None}))),
    "removing under a lock": (4, REMOVE_THESE, (ACME, CREW.id, ids_text([OLD]))),
    "the groups of somebody": (6, LOCK_GROUPS, (ACME, OLD)),
    "leaving": (3, LEAVE, (ACME, OLD)),
    "the foreign key": (2, FOREIGN_KEY, (ACME, "User", OLD)),
    "some of many members": (12, GET_WITH["Group"], (ACME, "Group", CREW.id, 10)),
    "the groups of one": (10, GET_WITH["User"], (ACME, "User", OLD, 10)),
    "a page of people": (80, ALL.replace("<offset>", "").replace("<related>", f", {GROUPS}"), (ACME, "User", 10)),
    "the groups of a page": (14, GROUPS_OF_PAGE, (ACME, ["z5", "z6"])),
    "the members of a page": (12, MEMBERS_OF_PAGE, (ACME, ["g5", "g6"], MAX_RELATED_ON_PAGE)),
}
"""How many rows each may look at; everybody here is in two groups, one of which is the large one."""


@pytest.mark.parametrize("mode", ["force_generic_plan", "force_custom_plan"])
@pytest.mark.parametrize("are_statistics_gathered", [False, True], ids=["first", "gathered"])
async def test_a_statement_reads_what_it_is_about(
    crowded: "asyncpg.Connection[Any]", mode: str, *, are_statistics_gathered: bool
) -> None:
    """However many members a group has and however large the tenant is, no statement about a few reads more."""
    if are_statistics_gathered:
        await crowded.execute("ANALYZE")
    read = {}
    for name, (_, sql, values) in CASES.items():
        transaction = crowded.transaction()
        await transaction.start()
        read[name] = rows_read(await explain(crowded, mode, sql, *values))
        await transaction.rollback()
    assert {name: rows for name, rows in read.items() if rows > CASES[name][0]} == {}


@pytest.mark.parametrize("mode", ["force_generic_plan", "force_custom_plan"])
@pytest.mark.parametrize("are_statistics_gathered", [False, True], ids=["first", "gathered"])
async def test_a_filter_by_an_id_reads_what_it_finds(
    crowded: "asyncpg.Connection[Any]", mode: str, *, are_statistics_gathered: bool
) -> None:
    """The groups of a member, and the members of a small group, are found without looking at the others."""
    if are_statistics_gathered:
        await crowded.execute("ANALYZE")
    filters = (
        ("Group", 'members.value eq "z5"'),
        ("Group", 'members[value eq "z5"]'),
        ("User", 'groups.value eq "g5"'),
    )
    read = {}
    for kind, text in filters:
        sql, parameters = filtered(kind, text)
        read[kind, text] = rows_read(await explain(crowded, mode, sql, ACME, kind, *parameters, 100))
    assert {asked: rows for asked, rows in read.items() if rows > 30} == {}
