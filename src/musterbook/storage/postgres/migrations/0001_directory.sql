-- Tenants, resources, history, events and keys.
--
-- Every primary, unique and foreign key begins with tenant_id, so that the tables can be spread over several servers.
-- The exceptions are the three look-ups that find the tenant: a slug, the hash of a key, the hash of a set-up link.
-- Times are text, 'YYYY-MM-DDTHH:MM:SS.mmmZ', which sorts in the order of time. All text is compared byte by byte.

CREATE TABLE tenants (
    tenant_id text COLLATE "C" NOT NULL,
    slug text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    status_changed_at text COLLATE "C" NOT NULL,
    scim_enabled boolean NOT NULL,
    created_at text COLLATE "C" NOT NULL,
    CONSTRAINT tenants_pkey PRIMARY KEY (tenant_id),
    CONSTRAINT tenants_slug_key UNIQUE (slug)
);

-- The row that is locked before a write which may remove an administrator. Nothing else locks or changes it.
CREATE TABLE tenant_guards (
    tenant_id text COLLATE "C" NOT NULL,
    CONSTRAINT tenant_guards_pkey PRIMARY KEY (tenant_id),
    CONSTRAINT tenant_guards_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id)
);

-- No foreign key leads from the tables that every write touches to tenants: each insert would look up and lock the
-- tenant's row, and concurrent inserts of one tenant would queue for it. A tenant's row is never removed.
--
-- The fill factor leaves room for the next state of a row in its page: an update that changes no key then touches no
-- index (a heap-only tuple).
CREATE TABLE resources (
    tenant_id text COLLATE "C" NOT NULL,
    resource_type text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    document text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    created_at text COLLATE "C" NOT NULL,
    last_modified text COLLATE "C" NOT NULL,
    account text COLLATE "C",
    revision bigint NOT NULL,
    unique_key text COLLATE "C",
    external_id text COLLATE "C",
    administers_until text COLLATE "C",
    CONSTRAINT resources_pkey PRIMARY KEY (tenant_id, resource_type, id),
    CONSTRAINT resources_unique_key UNIQUE (tenant_id, resource_type, unique_key)
) WITH (fillfactor = 80);

CREATE INDEX resources_external_id ON resources (tenant_id, resource_type, external_id)
    WHERE external_id IS NOT NULL;

CREATE INDEX resources_administrators ON resources (tenant_id)
    WHERE administers_until IS NOT NULL;

-- The values by which a resource is found beside its own columns, such as its e-mail addresses. The statement that
-- writes a resource writes these rows.
CREATE TABLE indexed_values (
    tenant_id text COLLATE "C" NOT NULL,
    resource_type text COLLATE "C" NOT NULL,
    path text COLLATE "C" NOT NULL,
    value_key text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    CONSTRAINT indexed_values_pkey PRIMARY KEY (tenant_id, resource_type, path, value_key, id)
);

CREATE INDEX indexed_values_by_resource ON indexed_values (tenant_id, resource_type, id);

-- The history: appended to, never changed. It outlives its resources, so it refers to none.
CREATE TABLE revisions (
    tenant_id text COLLATE "C" NOT NULL,
    resource_type text COLLATE "C" NOT NULL,
    resource_id text COLLATE "C" NOT NULL,
    number bigint NOT NULL,
    at text COLLATE "C" NOT NULL,
    action text COLLATE "C" NOT NULL,
    actor_kind text COLLATE "C" NOT NULL,
    actor_name text COLLATE "C" NOT NULL,
    request_id text COLLATE "C" NOT NULL,
    key_id text COLLATE "C",
    version bigint NOT NULL,
    document text COLLATE "C" NOT NULL,
    account text COLLATE "C",
    CONSTRAINT revisions_pkey PRIMARY KEY (tenant_id, resource_id, number)
);

CREATE INDEX revisions_by_time ON revisions (tenant_id, at, resource_id, number);

