"""Which browser is whose, and for how long."""

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from musterbook.directory import ResourceId, TenantId, TenantStatus, render_time
from musterbook.directory.operation import (
    ChangeSignInSettings,
    EndSessions,
    RestoreResource,
    SetPassword,
)
from musterbook.directory.sign_in_settings import SignInSettings, SingleSignOn
from musterbook.directory.store import StoreUnavailableError
from musterbook.identity.session_store import Session, SessionStore, SignInMethod
from musterbook.identity.sessions import (
    Authenticated,
    OpenedSession,
    SessionRefusal,
    Sessions,
    SignIn,
    Visitor,
)
from musterbook.storage import migrate_database
from tests.directory.world import ADA, GRACE, START, USER, World, open_world, open_world_in
from tests.identity.people import VISITOR, account_of, refusal, sessions_of, settings_of, settle, signed_in, stored

MINUTE = 60
HOUR = 60 * MINUTE
SUSPEND = {"op": "replace", "path": "active", "value": False}
REACTIVATE = {"op": "replace", "path": "active", "value": True}


async def use_until(world: World, opened: OpenedSession, seconds: int) -> SessionRefusal | None:
    """Use a session every ten minutes for so long; return why it was over before, or ``None``."""
    for _ in range(0, seconds, 10 * MINUTE):
        reason = await refusal(world, opened.token)
        if reason is not None:
            return reason
        world.clock.move(seconds=10 * MINUTE)
    return None


class TestOpening:
    """A session begins."""

    async def test_a_token_opens_its_session(self, world: World) -> None:
        """Whoever signed in is known by the token: person, tenant, account and what the tenant has settled."""
        ada = await world.create(ADA)
        opened = await signed_in(world, ada)
        found = await sessions_of(world).authenticate(opened.token)
        record = await world.database.resources.get(world.acme, "User", ada)
        tenant = await world.tenants.get("acme")
        assert record is not None
        assert found == Authenticated(opened.session, tenant, found.account, record, SignInSettings())
        assert found.account.display_name == "Ada Lovelace"

    async def test_what_is_kept_of_a_sign_in(self, world: World) -> None:
        """A session keeps how and from where it was opened, in one line that can be stored, and never its token."""
        ada = account_of(world, await world.create(ADA))
        sign_in = SignIn(ada, 0, SignInMethod.SAML, "connection-1", "ada@example.com", "_7")
        visitor = Visitor("192.0.2.7", "Mozilla\0\n" + "x" * 300)
        opened = await sessions_of(world).open(sign_in, SignInSettings(), visitor)
        now, end = render_time(START), render_time(START + timedelta(hours=12))
        assert opened.session == Session(
            account=ada,
            id=opened.session.id,
            token_hash=opened.session.token_hash,
            epoch=0,
            method=SignInMethod.SAML,
            created_at=now,
            last_seen_at=now,
            expires_at=end,
            connection_id="connection-1",
            subject="ada@example.com",
            session_index="_7",
            address="192.0.2.7",
            user_agent="Mozilla  " + "x" * 247,
        )
        assert opened.token not in repr(opened)
        assert opened.token.encode() not in opened.session.token_hash

    async def test_tokens_are_long_and_never_the_same(self, world: World) -> None:
        """A token has 256 random bits, and each sign-in makes another."""
        ada = await world.create(ADA)
        tokens = {(await signed_in(world, ada)).token for _ in range(20)}
        assert (len(tokens), {len(token) for token in tokens}) == (20, {43})

    async def test_signing_in_ends_the_session_that_was_there(self, world: World) -> None:
        """The token that the browser had is worth nothing afterwards, whosever it was; other browsers stay."""
        ada, grace = await world.create(ADA), await world.create(GRACE)
        planted, other = await signed_in(world, grace), await signed_in(world, grace)
        opened = await signed_in(world, ada, visitor=replace(VISITOR, session_token=planted.token))
        tokens = (planted.token, other.token, opened.token)
        assert [await refusal(world, token) for token in tokens] == [SessionRefusal.UNKNOWN, None, None]

    @pytest.mark.parametrize("token", ["", "x", "x" * 43, "x" * 44, "é" * 43, "\ud800" * 43], ids=ascii)
    async def test_a_strange_token_in_the_browser_is_no_obstacle(self, world: World, token: str) -> None:
        """Signing in works whatever the browser says that its session is."""
        opened = await signed_in(world, await world.create(ADA), visitor=replace(VISITOR, session_token=token))
        assert await refusal(world, opened.token) is None


