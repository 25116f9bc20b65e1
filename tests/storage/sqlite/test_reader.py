"""The reader, and the plans by which SQLite answers it."""

import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from musterbook.directory.store import HistoryQuery, QueryTooExpensiveError, StoreUnavailableError
from musterbook.scim import Tolerance, group_type, user_type
from musterbook.scim.filter_parser import parse_filter
from musterbook.scim.operation import Query
from musterbook.storage.sqlite.connection import Reader, connect
from musterbook.storage.sqlite.database import SqliteDatabase
from tests.contracts.groups import adding, founded, group
from tests.contracts.looks import find
from tests.contracts.sample import ACME, at, created, id_of, key, person
from tests.contracts.signing_in import account, link, session
from tests.storage.sqlite.conftest import OpenDatabase

ENDLESS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
OWNER = "tenant_id=? AND resource_type=?"
HELD = "members (tenant_id=? AND group_id=?)"
HOLDING = "members (tenant_id=? AND member_id=?); members (tenant_id=? AND group_id=? AND member_id=?)"
MADE_HERE = ("(subquery", "inside", "ids")
"""What a statement has found itself, or was given: it is looked at whole."""
PREVIOUS = "previous (tenant_id=? AND resource_id=? AND number=?)"

OF_SESSIONS = f"tenants (tenant_id=?); resources ({OWNER} AND id=?); settings ({OWNER} AND id=?)"
"""What comes with each session."""
ADA = account(1)

Ask = Callable[[SqliteDatabase], Awaitable[object]]


async def test_the_reader_cannot_write(database: SqliteDatabase) -> None:
    """A statement that writes is refused on the reading connection."""
    with pytest.raises(StoreUnavailableError, match="readonly"):
        database.reader.rows("DELETE FROM events")


async def test_a_statement_that_takes_too_long_is_stopped(open_again: OpenDatabase) -> None:
    """No single statement keeps the event loop for longer than a search may take; the next one has its own time."""
    hasty = await open_again(search_seconds=0.05)
    with pytest.raises(QueryTooExpensiveError):
        hasty.reader.rows(ENDLESS)
    assert hasty.reader.rows("SELECT 1") == [(1,)]


async def test_a_statement_that_is_wrong_is_a_bug(database: SqliteDatabase) -> None:
    """An error of our own is raised as it is, never as the database being away."""
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        database.reader.rows("SELECT 1 FROM nowhere")


def test_a_connection_never_makes_a_file(tmp_path: Path) -> None:
    """A path that leads nowhere is a failure, and stays empty."""
    with pytest.raises(StoreUnavailableError):
        connect(tmp_path / "missing.db", busy_seconds=1)
    assert list(tmp_path.iterdir()) == []


def test_a_file_name_is_taken_as_it_is(tmp_path: Path) -> None:
    """Nothing in a file's name is an option of SQLite's or an escape."""
    path = tmp_path / "a b?mode=memory&x=%41#y.db"
    path.touch()
    connection = connect(path, busy_seconds=1)
    connection.execute("CREATE TABLE t (x)")
    connection.close()
    assert path.stat().st_size > 0
    assert [item.name for item in tmp_path.iterdir()] == [path.name]


def test_a_reader_of_a_directory_is_refused(tmp_path: Path) -> None:
    """What is no file is unavailable."""
    with pytest.raises(StoreUnavailableError):
        Reader(tmp_path, seconds=1).rows("SELECT 1 FROM tenants")


USER, GROUP = user_type(), group_type()
GROUPS = [group(number, f"Group {number}") for number in (50, 51)]
MEMBER_IS_7 = parse_filter(f'members.value eq "{id_of(7)}"', GROUP, Tolerance())
IN_GROUP = parse_filter(f'groups.value eq "{GROUPS[0].id}"', USER, Tolerance())


def search(filter_: str | None) -> Ask:
    """Return the question for a page of users."""
    return lambda database: find(database, filter_, count=10)


