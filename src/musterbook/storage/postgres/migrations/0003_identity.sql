-- Signing in: sessions, what a sign-in is doing meanwhile, who is bound to which account, second factors, the slow-down
-- of guesses, the log of sign-ins, and the domains by which a tenant is found.
--
-- A release that does not know them would keep the sessions of a suspended person alive: it counts no epoch of an
-- account on, and forgets the one that is stored. So it must not go on.
--
-- What every sign-in writes refers to no tenant by a foreign key, as in the tables of the directory. What has an end is
-- removed after it by whoever adds a row of the same kind, a few at a time; the indexes on the times serve that.

-- The fill factor leaves room for the time of the last request, which no index holds.
CREATE TABLE sessions (
    tenant_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    token_hash bytea NOT NULL,
    resource_type text COLLATE "C" NOT NULL,
    account_id text COLLATE "C" NOT NULL,
    epoch bigint NOT NULL,
    method text COLLATE "C" NOT NULL,
    connection_id text COLLATE "C",
    subject text COLLATE "C",
    session_index text COLLATE "C",
    created_at text COLLATE "C" NOT NULL,
    last_seen_at text COLLATE "C" NOT NULL,
    expires_at text COLLATE "C" NOT NULL,
    address text COLLATE "C" NOT NULL,
    user_agent text COLLATE "C" NOT NULL,
    CONSTRAINT sessions_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT sessions_token_hash_key UNIQUE (token_hash)
) WITH (fillfactor = 70);

CREATE INDEX sessions_by_account ON sessions (tenant_id, account_id, resource_type, id);
CREATE INDEX sessions_by_subject ON sessions (tenant_id, connection_id, subject)
    WHERE subject IS NOT NULL;
CREATE INDEX sessions_by_end ON sessions (tenant_id, expires_at);

-- A sign-in that has begun. It is taken once: the row that is deleted is the permission to go on.
CREATE TABLE sign_in_attempts (
    tenant_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    browser_hash bytea NOT NULL,
    kind text COLLATE "C" NOT NULL,
    data text COLLATE "C" NOT NULL,
    created_at text COLLATE "C" NOT NULL,
    expires_at text COLLATE "C" NOT NULL,
    CONSTRAINT sign_in_attempts_pkey PRIMARY KEY (tenant_id, id)
);

CREATE INDEX sign_in_attempts_by_end ON sign_in_attempts (tenant_id, expires_at);

-- Assertions that were accepted, kept for as long as they would be accepted again.
CREATE TABLE used_assertions (
    tenant_id text COLLATE "C" NOT NULL,
    connection_id text COLLATE "C" NOT NULL,
    assertion_id text COLLATE "C" NOT NULL,
    expires_at text COLLATE "C" NOT NULL,
    CONSTRAINT used_assertions_pkey PRIMARY KEY (tenant_id, connection_id, assertion_id)
);

CREATE INDEX used_assertions_by_end ON used_assertions (tenant_id, expires_at);

-- Whose account a connection's subject is.
CREATE TABLE bindings (
    tenant_id text COLLATE "C" NOT NULL,
    connection_id text COLLATE "C" NOT NULL,
    subject_key text COLLATE "C" NOT NULL,
    resource_type text COLLATE "C" NOT NULL,
    account_id text COLLATE "C" NOT NULL,
    created_at text COLLATE "C" NOT NULL,
    last_used_at text COLLATE "C" NOT NULL,
    CONSTRAINT bindings_pkey PRIMARY KEY (tenant_id, connection_id, subject_key)
) WITH (fillfactor = 70);

CREATE INDEX bindings_by_account ON bindings (tenant_id, account_id, resource_type, connection_id);

-- What makes the codes of a person's second factor; the secret is encrypted, the recovery codes are hashed.
CREATE TABLE second_factors (
    tenant_id text COLLATE "C" NOT NULL,
    resource_type text COLLATE "C" NOT NULL,
    account_id text COLLATE "C" NOT NULL,
    secret text COLLATE "C" NOT NULL,
    confirmed_at text COLLATE "C",
    last_step bigint,
    recovery text COLLATE "C" NOT NULL,
    CONSTRAINT second_factors_pkey PRIMARY KEY (tenant_id, resource_type, account_id)
) WITH (fillfactor = 70);