class TestRefusals:
    """A token opens nothing."""

    @pytest.mark.parametrize(
        "token, reason",
        [
            ("", SessionRefusal.MALFORMED),
            ("x" * 42, SessionRefusal.MALFORMED),
            ("x" * 44, SessionRefusal.MALFORMED),
            ("é" * 43, SessionRefusal.MALFORMED),
            ("x" * 43, SessionRefusal.UNKNOWN),
        ],
    )
    async def test_a_token_of_no_session(self, world: World, token: str, reason: SessionRefusal) -> None:
        """What cannot be a token is not looked up, and what is none finds nothing."""
        await signed_in(world, await world.create(ADA))
        assert await refusal(world, token) is reason

    async def test_suspension_ends_every_session_and_reactivation_revives_none(self, world: World) -> None:
        """The next request of a suspended person is refused; after reactivation it still is, and signing in works."""
        ada, grace = await world.create(ADA), await world.create(GRACE)
        sessions = [await signed_in(world, ada), await signed_in(world, ada), await signed_in(world, grace)]
        await world.patch(ada, SUSPEND)
        assert [await refusal(world, each.token) for each in sessions] == [SessionRefusal.SUSPENDED] * 2 + [None]
        await world.patch(ada, REACTIVATE)
        assert [await refusal(world, each.token) for each in sessions] == [SessionRefusal.ENDED] * 2 + [None]
        assert await refusal(world, (await signed_in(world, ada, epoch=1)).token) is None

    async def test_removal_ends_every_session_and_restoring_revives_none(self, world: World) -> None:
        """A removed person is out with the next request, and stays out after being restored."""
        ada = await world.create(ADA)
        opened = await signed_in(world, ada)
        await world.delete(ada)
        assert await refusal(world, opened.token) is SessionRefusal.REMOVED
        await world.directory.perform(world.operator, RestoreResource(USER, ada))
        assert await refusal(world, opened.token) is SessionRefusal.ENDED

    async def test_another_password_ends_every_session(self, world: World) -> None:
        """Whoever was signed in by the password before is out; so after "end all sessions"."""
        ada = await world.create(ADA)
        operations: list[SetPassword | EndSessions] = [SetPassword(USER, ada, "hash"), EndSessions(USER, ada)]
        for epoch, operation in enumerate(operations):
            opened = await signed_in(world, ada, epoch=epoch)
            assert await refusal(world, opened.token) is None
            await world.directory.perform(world.operator, operation)
            assert await refusal(world, opened.token) is SessionRefusal.ENDED

    async def test_a_sign_in_that_was_overtaken_is_none(self, world: World) -> None:
        """Whoever is suspended and reactivated between the proof and the session has no session."""
        ada = await world.create(ADA)
        await world.patch(ada, SUSPEND)
        await world.patch(ada, REACTIVATE)
        assert await refusal(world, (await signed_in(world, ada, epoch=0)).token) is SessionRefusal.ENDED

    @pytest.mark.parametrize("status", [TenantStatus.SUSPENDED, TenantStatus.DELETED])
    async def test_a_tenant_that_is_not_served(self, world: World, status: TenantStatus) -> None:
        """Nobody of a suspended or deleted tenant is let in; a resumed one lets its people go on."""
        opened = await signed_in(world, await world.create(ADA))
        await world.database.tenants.set_status(world.acme, status, render_time(START))
        assert await refusal(world, opened.token) is SessionRefusal.TENANT_NOT_SERVED

    async def test_while_the_database_is_away_nobody_is_let_in(self, tmp_path: Path) -> None:
        """Without the database no session is good: it fails closed."""
        async with open_world(tmp_path) as world:
            opened = await signed_in(world, await world.create(ADA))
            await world.database.close()
            with pytest.raises(StoreUnavailableError):
                await sessions_of(world).authenticate(opened.token)