LOOK_UPS: dict[str, tuple[Ask, str]] = {
    "get": (lambda database: database.resources.get(ACME, "User", id_of(7)), f"resources ({OWNER} AND id=?)"),
    "id": (search(f'id eq "{id_of(7)}"'), f"resources ({OWNER} AND id=?)"),
    "userName": (search('userName eq "USER7"'), f"resources ({OWNER} AND unique_key=?)"),
    "userName prefix": (search('userName sw "user7"'), f"resources ({OWNER} AND unique_key>? AND unique_key<?)"),
    "externalId": (search('externalId eq "E-7"'), f"resources ({OWNER} AND external_id=?)"),
    "emails.value": (
        search('emails.value eq "7@example.com"'),
        f"resources ({OWNER} AND id=?); indexed_values ({OWNER} AND path=? AND value_key=?)",
    ),
    "Entra's look-up by e-mail": (
        search('emails[type eq "work"].value eq "7@example.com"'),
        f"resources ({OWNER} AND id=?); indexed_values ({OWNER} AND path=? AND value_key=?)",
    ),
    "either of two": (
        search('userName eq "user7" or externalId eq "E-8"'),
        f"resources ({OWNER} AND id=?); resources ({OWNER} AND unique_key=?); resources ({OWNER} AND external_id=?)",
    ),
    "a group with members": (
        lambda database: database.resources.get(ACME, "Group", GROUPS[0].id, related_limit=5),
        f"resources ({OWNER} AND id=?); {HELD}",
    ),
    "a person with groups": (
        lambda database: database.resources.get(ACME, "User", id_of(7), related_limit=5),
        f"resources ({OWNER} AND id=?); {HOLDING}",
    ),
    "people with groups": (
        lambda database: database.resources.search(ACME, USER, Query(count=10), with_related=True),
        f"counters ({OWNER}); resources ({OWNER}); members (tenant_id=?); {HOLDING}; resources ({OWNER} AND id=?)",
    ),
    "members.value": (
        lambda database: database.resources.search(ACME, GROUP, Query(MEMBER_IS_7, count=10)),
        f"resources ({OWNER} AND id=?); members (tenant_id=? AND member_id=?)",
    ),
    "groups.value": (
        lambda database: database.resources.search(ACME, USER, Query(IN_GROUP, count=10)),
        f"resources ({OWNER} AND id=?); groups ({OWNER} AND id=?); {HELD}",
    ),
    "all": (search(None), f"counters ({OWNER}); resources ({OWNER})"),
    "records": (
        lambda database: database.resources.list_records(ACME, "User", after=id_of(7), limit=10),
        f"resources ({OWNER} AND id>?)",
    ),
    "history": (
        lambda database: database.resources.history(ACME, HistoryQuery(before=(at(9), id_of(9), 1))),
        f"revision (tenant_id=? AND (at,resource_id,number)<(?,?,?)); {PREVIOUS}",
    ),
    "history of one": (
        lambda database: database.resources.history(ACME, HistoryQuery(id_of(7), before=(at(9), id_of(7), 2))),
        f"revision (tenant_id=? AND resource_id=? AND number<?); {PREVIOUS}",
    ),
    "events": (
        lambda database: database.resources.events(ACME, after=(1, 1), limit=10),
        "events (tenant_id=? AND position>?)",
    ),
    "key": (lambda database: database.keys.find(b"hash"), "keys (key_hash=?); tenants (tenant_id=?)"),
    "keys": (lambda database: database.keys.list(ACME), "keys (tenant_id=?)"),
    "slug": (lambda database: database.tenants.find("acme"), "tenants (slug=?)"),
    "set-up link": (lambda database: database.tenants.find_setup_link(b"hash"), "setup_links (link_hash=?)"),
    "link": (
        lambda database: database.identity.links.find(b"hash"),
        "setup_links (link_hash=?); tenants (tenant_id=?)",
    ),
    "session": (
        lambda database: database.identity.sessions.find(b"hash"),
        f"sessions (token_hash=?); {OF_SESSIONS}",
    ),
    "sessions": (
        lambda database: database.identity.sessions.list(ACME, after=id_of(7)),
        f"sessions (tenant_id=? AND id>?); {OF_SESSIONS}",
    ),
    "sessions of one": (
        lambda database: database.identity.sessions.list_of(ADA),
        f"sessions (tenant_id=? AND account_id=? AND resource_type=?); {OF_SESSIONS}",
    ),
    "attempt": (
        lambda database: database.identity.attempts.find(ACME, "_1"),
        "sign_in_attempts (tenant_id=? AND id=?)",
    ),
    "binding": (
        lambda database: database.identity.bindings.find(ACME, "connection", "ada"),
        "bindings (tenant_id=? AND connection_id=? AND subject_key=?)",
    ),
    "bindings of one": (
        lambda database: database.identity.bindings.list(ADA),
        "bindings (tenant_id=? AND account_id=? AND resource_type=?)",
    ),
    "second factor": (
        lambda database: database.identity.second_factors.find(ADA),
        f"second_factors ({OWNER} AND account_id=?)",
    ),
    "tries": (
        lambda database: database.identity.tries.find(ACME, [b"hash"]),
        "password_tries (tenant_id=? AND subject_hash=?)",
    ),
    "account": (
        lambda database: database.identity.accounts.find_by_name(ACME, "ada"),
        f"resources ({OWNER} AND unique_key=?)",
    ),
    "sign-ins": (
        lambda database: database.identity.log.list(ACME, before=id_of(7)),
        "sign_in_log (tenant_id=? AND id<?)",
    ),
    "sign-ins of one": (
        lambda database: database.identity.log.list_of(ADA),
        "sign_in_log (tenant_id=? AND account_id=? AND resource_type=?)",
    ),
    "domain": (
        lambda database: database.identity.domains.find("acme.example"),
        "tenants (tenant_id=?); sign_in_domains (domain=?)",
    ),
}