-- How often somebody has guessed in vain, of an account, also one that does not exist, or from an address.
CREATE TABLE password_tries (
    tenant_id text COLLATE "C" NOT NULL,
    subject_hash bytea NOT NULL,
    failures bigint NOT NULL,
    blocked_until text COLLATE "C",
    at text COLLATE "C" NOT NULL,
    CONSTRAINT password_tries_pkey PRIMARY KEY (tenant_id, subject_hash)
) WITH (fillfactor = 70);

CREATE INDEX password_tries_by_time ON password_tries (tenant_id, at);

-- Ids grow with time, so the log is read and pruned in the order of its ids.
CREATE TABLE sign_in_log (
    tenant_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    at text COLLATE "C" NOT NULL,
    outcome text COLLATE "C" NOT NULL,
    method text COLLATE "C" NOT NULL,
    reason text COLLATE "C",
    detail text COLLATE "C",
    resource_type text COLLATE "C",
    account_id text COLLATE "C",
    claimed text COLLATE "C",
    address text COLLATE "C" NOT NULL,
    request_id text COLLATE "C" NOT NULL,
    CONSTRAINT sign_in_log_pkey PRIMARY KEY (tenant_id, id)
);

CREATE INDEX sign_in_log_by_account ON sign_in_log (tenant_id, account_id, resource_type, id)
    WHERE account_id IS NOT NULL;

-- Which tenant the people of an e-mail domain sign in to.
CREATE TABLE sign_in_domains (
    tenant_id text COLLATE "C" NOT NULL,
    domain text COLLATE "C" NOT NULL,
    CONSTRAINT sign_in_domains_pkey PRIMARY KEY (tenant_id, domain),
    CONSTRAINT sign_in_domains_domain_key UNIQUE (domain),
    CONSTRAINT sign_in_domains_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id)
);

-- Links open accounts of either kind, and set up or reset.
ALTER TABLE setup_links
    ADD COLUMN purpose text COLLATE "C" NOT NULL DEFAULT 'set-up',
    ADD COLUMN resource_type text COLLATE "C" NOT NULL DEFAULT 'BreakGlassAccount';

CREATE INDEX setup_links_by_account ON setup_links (tenant_id, account_id);

-- Plan for the largest tenant, as for the tables before: one tenant holds everything. The first statistics come from
-- rows that are gone again before anybody sees them.
ALTER TABLE sessions ALTER COLUMN tenant_id SET (n_distinct = 1);
ALTER TABLE sign_in_attempts ALTER COLUMN tenant_id SET (n_distinct = 1);
ALTER TABLE used_assertions ALTER COLUMN tenant_id SET (n_distinct = 1);
ALTER TABLE bindings ALTER COLUMN tenant_id SET (n_distinct = 1);
ALTER TABLE password_tries ALTER COLUMN tenant_id SET (n_distinct = 1);
ALTER TABLE sign_in_log ALTER COLUMN tenant_id SET (n_distinct = 1);
INSERT INTO sessions
VALUES ('', '', '', '', '', 0, '', '', '', '', '', '', '', '', '');
INSERT INTO sign_in_attempts
VALUES ('', '', '', '', '', '', '');
INSERT INTO used_assertions
VALUES ('', '', '', '');
INSERT INTO bindings
VALUES ('', '', '', '', '', '', '');
INSERT INTO password_tries
VALUES ('', '', 0, '', '');
INSERT INTO sign_in_log
VALUES ('', '', '', '', '', '', '', '', '', '', '', '');
ANALYZE sessions, sign_in_attempts, used_assertions, bindings, password_tries, sign_in_log;
SAVEPOINT statistics;
TRUNCATE sessions, sign_in_attempts, used_assertions, bindings, password_tries, sign_in_log;
RELEASE SAVEPOINT statistics;