class TestLimits:
    """A session ends by itself."""

    async def test_the_idle_limit(self, world: World) -> None:
        """Thirty minutes after the last request a session is over, and not a moment before."""
        opened = await signed_in(world, await world.create(ADA))
        for _ in range(3):
            world.clock.move(seconds=30 * MINUTE - 0.001)
            assert await refusal(world, opened.token) is None
        world.clock.move(seconds=30 * MINUTE)
        assert await refusal(world, opened.token) is SessionRefusal.IDLE

    async def test_the_absolute_limit(self, world: World) -> None:
        """Twelve hours after the sign-in a session is over, however busy it was."""
        opened = await signed_in(world, await world.create(ADA))
        assert await use_until(world, opened, 12 * HOUR) is None
        world.clock.move(seconds=-0.001)
        assert await refusal(world, opened.token) is None
        world.clock.move(seconds=0.001)
        assert await refusal(world, opened.token) is SessionRefusal.EXPIRED

    async def test_limits_are_the_tenants_and_hold_at_once(self, world: World) -> None:
        """A limit that is shortened ends sessions that are there; one that is lengthened lets them go on being used."""
        opened = await signed_in(world, await world.create(ADA))
        world.clock.move(seconds=10 * MINUTE)
        await settle(world, ChangeSignInSettings(idle_minutes=10))
        assert await refusal(world, opened.token) is SessionRefusal.IDLE
        await settle(world, ChangeSignInSettings(idle_minutes=60, absolute_hours=1))
        assert await use_until(world, opened, 50 * MINUTE) is None
        assert await refusal(world, opened.token) is SessionRefusal.EXPIRED

    @pytest.mark.parametrize("hours, ends", [(1, 1), (13, 12)])
    async def test_the_identity_providers_limit_is_honoured(self, world: World, hours: int, ends: int) -> None:
        """``SessionNotOnOrAfter`` ends a session earlier, and never later, than the tenant's own limit."""
        sign_in = SignIn(
            account_of(world, await world.create(ADA)),
            0,
            SignInMethod.SAML,
            not_on_or_after=START + timedelta(hours=hours),
        )
        await settle(world, ChangeSignInSettings(sso=SingleSignOn.OPTIONAL))
        opened = await sessions_of(world).open(sign_in, await settings_of(world), VISITOR)
        assert opened.session.expires_at == render_time(START + timedelta(hours=ends))
        assert await use_until(world, opened, ends * HOUR) is None
        assert await refusal(world, opened.token) is SessionRefusal.EXPIRED

    async def test_a_clock_that_is_set_back_prolongs_nothing(self, world: World) -> None:
        """After a step back of more than a minute the sessions used since are over; a small one ends none."""
        opened = await signed_in(world, await world.create(ADA))
        world.clock.move(seconds=-MINUTE)
        assert await refusal(world, opened.token) is None
        world.clock.move(seconds=-1)
        assert await refusal(world, opened.token) is SessionRefusal.IDLE

    async def test_the_last_request_is_noted_once_a_minute(self, world: World) -> None:
        """However many requests come, the time of the last one is written at most once a minute."""
        opened = await signed_in(world, await world.create(ADA))
        seen = []
        for _ in range(7):
            world.clock.move(seconds=20)
            await sessions_of(world).authenticate(opened.token)
            (session,) = await stored(world)
            seen.append(session.last_seen_at)
        expected = [0, 0, 60, 60, 60, 120, 120]
        assert seen == [render_time(START + timedelta(seconds=seconds)) for seconds in expected]

    async def test_a_database_that_can_only_be_read_lets_people_go_on(self, world: World) -> None:
        """Where the time of the last request cannot be written, as on a full disk, people are served all the same."""
        opened = await signed_in(world, await world.create(ADA))

        class FullDisk:
            """The real store, on a disk that is full."""

            def __getattr__(self, name: str) -> object:
                return getattr(world.database.identity.sessions, name)

            async def touch(self, tenant_id: TenantId, session_id: str, at: str, *, not_since: str) -> None:
                raise StoreUnavailableError("disk full")

        store: SessionStore = FullDisk()  # type: ignore[assignment]  # everything but one method is the real store's
        world.clock.move(seconds=5 * MINUTE)
        found = await Sessions(store, world.clock, world.random_bytes).authenticate(opened.token)
        assert found.session == opened.session


