"""Which index serves which statement, before and after statistics are gathered."""

import json
from typing import Any

import asyncpg
import pytest

from musterbook.scim import Tolerance, user_type
from musterbook.scim.filter_parser import parse_filter
from musterbook.storage.filter_sql import POSTGRES, compile_filter_sql
from musterbook.storage.postgres.accounts import FIND
from musterbook.storage.postgres.database import PostgresDatabase
from musterbook.storage.postgres.lookups import (
    KEY_BY_HASH,
    LINK_BY_HASH,
    SESSION_BY_HASH,
    SETUP_LINK_BY_HASH,
    TENANT_BY_DOMAIN,
    TENANT_BY_SLUG,
)
from musterbook.storage.postgres.resources import EVENTS, GET, LIST
from musterbook.storage.postgres.search import ALL, FOUND, statement
from musterbook.storage.postgres.sessions import LIST_OF_ACCOUNT as LIST_SESSIONS_OF
from tests.contracts.sample import ACME, created, id_of, person

USERS = 2000

# Many users of one tenant and few of many others, as the first write of an import finds them.
FILL = """
INSERT INTO resources
SELECT 'other ' || number, 'User', id, document, version, created_at, last_modified, account, revision,
    'other ' || number, NULL, NULL
FROM resources, generate_series(1, 500) AS number
WHERE unique_key = 'user1';
INSERT INTO resources
SELECT tenant_id, resource_type, 'z' || number, document, version, created_at, last_modified, account, revision,
    'more' || number, 'more' || number, NULL
FROM resources, generate_series(1, {users}) AS number
WHERE unique_key = 'user1' AND tenant_id NOT LIKE 'other%';
INSERT INTO indexed_values
SELECT tenant_id, resource_type, 'emails.value', 'more' || number, 'z' || number
FROM indexed_values, generate_series(1, {users}) AS number;
INSERT INTO revisions
SELECT tenant_id, resource_type, 'z' || more, number, at, action, actor_kind, actor_name, request_id, key_id, version,
    document, account
FROM revisions, generate_series(1, {users}) AS more
WHERE resource_type = 'User';
INSERT INTO keys
SELECT tenant_id, 'key ' || number, sha256(('key ' || number || tenant_id)::bytea), '', '', NULL, '', '', '', NULL, NULL
FROM tenants, generate_series(1, 50) AS number;
INSERT INTO setup_links
SELECT tenant_id, sha256(('link ' || number || tenant_id)::bytea), '', '', '', NULL, '', ''
FROM tenants, generate_series(1, 50) AS number;
INSERT INTO sessions
SELECT tenant_id, 'session ' || number, sha256(('session ' || number || tenant_id)::bytea), 'User', 'z' || number, 0,
    '', NULL, NULL, NULL, '', '', '', '', ''
FROM tenants, generate_series(1, {users}) AS number;
INSERT INTO sign_in_domains
SELECT tenant_id, number || '.' || tenant_id FROM tenants, generate_series(1, 50) AS number;
INSERT INTO tenants
SELECT 'other ' || number, 'other-' || number, '', 'active', '', true, '' FROM generate_series(1, 500) AS number;
"""

LOOKUPS = {
    'userName eq "MORE77"': "resources_unique_key",
    'externalId eq "more77"': "resources_external_id",
    'id eq "z77"': "resources_pkey",
    'emails.value eq "more77"': "indexed_values_pkey",
}


@pytest.fixture
async def crowded(database: PostgresDatabase, outsider: asyncpg.Connection) -> asyncpg.Connection:
    """Return a connection to a database with two thousand users in a tenant; its statistics are those of the start."""
    await database.resources.commit(created(person(1, "user1", "user1@example.com", external_id="user1")))
    await outsider.execute(FILL.format(users=USERS))
    await outsider.execute("SET enable_seqscan = off")
    return outsider


