"""What is kept of sign-ins, and how much."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from musterbook.directory import TenantId, make_id, render_time
from musterbook.identity.accounts import AccountRef
from musterbook.identity.entry import Claim, EntryRefusal, NotLetInError
from musterbook.identity.log_store import LogLimits, LogRow
from musterbook.identity.session_store import SignInMethod
from musterbook.identity.sessions import SignIn, Visitor
from musterbook.identity.sign_in_log import MAX_PER_MINUTE, SignInEntry, SignInLog, SignInOutcome, first_id
from tests.directory.world import ADA, START, World, open_world
from tests.identity.people import VISITOR, account_of

UNKNOWN = NotLetInError(EntryRefusal.UNKNOWN.value, "Nobody has this name.", Claim("ada@example.com"))


def log_of(world: World) -> SignInLog:
    """Return the log of all tenants."""
    return SignInLog(world.database.identity.log, world.clock, world.random_bytes)


async def refuse(log: SignInLog, world: World, error: NotLetInError = UNKNOWN, visitor: Visitor = VISITOR) -> None:
    """Note that somebody was not let in at acme."""
    await log.refuse(world.acme, SignInMethod.PASSWORD, error, visitor)


async def test_an_entry_says_who_how_and_why(world: World) -> None:
    """A refusal is kept with reason, detail and name, a sign-in with its account; newest first, of one tenant alone."""
    ada = account_of(world, await world.create(ADA))
    log = log_of(world)
    await refuse(log, world)
    world.clock.move(seconds=1)
    await log.admit(SignIn(ada, 0, SignInMethod.SAML, subject="ada@example.com"), VISITOR)
    admitted, refused = await log.list(world.acme)
    assert refused == SignInEntry(
        tenant_id=world.acme,
        id=refused.id,
        at=render_time(START),
        outcome=SignInOutcome.REFUSED,
        method=SignInMethod.PASSWORD,
        reason="unknown",
        detail="Nobody has this name.",
        account=None,
        claimed="ada@example.com",
        address="192.0.2.7",
        request_id="request-1",
    )
    expected = replace(
        refused, id=admitted.id, at=admitted.at, outcome=SignInOutcome.SIGNED_IN, reason=None, detail=None
    )
    assert admitted == replace(expected, method=SignInMethod.SAML, account=ada)
    assert await log.list(world.acme, before=admitted.id) == [refused]
    assert await log.list_of(ada) == [admitted]
    assert await log.list(world.globex) == []


@pytest.mark.parametrize(
    "name, is_known, kept",
    [
        ("ada@example.com", False, "ada@example.com"),
        ("canary-Pa55word", False, None),
        ("ada", True, "ada"),
        ("a@b\r\nforged: line\x1b[2J\ud800", False, "a@b\ufffd\ufffdforged: line\ufffd[2J\ufffd"),
        ("a@" + "b" * 300, False, "a@" + "b" * 254),
        (None, True, None),
    ],
)
async def test_what_is_kept_of_a_name(world: World, name: str | None, *, is_known: bool, kept: str | None) -> None:
    """A text that is neither an address nor a name known here may be a password; what is kept is one bounded line."""
    ada = account_of(world, await world.create(ADA))
    await refuse(log_of(world), world, NotLetInError("unknown", "", Claim(name, ada if is_known else None)))
    (entry,) = await log_of(world).list(world.acme)
    assert entry.claimed == kept


async def test_a_flood_does_not_fill_the_log(world: World) -> None:
    """In a minute at most so many refusals of a tenant are kept; sign-ins, the next minute and other tenants are not
    touched by that.
    """
    ada = account_of(world, await world.create(ADA))
    log = log_of(world)
    for _ in range(MAX_PER_MINUTE + 20):
        await refuse(log, world)
    assert len(await log.list(world.acme, limit=1000)) == MAX_PER_MINUTE
    await log.admit(SignIn(ada, 0, SignInMethod.PASSWORD), VISITOR)
    await log.refuse(world.globex, SignInMethod.PASSWORD, UNKNOWN, VISITOR)
    world.clock.move(seconds=60)
    await refuse(log, world)
    assert len(await log.list(world.acme, limit=1000)) == MAX_PER_MINUTE + 2
    assert len(await log.list(world.globex)) == 1


class CountedStore:
    """The real store of the log, which counts what is written."""

    def __init__(self, world: World) -> None:
        self._store = world.database.identity.log
        self.writes = 0

    async def add(self, row: LogRow, limits: LogLimits) -> bool:
        """Write a row."""
        self.writes += 1
        return await self._store.add(row, limits)

    async def list(self, tenant_id: TenantId, *, before: str | None = None, limit: int = 100) -> Sequence[LogRow]:
        """Return rows."""
        return await self._store.list(tenant_id, before=before, limit=limit)

    async def list_of(self, account: AccountRef, *, limit: int = 100) -> Sequence[LogRow]:
        """Return rows."""
        return await self._store.list_of(account, limit=limit)


async def test_a_flood_does_not_reach_the_database(world: World) -> None:
    """Once the log of a minute is full, what comes in it is not even tried to write."""
    store = CountedStore(world)
    log = SignInLog(store, world.clock, world.random_bytes)
    for _ in range(MAX_PER_MINUTE * 3):
        await refuse(log, world)
    assert store.writes == MAX_PER_MINUTE + 1


async def test_entries_go_after_ninety_days(world: World) -> None:
    """What is older than ninety days is gone as soon as something is written, and nothing younger is."""
    log = log_of(world)
    await refuse(log, world)
    world.clock.move(seconds=86_400)
    await refuse(log, world)
    world.clock.move(seconds=89 * 86_400 + 1)
    await refuse(log, world)
    assert [entry.at[:10] for entry in await log.list(world.acme)] == ["2027-02-21", "2026-11-24"]


async def test_a_database_that_is_away_fails_no_sign_in(tmp_path: Path) -> None:
    """Where nothing can be written, whoever asks is answered all the same."""
    async with open_world(tmp_path) as world:
        store = CountedStore(world)
        await world.database.close()
        await refuse(SignInLog(store, world.clock, world.random_bytes), world)
        assert store.writes == 1


def test_an_id_of_a_moment_comes_before_all_that_are_made_in_it() -> None:
    """What limits a minute sorts before the ids that are made in it, and after those made before."""
    just_before = START - timedelta(milliseconds=1)
    assert make_id(just_before, lambda count: b"\xff" * count) < first_id(START) < make_id(START, bytes)