class TestMethods:
    """A way of signing in that the tenant switches off holds nobody any longer."""

    @pytest.mark.parametrize(
        "sso, google_domain, allowed",
        [
            (SingleSignOn.OFF, None, {SignInMethod.PASSWORD}),
            (SingleSignOn.OFF, "example.com", {SignInMethod.PASSWORD, SignInMethod.GOOGLE}),
            (SingleSignOn.OPTIONAL, None, {SignInMethod.PASSWORD, SignInMethod.SAML}),
            (SingleSignOn.OPTIONAL, "example.com", set(SignInMethod)),
            (SingleSignOn.ONLY, "example.com", {SignInMethod.SAML}),
        ],
    )
    async def test_only_what_the_tenant_allows(
        self, world: World, sso: SingleSignOn, google_domain: str | None, allowed: set[SignInMethod]
    ) -> None:
        """Sessions opened by a way that is not allowed are refused from that moment on."""
        ada = await world.create(ADA)
        opened = {method: await signed_in(world, ada, method=method) for method in SignInMethod}
        await settle(world, ChangeSignInSettings(sso=sso, google_domain=google_domain))
        reasons = {method: await refusal(world, each.token) for method, each in opened.items()}
        assert reasons == {method: None if method in allowed else SessionRefusal.METHOD_OFF for method in SignInMethod}

    async def test_break_glass_accounts_always_may_use_a_password(self, world: World) -> None:
        """Where single sign-on is the only way, the accounts for emergencies still sign in by password."""
        (boss,) = await world.database.resources.list_records(world.acme, "BreakGlassAccount", after=None, limit=10)
        account = account_of(world, ResourceId(boss.stored.id), type_="BreakGlassAccount")
        await settle(world, ChangeSignInSettings(sso=SingleSignOn.ONLY))
        sign_in = SignIn(account, 0, SignInMethod.PASSWORD)
        opened = await sessions_of(world).open(sign_in, await settings_of(world), VISITOR)
        assert await refusal(world, opened.token) is None


@pytest.fixture(params=["sqlite", "postgres"])
async def shared_world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[World, str]]:
    """Yield a world on either engine with the address of its database, for another process to open it too."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/world.db"
    else:
        url = request.getfixturevalue("postgres_database")
        await migrate_database(url)
    async with open_world_in(url) as world:
        yield world, url


async def test_suspension_by_another_process_ends_sessions_here(shared_world: tuple[World, str]) -> None:
    """A person whom another process suspends is refused with the next request to this one."""
    world, url = shared_world
    ada, grace = await world.create(ADA), await world.create(GRACE)
    opened, other = await signed_in(world, ada), await signed_in(world, grace)
    assert [await refusal(world, each.token) for each in (opened, other)] == [None, None]
    command = (sys.executable, "-m", "tests.identity.suspending", url, world.acme, ada)
    process = await asyncio.create_subprocess_exec(*command)
    assert await process.wait() == 0
    assert [await refusal(world, each.token) for each in (opened, other)] == [SessionRefusal.SUSPENDED, None]


def test_every_refusal_has_a_word_of_its_own() -> None:
    """The words by which logs tell refusals apart."""
    assert sorted(reason.value for reason in SessionRefusal) == [
        "ended",
        "expired",
        "idle",
        "malformed",
        "method-off",
        "removed",
        "suspended",
        "tenant-not-served",
        "unknown",
    ]