@pytest.mark.parametrize("name", LOOK_UPS)
@pytest.mark.parametrize("are_statistics_gathered", [False, True], ids=["first", "gathered"])
async def test_every_look_up_has_an_index(
    database: SqliteDatabase, outsider: sqlite3.Connection, name: str, *, are_statistics_gathered: bool
) -> None:
    """Each look-up goes straight to its rows by an index, and sorts at most what it found, whatever SQLite knows."""
    for number in range(1, 40):
        user = person(number, f"user{number}", f"{number}@example.com", external_id=f"E-{number}")
        await database.resources.commit(created(user))
        await database.keys.add(key(ACME, number))
        await database.identity.sessions.add(session(number, account(number)))
        await database.identity.links.add(link(number, account(number)))
        more = ("INSERT INTO tenants", f"VALUES ('{number}', 'slug-{number}', '', 'active', '', 0, '', 1, 0)")
        outsider.execute(" ".join(more))
    for each in GROUPS:
        await database.resources.commit(founded(each, adding(*map(id_of, range(1, 40)))))
    if are_statistics_gathered:
        outsider.execute("ANALYZE")
    ask, expected = LOOK_UPS[name]
    steps = [step.partition(" ") for step in await plan_of(database, outsider, ask)]
    found = {_without_index(rest) for verb, _, rest in steps if verb in {"SEARCH", "SCAN"}}
    assert {step for step in found if not step.startswith(MADE_HERE)} == set(expected.split("; "))


async def plan_of(database: SqliteDatabase, outsider: sqlite3.Connection, ask: Ask) -> list[str]:
    """Return the steps that SQLite plans for the statements of a question."""
    await database.ping()
    assert database.reader._opened is not None
    statements: list[str] = []
    connection = database.reader._opened[1]
    connection.set_trace_callback(statements.append)
    await ask(database)
    connection.set_trace_callback(None)
    return [row[3] for sql in statements for row in outsider.execute(f"EXPLAIN QUERY PLAN {sql}")]


def _without_index(step: str) -> str:
    """Return ``table (terms)`` of a step such as ``table USING INDEX name (terms) LEFT-JOIN``; a scan has no terms."""
    table, _, rest = step.partition(" ")
    return f"{table} {rest[rest.find('(') : rest.rfind(')') + 1]}"
