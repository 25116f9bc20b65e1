"""How sessions are listed and ended."""

from musterbook.directory.operation import ChangeSignInSettings, EndSessions
from musterbook.directory.sign_in_settings import SignInSettings, SingleSignOn
from musterbook.identity.session_store import SignInMethod
from musterbook.identity.sessions import SessionRefusal, SignIn
from tests.directory.world import ADA, GRACE, USER, World
from tests.identity.people import VISITOR, account_of, refusal, sessions_of, settle, signed_in, stored

MINUTE = 60
HOUR = 60 * MINUTE
SUSPEND = {"op": "replace", "path": "active", "value": False}


class TestEnding:
    """Sessions are listed and ended."""

    async def test_one_sees_ones_own_sessions_that_are_good(self, world: World) -> None:
        """The list has the sessions of the account, oldest first, without those that a limit has ended."""
        ada, grace = await world.create(ADA), await world.create(GRACE)
        idle = await signed_in(world, ada)
        world.clock.move(seconds=29 * MINUTE)
        first = await signed_in(world, ada)
        world.clock.move(seconds=1)
        second = await signed_in(world, ada)
        await signed_in(world, grace)
        world.clock.move(seconds=1 * MINUTE)
        listed = await sessions_of(world).list(account_of(world, ada))
        assert listed == [first.session, second.session]
        assert idle.session in await stored(world)

    async def test_what_is_over_is_not_listed(self, world: World) -> None:
        """The sessions of a tenant are those that are good: not of the suspended, nor of an earlier epoch."""
        ada, grace = await world.create(ADA), await world.create(GRACE)
        await signed_in(world, ada)
        ended = await signed_in(world, grace)
        await world.directory.perform(world.operator, EndSessions(USER, grace))
        good = await signed_in(world, grace, epoch=1)
        await world.patch(ada, SUSPEND)
        assert [page async for page in sessions_of(world).list_tenant(world.acme)] == [[good.session]]
        assert await sessions_of(world).list(account_of(world, grace)) == [good.session]
        assert ended.session in await stored(world)
        assert [page async for page in sessions_of(world).list_tenant(world.globex)] == []

    async def test_one_ends_one_or_all_others(self, world: World) -> None:
        """One session is ended by its id; "all others" leaves this one alone; another person's is out of reach."""
        ada, grace = await world.create(ADA), await world.create(GRACE)
        mine = [await signed_in(world, ada) for _ in range(4)]
        other = await signed_in(world, grace)
        sessions = sessions_of(world)
        assert await sessions.end(account_of(world, ada), other.session.id) is False
        assert await sessions.end(account_of(world, ada), mine[0].session.id) is True
        assert await sessions.end_others(mine[2].session) == 2
        found = [await refusal(world, each.token) for each in (*mine, other)]
        assert found == [SessionRefusal.UNKNOWN, SessionRefusal.UNKNOWN, None, SessionRefusal.UNKNOWN, None]
        assert await sessions.end_all(account_of(world, ada)) == 1
        assert await refusal(world, mine[2].token) is SessionRefusal.UNKNOWN

    async def test_signing_out_ends_the_session_of_this_browser(self, world: World) -> None:
        """The session of a token is ended, also one that is over, and comes back once."""
        opened = await signed_in(world, await world.create(ADA))
        world.clock.move(seconds=24 * HOUR)
        ended = [await sessions_of(world).end_token(opened.token) for _ in range(2)]
        assert ended == [opened.session, None]
        assert await sessions_of(world).end_token("nonsense") is None

    async def test_a_single_logout_ends_the_subjects_sessions(self, world: World) -> None:
        """What the identity provider ends by subject and index is ended, and no other session."""
        ada = account_of(world, await world.create(ADA))
        sessions = sessions_of(world)
        opened = [
            await sessions.open(SignIn(ada, 0, SignInMethod.SAML, "c", "ada", index), SignInSettings(), VISITOR)
            for index in ("_1", "_2", "_3")
        ]
        await settle(world, ChangeSignInSettings(sso=SingleSignOn.OPTIONAL))
        assert await sessions.end_of_subject(world.acme, "c", "ada", ["_2"]) == 1
        reasons = [await refusal(world, each.token) for each in opened]
        assert reasons == [None, SessionRefusal.UNKNOWN, None]
        assert await sessions.end_of_subject(world.acme, "c", "ada") == 2
