-- Signing in: sessions, what a sign-in is doing meanwhile, who is bound to which account, second factors, the slow-down
-- of guesses, the log of sign-ins, and the domains by which a tenant is found.
--
-- A release that does not know them would keep the sessions of a suspended person alive: it counts no epoch of an
-- account on, and forgets the one that is stored. So it must not go on.
--
-- What has an end is removed after it by whoever adds a row of the same kind, a few at a time; the indexes on the times
-- serve that.

CREATE TABLE sessions (
    tenant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    token_hash BLOB NOT NULL,
    resource_type TEXT NOT NULL,
    account_id TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    method TEXT NOT NULL,
    connection_id TEXT,
    subject TEXT,
    session_index TEXT,
    created_at TEXT NOT NULL,
    last_seen_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    address TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    CONSTRAINT sessions_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT sessions_token_hash_key UNIQUE (token_hash),
    CONSTRAINT sessions_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id)
) STRICT;

CREATE INDEX sessions_by_account ON sessions (tenant_id, account_id, resource_type, id);
CREATE INDEX sessions_by_subject ON sessions (tenant_id, connection_id, subject)
    WHERE subject IS NOT NULL;
CREATE INDEX sessions_by_end ON sessions (tenant_id, expires_at);

-- A sign-in that has begun. It is taken once: the row that is deleted is the permission to go on.
CREATE TABLE sign_in_attempts (
    tenant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    browser_hash BLOB NOT NULL,
    kind TEXT NOT NULL,
    data TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    CONSTRAINT sign_in_attempts_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT sign_in_attempts_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id)
) STRICT;

CREATE INDEX sign_in_attempts_by_end ON sign_in_attempts (tenant_id, expires_at);

-- Assertions that were accepted, kept for as long as they would be accepted again.
CREATE TABLE used_assertions (
    tenant_id TEXT NOT NULL,
    connection_id TEXT NOT NULL,
    assertion_id TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    CONSTRAINT used_assertions_pkey PRIMARY KEY (tenant_id, connection_id, assertion_id),
    CONSTRAINT used_assertions_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id)
) STRICT;

CREATE INDEX used_assertions_by_end ON used_assertions (tenant_id, expires_at);

-- Whose account a connection's subject is.
CREATE TABLE bindings (
    tenant_id TEXT NOT NULL,
    connection_id TEXT NOT NULL,
    subject_key TEXT NOT NULL,
    resource_type TEXT NOT NULL,
    account_id TEXT NOT NULL,
    created_at TEXT NOT NULL,
    last_used_at TEXT NOT NULL,
    CONSTRAINT bindings_pkey PRIMARY KEY (tenant_id, connection_id, subject_key),
    CONSTRAINT bindings_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id)
) STRICT;

CREATE INDEX bindings_by_account ON bindings (tenant_id, account_id, resource_type, connection_id);

-- What makes the codes of a person's second factor; the secret is encrypted, the recovery codes are hashed.
CREATE TABLE second_factors (
    tenant_id TEXT NOT NULL,
    resource_type TEXT NOT NULL,
    account_id TEXT NOT NULL,
    secret TEXT NOT NULL,
    confirmed_at TEXT,
    last_step INTEGER,
    recovery TEXT NOT NULL,
    CONSTRAINT second_factors_pkey PRIMARY KEY (tenant_id, resource_type, account_id),
    CONSTRAINT second_factors_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id)
) STRICT;

-- How often somebody has guessed in vain, of an account, also one that does not exist, or from an address.
CREATE TABLE password_tries (
    tenant_id TEXT NOT NULL,
    subject_hash BLOB NOT NULL,
    failures INTEGER NOT NULL,
    blocked_until TEXT,
    at TEXT NOT NULL,
    CONSTRAINT password_tries_pkey PRIMARY KEY (tenant_id, subject_hash),
    CONSTRAINT password_tries_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id)
) STRICT;

CREATE INDEX password_tries_by_time ON password_tries (tenant_id, at);

-- Ids grow with time, so the log is read and pruned in the order of its ids.
CREATE TABLE sign_in_log (
    tenant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    at TEXT NOT NULL,
    outcome TEXT NOT NULL,
    method TEXT NOT NULL,
    reason TEXT,
    detail TEXT,
    resource_type TEXT,
    account_id TEXT,
    claimed TEXT,
    address TEXT NOT NULL,
    request_id TEXT NOT NULL,
    CONSTRAINT sign_in_log_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT sign_in_log_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id)
) STRICT;

CREATE INDEX sign_in_log_by_account ON sign_in_log (tenant_id, account_id, resource_type, id)
    WHERE account_id IS NOT NULL;

-- Which tenant the people of an e-mail domain sign in to.
CREATE TABLE sign_in_domains (
    tenant_id TEXT NOT NULL,
    domain TEXT NOT NULL,
    CONSTRAINT sign_in_domains_pkey PRIMARY KEY (tenant_id, domain),
    CONSTRAINT sign_in_domains_domain_key UNIQUE (domain),
    CONSTRAINT sign_in_domains_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id)
) STRICT;

-- Links open accounts of either kind, and set up or reset.
ALTER TABLE setup_links ADD COLUMN purpose TEXT NOT NULL DEFAULT 'set-up';
ALTER TABLE setup_links ADD COLUMN resource_type TEXT NOT NULL DEFAULT 'BreakGlassAccount';

CREATE INDEX setup_links_by_account ON setup_links (tenant_id, account_id);
