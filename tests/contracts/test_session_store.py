"""The port ``SessionStore``, on each engine."""

import asyncio
from dataclasses import replace

import pytest

from musterbook.directory import Tenant, TenantId, TenantStatus
from musterbook.identity.accounts import AccountRef
from musterbook.identity.session_store import Session, SessionRecord, SignInMethod
from musterbook.storage import Database
from tests.contracts.engines import Engine
from tests.contracts.sample import ACME, ADA, GLOBEX, at, created, id_of, removed
from tests.contracts.signing_in import account, digest, session

ACME_TENANT = Tenant(ACME, "acme", "Acme", TenantStatus.ACTIVE, scim_enabled=False, created_at=at(0))
BARE = Session(
    account(), id_of(200), digest("bare"), 3, SignInMethod.PASSWORD, at(0), at(0), at(1000), None, None, None, "", ""
)


async def open_(database: Database, *sessions: Session) -> None:
    """Store sessions."""
    for each in sessions:
        await database.identity.sessions.add(each)


async def ids(database: Database, tenant_id: str = ACME) -> list[str]:
    """Return the ids of all sessions of a tenant."""
    return [each.id for each in await listed(database, ACME if tenant_id == ACME else GLOBEX)]


async def listed(database: Database, tenant_id: TenantId = ACME, *, after: str = "", limit: int = 100) -> list[Session]:
    """Return sessions of a tenant."""
    records = await database.identity.sessions.list(tenant_id, after=after, limit=limit)
    return [record.session for record in records]


async def listed_of(database: Database, owner: AccountRef, *, limit: int = 100) -> list[Session]:
    """Return sessions of an account."""
    return [record.session for record in await database.identity.sessions.list_of(owner, limit=limit)]