-- The transaction that wrote an event orders it: a reader stops before the oldest transaction that is still open, so
-- an event that is committed late is never skipped. Transaction ids are kept by physical copies of a cluster (base
-- backup, standby, pg_upgrade) and start anew after a logical one (pg_dump).
CREATE TABLE events (
    tenant_id text COLLATE "C" NOT NULL,
    transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id(),
    position bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    id text COLLATE "C" NOT NULL,
    type text COLLATE "C" NOT NULL,
    resource_type text COLLATE "C" NOT NULL,
    resource_id text COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    at text COLLATE "C" NOT NULL,
    CONSTRAINT events_pkey PRIMARY KEY (tenant_id, transaction_id, position)
);

-- How many resources of a type a tenant has: the sum of the slots. A write changes one slot at random, so that
-- concurrent writes of one tenant seldom wait for each other.
CREATE TABLE counters (
    tenant_id text COLLATE "C" NOT NULL,
    resource_type text COLLATE "C" NOT NULL,
    slot smallint NOT NULL,
    total bigint NOT NULL,
    CONSTRAINT counters_pkey PRIMARY KEY (tenant_id, resource_type, slot)
) WITH (fillfactor = 50);

CREATE TABLE keys (
    tenant_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    key_hash bytea NOT NULL,
    prefix text COLLATE "C" NOT NULL,
    label text COLLATE "C" NOT NULL,
    idp text COLLATE "C",
    profile text COLLATE "C" NOT NULL,
    created_at text COLLATE "C" NOT NULL,
    expires_at text COLLATE "C" NOT NULL,
    revoked_at text COLLATE "C",
    last_used_at text COLLATE "C",
    CONSTRAINT keys_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT keys_key_hash_key UNIQUE (key_hash),
    CONSTRAINT keys_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id)
) WITH (fillfactor = 50);

CREATE TABLE setup_links (
    tenant_id text COLLATE "C" NOT NULL,
    link_hash bytea NOT NULL,
    account_id text COLLATE "C" NOT NULL,
    created_at text COLLATE "C" NOT NULL,
    expires_at text COLLATE "C" NOT NULL,
    redeemed_at text COLLATE "C",
    CONSTRAINT setup_links_pkey PRIMARY KEY (tenant_id, link_hash),
    CONSTRAINT setup_links_link_hash_key UNIQUE (link_hash),
    CONSTRAINT setup_links_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id)
);

-- Plan for the largest tenant, not for the average one. All indexes begin with the tenant, and where most tenants are
-- small the planner would take any of them for as good as the right one: a look-up by id would read all of a large
-- tenant. So it is told that one tenant holds everything; then only an index that answers the whole question is cheap.
ALTER TABLE resources
    ALTER COLUMN tenant_id SET (n_distinct = 1),
    ALTER COLUMN resource_type SET (n_distinct = 1);
ALTER TABLE indexed_values
    ALTER COLUMN tenant_id SET (n_distinct = 1),
    ALTER COLUMN resource_type SET (n_distinct = 1),
    ALTER COLUMN path SET (n_distinct = 1);
ALTER TABLE revisions
    ALTER COLUMN tenant_id SET (n_distinct = 1);

-- The planner learns this when it gathers statistics. One row, which is gone again before anybody sees it, gives it the
-- first ones now; otherwise the first thousands of rows would be imported without. The savepoint makes TRUNCATE forget
-- the size of the tables as well.
INSERT INTO resources
VALUES ('', '', '', '', 1, '', '', '', 1, '', '', NULL);
INSERT INTO indexed_values
VALUES ('', '', '', '', '');
INSERT INTO revisions
VALUES ('', '', '', 1, '', '', '', '', '', '', 1, '', '');
ANALYZE resources, indexed_values, revisions;
SAVEPOINT statistics;
TRUNCATE resources, indexed_values, revisions;
RELEASE SAVEPOINT statistics;
