"""The tables, on each engine: the same columns, and the tenant first in every key."""

from musterbook.storage import Database
from tests.contracts.engines import Engine, SqliteEngine

COLUMNS = {
    "tenants": [
        *("tenant_id", "slug", "name", "status", "status_changed_at", "scim_enabled", "created_at"),
        *("unique_group_names", "accepts_passwords"),
    ],
    "resources": [
        *("tenant_id", "resource_type", "id", "document", "version", "created_at", "last_modified", "account"),
        *("revision", "unique_key", "external_id", "administers_until", "display"),
    ],
    "members": ["tenant_id", "group_id", "member_id", "member_type", "display"],
    "indexed_values": ["tenant_id", "resource_type", "path", "value_key", "id"],
    "revisions": [
        *("tenant_id", "resource_type", "resource_id", "number", "at", "action", "actor_kind", "actor_name"),
        *("request_id", "key_id", "version", "document", "account", "members_added"),
        *("members_removed",),
    ],
    "events": ["position", "tenant_id", "id", "type", "resource_type", "resource_id", "revision", "at"],
    "counters": ["tenant_id", "resource_type", "slot", "total"],
    "keys": [
        *("tenant_id", "id", "key_hash", "prefix", "label", "idp", "profile", "created_at", "expires_at"),
        *("revoked_at", "last_used_at"),
    ],
    "setup_links": [
        *("tenant_id", "link_hash", "account_id", "created_at", "expires_at", "redeemed_at", "purpose"),
        *("resource_type",),
    ],
    "sessions": [
        *("tenant_id", "id", "token_hash", "resource_type", "account_id", "epoch", "method", "connection_id"),
        *("subject", "session_index", "created_at", "last_seen_at", "expires_at", "address", "user_agent"),
    ],
    "sign_in_attempts": ["tenant_id", "id", "browser_hash", "kind", "data", "created_at", "expires_at"],
    "used_assertions": ["tenant_id", "connection_id", "assertion_id", "expires_at"],
    "bindings": [
        *("tenant_id", "connection_id", "subject_key", "resource_type", "account_id", "created_at", "last_used_at"),
    ],
    "second_factors": [
        *("tenant_id", "resource_type", "account_id", "secret", "confirmed_at", "last_step", "recovery"),
    ],
    "password_tries": ["tenant_id", "subject_hash", "failures", "blocked_until", "at"],
    "sign_in_log": [
        *("tenant_id", "id", "at", "outcome", "method", "reason", "detail", "resource_type", "account_id", "claimed"),
        *("address", "request_id"),
    ],
    "sign_in_domains": ["tenant_id", "domain"],
    "saml_keys": ["tenant_id", "slot", "id", "private_key", "certificate", "created_at", "signs_since"],
    "schema_migrations": ["number", "name", "compatible", "applied_at"],
    "metadata": ["name", "value"],
}
POSTGRES_ALONE = {"tenant_guards": ["tenant_id"], "events": ["transaction_id"]}
"""SQLite has one writer, which needs no guard row, and commits in the order of positions."""

WITHOUT_TENANT = {
    ("tenants", "slug"),
    ("keys", "key_hash"),
    ("setup_links", "link_hash"),
    ("sessions", "token_hash"),
    ("sign_in_domains", "domain"),
    ("schema_migrations", "number"),
    ("metadata", "name"),
}
"""The look-ups that find the tenant, and the two tables of the schema itself."""
SQLITE_ALONE = {("events", "position")}
"""The order of events, which is one for the whole file."""


_SQLITE_COLUMNS = """
SELECT tables.name, columns.name FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns
WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite_%'
"""
_SQLITE_KEYS = """
SELECT tables.name, columns.name
FROM sqlite_schema AS tables, pragma_index_list(tables.name) AS indexes, pragma_index_info(indexes.name) AS columns
WHERE tables.type = 'table' AND indexes."unique" AND columns.seqno = 0
UNION
SELECT tables.name, columns.name FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns
WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite_%' AND columns.pk = 1
UNION
SELECT tables.name, foreign_keys."from"
FROM sqlite_schema AS tables, pragma_foreign_key_list(tables.name) AS foreign_keys
WHERE tables.type = 'table' AND foreign_keys.seq = 0
"""

_POSTGRES_COLUMNS = """
SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = 'public'
"""
_POSTGRES_KEYS = """
SELECT tables.relname::text, columns.attname::text
FROM pg_index AS indexes
JOIN pg_class AS tables ON tables.oid = indexes.indrelid AND tables.relnamespace = 'public'::regnamespace
JOIN pg_attribute AS columns ON columns.attrelid = tables.oid AND columns.attnum = indexes.indkey[0]
WHERE indexes.indisunique
UNION
SELECT tables.relname::text, columns.attname::text
FROM pg_constraint AS constraints
JOIN pg_class AS tables ON tables.oid = constraints.conrelid AND tables.relnamespace = 'public'::regnamespace
JOIN pg_attribute AS columns ON columns.attrelid = tables.oid AND columns.attnum = constraints.conkey[1]
WHERE constraints.contype = 'f'
"""


async def test_both_engines_have_the_same_tables(empty_database: Database, engine: Engine) -> None:
    """Each engine has these tables with these columns, and no others."""
    is_sqlite = isinstance(engine, SqliteEngine)
    expected = {table: set(columns) for table, columns in COLUMNS.items()}
    for table, columns in {} if is_sqlite else POSTGRES_ALONE.items():
        expected[table] = expected.get(table, set()) | set(columns)
    found: dict[str, set[str]] = {}
    for table, column in await engine.execute(_SQLITE_COLUMNS if is_sqlite else _POSTGRES_COLUMNS):
        found.setdefault(table, set()).add(column)
    assert found == expected


async def test_every_key_begins_with_the_tenant(empty_database: Database, engine: Engine) -> None:
    """Every primary, unique and foreign key begins with tenant_id, except exactly those that find the tenant."""
    is_sqlite = isinstance(engine, SqliteEngine)
    keys = set(await engine.execute(_SQLITE_KEYS if is_sqlite else _POSTGRES_KEYS))
    with_tenant = {(table, column) for table, column in keys if column == "tenant_id"}
    assert keys - with_tenant == WITHOUT_TENANT | (SQLITE_ALONE if is_sqlite else set())
    of_tenants = {table for table, columns in COLUMNS.items() if "tenant_id" in columns}
    keyless = {"events"} if is_sqlite else set()
    assert {table for table, _ in with_tenant} >= of_tenants - keyless
