"""What a change of one member costs in a large group, and what a look at the group itself costs (RFC 7644 §3.5.2)."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from musterbook.scim.members import MembersEdit
from musterbook.storage.sqlite.changes import store_members_change
from musterbook.storage.sqlite.connection import Reader, connect_writer
from musterbook.storage.sqlite.database import SqliteDatabase
from musterbook.storage.sqlite.resources import GET
from tests.contracts.groups import Group, adding, founded, group, members_change, removing
from tests.contracts.sample import ACME, created, person
from tests.timing import processor_seconds

LARGE, SMALL, EMPTY = group(1, "Large"), group(2, "Small"), group(3, "Empty")
NEWCOMER = person(4, "newcomer")
MEMBERS = 100_000
REPETITIONS = 500

PEOPLE = """
INSERT INTO resources (tenant_id, resource_type, id, document, version, created_at, last_modified, revision)
WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < ?)
SELECT ?, 'User', printf('person-%06d', number), '{}', 1, '', '', 1 FROM numbers
"""


@pytest.fixture
async def large(database: SqliteDatabase, outsider: sqlite3.Connection) -> SqliteDatabase:
    """Return a database with a group of 100 000, a group of 10 and an empty one."""
    outsider.execute(PEOPLE, (MEMBERS, ACME))
    everybody = dict.fromkeys(f"person-{number:06d}" for number in range(1, MEMBERS + 1))
    await database.resources.commit(created(NEWCOMER))
    await database.resources.commit(founded(EMPTY))
    for of, size in ((LARGE, MEMBERS), (SMALL, 10)):
        await database.resources.commit(founded(of, MembersEdit(dict.fromkeys(list(everybody)[:size]))))
    return database


@pytest.mark.usefixtures("large")
def test_one_member_costs_the_same_in_a_group_of_any_size(path: Path) -> None:
    """To add and to remove one member takes at most twice as long among 100 000 as among 10."""
    with closing(connect_writer(path)) as connection:
        among_few, among_many = (seconds_of_changes(connection, of) for of in (SMALL, LARGE))
    assert among_many <= 2 * among_few


def seconds_of_changes(connection: sqlite3.Connection, of: Group) -> float:
    """Return how long it takes to add somebody and to remove them again, many times."""
    changes = [members_change(of, edit(NEWCOMER), 50) for edit in (adding, removing)] * REPETITIONS

    def work() -> None:
        connection.execute("BEGIN IMMEDIATE")
        assert all(store_members_change(connection, change).is_changed for change in changes)
        connection.execute("ROLLBACK")

    return processor_seconds(work)


@pytest.mark.usefixtures("large")
def test_a_group_without_its_members_costs_what_an_empty_one_does(path: Path) -> None:
    """A group that is read without its members takes at most twice as long with 100 000 as with none."""
    reader = Reader(path, seconds=2)
    of_none, of_many = (seconds_of_reads(reader, of) for of in (EMPTY, LARGE))
    reader.close()
    assert of_many <= 2 * of_none


def seconds_of_reads(reader: Reader, of: Group) -> float:
    """Return how long it takes to read a group many times."""
    key = (ACME, "Group", of.id)
    return processor_seconds(lambda: [reader.row(GET, key) for _ in range(REPETITIONS)])
