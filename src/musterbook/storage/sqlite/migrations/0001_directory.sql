-- Tenants, resources, history, events and keys.
--
-- Every primary, unique and foreign key begins with tenant_id. The exceptions are the three look-ups that find the tenant
-- (a slug, the hash of a key, the hash of a set-up link) and the order of events, which is one for the whole file.
-- Times are text, 'YYYY-MM-DDTHH:MM:SS.mmmZ', which sorts in the order of time. All text is compared byte by byte.
--
-- One connection writes at a time, over all processes. So there is no guard row to lock before a write that may remove an
-- administrator, and a counter needs one slot.

CREATE TABLE tenants (
    tenant_id TEXT NOT NULL,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    status_changed_at TEXT NOT NULL,
    scim_enabled INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    CONSTRAINT tenants_pkey PRIMARY KEY (tenant_id),
    CONSTRAINT tenants_slug_key UNIQUE (slug)
) STRICT;

-- Ids grow with time, so a table in the order of insertion is in the order of ids, and a page of documents lies together.
CREATE TABLE resources (
    tenant_id TEXT NOT NULL,
    resource_type TEXT NOT NULL,
    id TEXT NOT NULL,
    document TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    last_modified TEXT NOT NULL,
    account TEXT,
    revision INTEGER NOT NULL,
    unique_key TEXT,
    external_id TEXT,
    administers_until TEXT,
    CONSTRAINT resources_pkey PRIMARY KEY (tenant_id, resource_type, id),
    CONSTRAINT resources_unique_key UNIQUE (tenant_id, resource_type, unique_key),
    CONSTRAINT resources_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id)
) STRICT;

CREATE INDEX resources_external_id ON resources (tenant_id, resource_type, external_id)
    WHERE external_id IS NOT NULL;

CREATE INDEX resources_administrators ON resources (tenant_id)
    WHERE administers_until IS NOT NULL;

-- The values by which a resource is found beside its own columns, such as its e-mail addresses. All of a row is key, so
-- the table is the index.
CREATE TABLE indexed_values (
    tenant_id TEXT NOT NULL,
    resource_type TEXT NOT NULL,
    path TEXT NOT NULL,
    value_key TEXT NOT NULL,
    id TEXT NOT NULL,
    CONSTRAINT indexed_values_pkey PRIMARY KEY (tenant_id, resource_type, path, value_key, id),
    CONSTRAINT indexed_values_resource_fkey FOREIGN KEY (tenant_id, resource_type, id)
        REFERENCES resources (tenant_id, resource_type, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX indexed_values_by_resource ON indexed_values (tenant_id, resource_type, id);

-- The history: appended to, never changed. It outlives its resources, so it refers to none.
CREATE TABLE revisions (
    tenant_id TEXT NOT NULL,
    resource_type TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    at TEXT NOT NULL,
    action TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_name TEXT NOT NULL,
    request_id TEXT NOT NULL,
    key_id TEXT,
    version INTEGER NOT NULL,
    document TEXT NOT NULL,
    account TEXT,
    CONSTRAINT revisions_pkey PRIMARY KEY (tenant_id, resource_id, number)
) STRICT;

CREATE INDEX revisions_by_time ON revisions (tenant_id, at, resource_id, number);

-- Writers come one after the other, so the order of positions is the order of commits. AUTOINCREMENT: a position is
-- never given twice, whatever is removed.
CREATE TABLE events (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    resource_type TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    at TEXT NOT NULL
) STRICT;

CREATE INDEX events_by_tenant ON events (tenant_id, position);

-- How many resources of a type a tenant has.
CREATE TABLE counters (
    tenant_id TEXT NOT NULL,
    resource_type TEXT NOT NULL,
    slot INTEGER NOT NULL,
    total INTEGER NOT NULL,
    CONSTRAINT counters_pkey PRIMARY KEY (tenant_id, resource_type, slot)
) STRICT;

CREATE TABLE keys (
    tenant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    key_hash BLOB NOT NULL,
    prefix TEXT NOT NULL,
    label TEXT NOT NULL,
    idp TEXT,
    profile TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    revoked_at TEXT,
    last_used_at TEXT,
    CONSTRAINT keys_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT keys_key_hash_key UNIQUE (key_hash),
    CONSTRAINT keys_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id)
) STRICT;

CREATE TABLE setup_links (
    tenant_id TEXT NOT NULL,
    link_hash BLOB NOT NULL,
    account_id TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    redeemed_at TEXT,
    CONSTRAINT setup_links_pkey PRIMARY KEY (tenant_id, link_hash),
    CONSTRAINT setup_links_link_hash_key UNIQUE (link_hash),
    CONSTRAINT setup_links_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id)
) STRICT;