async def explain(connection: asyncpg.Connection, mode: str, sql: str, *values: object) -> list[dict[str, Any]]:
    """Run a statement with a plan of the given mode; return the nodes of the plan."""
    await connection.execute(f"SET plan_cache_mode = {mode}")
    await connection.execute(f"PREPARE explained AS {sql}")
    literals = ", ".join(map(_literal, values))
    text = await connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE explained ({literals})")
    await connection.execute("DEALLOCATE explained")
    return nodes(json.loads(text)[0]["Plan"])


def _literal(value: object) -> str:
    if isinstance(value, list):
        return f"ARRAY[{', '.join(map(_literal, value))}]"
    return "NULL" if value is None else f"'{value}'"


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a node of a plan and all below it."""
    return [plan, *(node for child in plan.get("Plans", ()) for node in nodes(child))]


def wasted(plan: list[dict[str, Any]]) -> int:
    """Return how many rows were read for nothing."""
    return sum(int(node.get("Rows Removed by Filter", 0)) for node in plan)


def indexes(plan: list[dict[str, Any]]) -> set[str]:
    """Return the names of the indexes that a plan uses."""
    return {node["Index Name"] for node in plan if "Index Name" in node}


@pytest.mark.parametrize("mode", ["force_generic_plan", "force_custom_plan"])
@pytest.mark.parametrize("are_statistics_gathered", [False, True], ids=["first", "gathered"])
async def test_every_look_up_has_an_index(
    crowded: asyncpg.Connection, mode: str, *, are_statistics_gathered: bool
) -> None:
    """The four look-ups of clients, among two thousand users, read no row in vain, whatever the planner knows."""
    if are_statistics_gathered:
        await crowded.execute("ANALYZE")
    for text, index in LOOKUPS.items():
        condition = compile_filter_sql(parse_filter(text, user_type(), Tolerance()), user_type(), POSTGRES)
        sql = statement(FOUND.replace("<offset>", "").replace("<order>", "resources.id"), condition)
        plan = await explain(crowded, mode, sql, ACME, "User", *condition.parameters, 100)
        found = (plan[0]["Actual Rows"], index in indexes(plan), wasted(plan))
        assert (text, *found) == (text, 1, True, 0)


@pytest.mark.parametrize("mode", ["force_generic_plan", "force_custom_plan"])
@pytest.mark.parametrize("are_statistics_gathered", [False, True], ids=["first", "gathered"])
async def test_every_other_read_has_an_index(
    crowded: asyncpg.Connection, mode: str, *, are_statistics_gathered: bool
) -> None:
    """Reading one resource, a page, a key, a session or the events costs what is read, not what is stored."""
    if are_statistics_gathered:
        await crowded.execute("ANALYZE")
    statements = (
        (GET, "resources_pkey", (ACME, "User", id_of(1))),
        (LIST, "resources_pkey", (ACME, "User", id_of(1), 10)),
        (ALL.replace("<offset>", "").replace("<related>", ""), "resources_pkey", (ACME, "User", 10)),
        (KEY_BY_HASH, "keys_key_hash_key", ("nobody",)),
        (TENANT_BY_SLUG, "tenants_slug_key", ("acme",)),
        (SETUP_LINK_BY_HASH, "setup_links_link_hash_key", ("acme",)),
        (LINK_BY_HASH, "setup_links_link_hash_key", ("acme",)),
        (SESSION_BY_HASH, "sessions_token_hash_key", ("nobody",)),
        (TENANT_BY_DOMAIN, "sign_in_domains_domain_key", (f"7.{ACME}",)),
        (FIND, "resources_unique_key", (ACME, "BreakGlassAccount", "User", "more77")),
        (LIST_SESSIONS_OF, "sessions_by_account", (ACME, "User", "z77", 100)),
        (EVENTS, "events_pkey", (ACME, 0, 0, 10)),
    )
    for sql, index, values in statements:
        plan = await explain(crowded, mode, sql, *values)
        assert (sql, index in indexes(plan), wasted(plan)) == (sql, True, 0)