class TestSessionStoreContract:
    """What every :class:`musterbook.identity.session_store.SessionStore` keeps."""

    async def test_a_session_is_found_with_everything_that_decides(self, database: Database, engine: Engine) -> None:
        """One look-up returns the session, its tenant, the person and the tenant's settings, of one moment."""
        await database.resources.commit(created(ADA))
        await open_(database, session(1, account(1)))
        found = await database.identity.sessions.find(session(1).token_hash)
        assert found == SessionRecord(session(1), ACME_TENANT, ADA.record, None)
        await engine.execute(
            "INSERT INTO resources (tenant_id, resource_type, id, document, version, created_at, last_modified,"
            f" revision) VALUES ('{ACME}', 'SignInSettings', 'sign-in', '{{\"idle\": 5}}', 1, '', '', 1)"
        )
        found = await database.identity.sessions.find(session(1).token_hash)
        assert found == SessionRecord(session(1), ACME_TENANT, ADA.record, '{"idle": 5}')

    async def test_a_session_without_its_person_is_found_without(self, database: Database) -> None:
        """A session whose person was removed, or is another tenant's, or of another type, comes back without one."""
        await database.resources.commit(created(ADA))
        others = [account(1, GLOBEX), account(1, ACME, "BreakGlassAccount"), account(2)]
        await open_(database, *(session(number, each) for number, each in enumerate(others)), session(5, account(1)))
        hashes = [session(number, each).token_hash for number, each in enumerate(others)]
        found = [await database.identity.sessions.find(token_hash) for token_hash in hashes]
        assert [record is not None and record.person is None for record in found] == [True, True, True]
        await database.resources.commit(removed(ADA, 5))
        gone = await database.identity.sessions.find(session(5).token_hash)
        assert gone == SessionRecord(session(5), ACME_TENANT, None, None)

    async def test_a_session_keeps_every_value(self, database: Database) -> None:
        """What may be absent comes back absent, and the tenant's status as it is."""
        await open_(database, BARE)
        await database.tenants.set_status(ACME, TenantStatus.DELETED, at(5))
        found = await database.identity.sessions.find(BARE.token_hash)
        assert found == SessionRecord(BARE, replace(ACME_TENANT, status=TenantStatus.DELETED), None, None)

    @pytest.mark.parametrize("token_hash", [b"", b"unknown", b"\0" * 32])
    async def test_an_unknown_hash_finds_nothing(self, database: Database, token_hash: bytes) -> None:
        """A hash of no session finds nothing."""
        await open_(database, session(1))
        assert await database.identity.sessions.find(token_hash) is None

    async def test_sessions_are_listed_by_id_in_pages(self, database: Database) -> None:
        """All sessions of a tenant, or those of one account, in the order of their ids; of no other tenant."""
        other = account(2)
        await open_(database, session(3), session(1), session(2, other), session(4, account(1, GLOBEX)))
        found = await database.identity.sessions.list(ACME, limit=1)
        assert found == [await database.identity.sessions.find(session(1).token_hash)]
        assert await listed(database) == [session(1), session(2, other), session(3)]
        assert await listed_of(database, account()) == [session(1), session(3)]
        assert await listed(database, limit=1) == [session(1)]
        assert await listed(database, after=session(1).id, limit=1) == [session(2, other)]
        assert await listed_of(database, account(), limit=1) == [session(1)]
        assert await listed_of(database, account(2, GLOBEX)) == []
        assert await listed(database, after="\0") == []

    @pytest.mark.parametrize("not_since, expected", [(-1, 0), (0, 60), (1, 60)])
    async def test_a_use_is_kept_unless_the_last_is_later(
        self, database: Database, not_since: int, expected: int
    ) -> None:
        """``last_seen_at`` moves on only where it is not later than ``not_since``, and in its own tenant alone."""
        await open_(database, session(1), session(2, account(1, GLOBEX)))
        await database.identity.sessions.touch(ACME, session(1).id, at(60), not_since=at(not_since))
        await database.identity.sessions.touch(ACME, session(2).id, at(60), not_since=at(not_since))
        assert await listed(database) == [replace(session(1), last_seen_at=at(expected))]
        assert await listed(database, GLOBEX) == [session(2, account(1, GLOBEX))]

    async def test_an_account_ends_its_own_session_alone(self, database: Database) -> None:
        """A session is ended by naming its account; with another account, tenant or id nothing is ended."""
        await open_(database, session(1), session(2))
        sessions = database.identity.sessions
        wrong = [account(2), account(1, GLOBEX), account(1, ACME, "BreakGlassAccount")]
        assert [await sessions.end(each, session(1).id) for each in wrong] == [False, False, False]
        assert [await sessions.end(account(), id_) for id_ in ("", "\0", "unknown")] == [False, False, False]
        assert await sessions.end(account(), session(1).id) is True
        assert await sessions.end(account(), session(1).id) is False
        assert await ids(database) == [session(2).id]

    async def test_all_sessions_of_an_account_are_ended_but_one(self, database: Database) -> None:
        """Ending all keeps the one that is named, and every session of others."""
        others = [session(4, account(2)), session(5, account(1, ACME, "BreakGlassAccount"))]
        foreign = session(6, account(1, GLOBEX))
        await open_(database, session(1), session(2), session(3), *others, foreign)
        sessions = database.identity.sessions
        assert await sessions.end_all(account(), keep=session(2).id) == 2
        assert await ids(database) == [session(2).id, *(each.id for each in others)]
        assert await sessions.end_all(account()) == 1
        assert await ids(database) == [each.id for each in others]
        assert await ids(database, GLOBEX) == [foreign.id]

    async def test_a_single_logout_ends_what_the_subject_opened(self, database: Database) -> None:
        """Sessions of a connection's subject are ended, all or those of the named indexes; no others."""
        another = replace(session(4), subject="bob@example.com")
        elsewhere = replace(session(5), connection_id="connection-2")
        foreign = session(6, account(1, GLOBEX))
        await open_(database, session(1), session(2), session(3), another, elsewhere, foreign, BARE)
        subject = (ACME, "connection-1", "ada@example.com")
        sessions = database.identity.sessions
        assert await sessions.end_of_subject(*subject, ["_1", "_1", "_9"]) == 1
        assert await sessions.end_of_subject(*subject) == 2
        assert await sessions.end_of_subject(*subject) == 0
        assert await ids(database) == [another.id, elsewhere.id, BARE.id]
        assert await ids(database, GLOBEX) == [foreign.id]

    async def test_expired_sessions_go_when_others_come(self, database: Database) -> None:
        """A session that begins removes at most twenty of its tenant's that are over, the oldest first."""
        await open_(database, *(session(number, ends=10 + number) for number in range(1, 24)))
        await open_(database, session(50, account(1, GLOBEX), ends=10), session(51, ends=900))
        await open_(database, session(52, begins=100))
        assert await ids(database) == [session(number).id for number in (21, 22, 23, 51, 52)]
        await open_(database, session(53, begins=900))
        assert await ids(database) == [session(number).id for number in (52, 53)]
        assert await ids(database, GLOBEX) == [session(50).id]

    async def test_sessions_begin_at_once(self, database: Database) -> None:
        """Many that begin together, each clearing away what is over, are all there afterwards."""
        await open_(database, *(session(number, ends=10) for number in range(30)))
        sessions = [session(number, begins=100) for number in range(100, 120)]
        await asyncio.gather(*(database.identity.sessions.add(each) for each in sessions))
        assert await listed(database) == sessions
