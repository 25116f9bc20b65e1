-- Groups, whose members are rows.
--
-- A release that does not know them would remove a person and leave the memberships behind, so it must not go on.

-- Who is in which group, directly. Both ways of asking are answered by an index alone. That each end exists is kept by
-- the writer, who removes a resource and its memberships together.
CREATE TABLE members (
    tenant_id TEXT NOT NULL,
    group_id TEXT NOT NULL,
    member_id TEXT NOT NULL,
    member_type TEXT NOT NULL,
    display TEXT,
    CONSTRAINT members_pkey PRIMARY KEY (tenant_id, group_id, member_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX members_by_member ON members (tenant_id, member_id, group_id);

-- JSON arrays of ids; NULL where nobody came or went.
ALTER TABLE revisions ADD COLUMN members_added TEXT;
ALTER TABLE revisions ADD COLUMN members_removed TEXT;

-- The name of a group as it is now, which its members show.
ALTER TABLE resources ADD COLUMN display TEXT;

ALTER TABLE tenants ADD COLUMN unique_group_names INTEGER NOT NULL DEFAULT 1;
ALTER TABLE tenants ADD COLUMN accepts_passwords INTEGER NOT NULL DEFAULT 0;
