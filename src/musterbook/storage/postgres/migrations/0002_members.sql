-- Groups, whose members are rows.
--
-- A release that does not know them could remove nobody who is in a group, and lists no group, so it must not go on.

-- Who is in which group, directly. Both ways of asking are answered by an index alone.
CREATE TABLE members (
    tenant_id text COLLATE "C" NOT NULL,
    group_id text COLLATE "C" NOT NULL,
    member_id text COLLATE "C" NOT NULL,
    member_type text COLLATE "C" NOT NULL,
    display text COLLATE "C",
    CONSTRAINT members_pkey PRIMARY KEY (tenant_id, group_id, member_id)
);

CREATE INDEX members_by_member ON members (tenant_id, member_id, group_id);

-- Plan for the largest tenant, as for the tables before: one tenant holds everything. How large groups are is left to the
-- statistics. The first ones come from a row that is gone again before anybody sees it.
ALTER TABLE members
    ALTER COLUMN tenant_id SET (n_distinct = 1),
    ALTER COLUMN member_type SET (n_distinct = 1);
INSERT INTO members
VALUES ('', '', '', '', '');
ANALYZE members;
SAVEPOINT statistics;
TRUNCATE members;
RELEASE SAVEPOINT statistics;

-- Nobody leaves the directory while being in a group. The server looks with fresh eyes after the removal has waited for
-- whoever adds the same resource to a group at that moment; no condition of the statement itself could. This key leads
-- to the member's own row, which is locked for as long as the member is being added anyway.
ALTER TABLE members
    ADD CONSTRAINT members_member_fkey FOREIGN KEY (tenant_id, member_type, member_id)
    REFERENCES resources (tenant_id, resource_type, id);

-- JSON arrays of ids; NULL where nobody came or went.
ALTER TABLE revisions
    ADD COLUMN members_added text COLLATE "C",
    ADD COLUMN members_removed text COLLATE "C";

-- The name of a group as it is now, which its members show.
ALTER TABLE resources
    ADD COLUMN display text COLLATE "C";

ALTER TABLE tenants
    ADD COLUMN unique_group_names boolean NOT NULL DEFAULT true,
    ADD COLUMN accepts_passwords boolean NOT NULL DEFAULT false;
