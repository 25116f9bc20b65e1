"""The tables of PostgreSQL: the tenant is in every key, and text is compared byte by byte."""

import asyncpg

# The look-ups that find the tenant, and the tables that belong to nobody.
WITHOUT_TENANT = {
    "tenants_slug_key",
    "keys_key_hash_key",
    "setup_links_link_hash_key",
    "sessions_token_hash_key",
    "sign_in_domains_domain_key",
    "schema_migrations_pkey",
    "metadata_pkey",
}

# The first column of every index and of every foreign key.
FIRST_COLUMNS = """
SELECT index.relname, attribute.attname
FROM pg_index
JOIN pg_class AS index ON index.oid = pg_index.indexrelid
JOIN pg_attribute AS attribute ON attribute.attrelid = pg_index.indrelid AND attribute.attnum = pg_index.indkey[0]
WHERE index.relnamespace = 'public'::regnamespace
UNION ALL
SELECT conname, attribute.attname
FROM pg_constraint JOIN pg_attribute AS attribute ON attribute.attrelid = conrelid AND attribute.attnum = conkey[1]
WHERE contype = 'f'
"""

TEXT_COLUMNS = """
SELECT table_name || '.' || column_name, collation_name FROM information_schema.columns
WHERE table_schema = 'public' AND data_type = 'text'
"""


async def test_every_key_begins_with_the_tenant(outsider: asyncpg.Connection) -> None:
    """Primary, unique and foreign keys, and all other indexes, begin with the tenant; these are the only exceptions."""
    rows = await outsider.fetch(FIRST_COLUMNS)
    assert len(rows) > len(WITHOUT_TENANT)
    assert {name for name, column in rows if column != "tenant_id"} == WITHOUT_TENANT


async def test_text_is_compared_byte_by_byte(outsider: asyncpg.Connection) -> None:
    """No column depends on the server's locale: two servers order and compare alike."""
    rows = await outsider.fetch(TEXT_COLUMNS)
    assert len(rows) > 50
    assert {name for name, collation in rows if collation != "C"} == set()


async def test_the_first_statistics_leave_no_row(outsider: asyncpg.Connection) -> None:
    """The row that the planner has learned from is gone, and what it has learned is there."""
    counts = [await outsider.fetchval(f"SELECT count(*) FROM {table}") for table in ("resources", "indexed_values")]
    learned = await outsider.fetchval(
        "SELECT n_distinct FROM pg_stats WHERE tablename = 'resources' AND attname = 'tenant_id'"
    )
    assert (counts, learned) == ([0, 0], 1)
