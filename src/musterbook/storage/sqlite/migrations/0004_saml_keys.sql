-- The key pairs by which a tenant's identity provider knows our side: one, and a second one while keys are changed. The
-- private key is encrypted with a key that is derived from the server's secret, and stands in no history.
--
-- compatible: yes

CREATE TABLE saml_keys (
    tenant_id TEXT NOT NULL,
    slot INTEGER NOT NULL CHECK (slot IN (0, 1)),
    id TEXT NOT NULL,
    private_key TEXT NOT NULL,
    certificate TEXT NOT NULL,
    created_at TEXT NOT NULL,
    signs_since TEXT,
    CONSTRAINT saml_keys_pkey PRIMARY KEY (tenant_id, slot),
    CONSTRAINT saml_keys_id_key UNIQUE (tenant_id, id),
    CONSTRAINT saml_keys_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id)
) STRICT;
