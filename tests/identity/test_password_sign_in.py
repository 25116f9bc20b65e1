"""Signing in by password."""

import asyncio
import statistics
import time
from dataclasses import replace

import pytest
from argon2 import PasswordHasher
from msgspec import UnsetType

from musterbook.directory import Action, ResourceId, break_glass_type
from musterbook.directory.account import read_account
from musterbook.directory.operation import ChangeSignInSettings, EndSessions, RestoreResource, SetPassword
from musterbook.directory.sign_in_settings import SignInSettings, SingleSignOn
from musterbook.identity.accounts import AccountRef
from musterbook.identity.entry import Claim, NotLetInError
from musterbook.identity.landing import Proof
from musterbook.identity.password_refusal import TryLaterError, WrongCodeError
from musterbook.identity.password_sign_in import CodeNeeded, EnrolmentNeeded, PasswordProven, PasswordSignIn
from musterbook.identity.passwords import Argon2Hashes
from musterbook.identity.session_store import SignInMethod
from musterbook.identity.sessions import SignIn, Visitor
from tests.directory.world import ADA, GRACE, USER, World
from tests.identity.entrance import PASSWORD, CountingHasher, Entrance
from tests.identity.people import VISITOR, account_of, settle

NAME = "ada@example.com"
BOSS = "boss@acme.example"
SUSPEND = {"op": "replace", "path": "active", "value": False}


@pytest.fixture
async def entrance(world: World) -> Entrance:
    """Return the entrance of acme."""
    return Entrance(world, await world.tenants.get("acme"))


@pytest.fixture
async def ada(entrance: Entrance) -> ResourceId:
    """Return the id of Ada of acme, a member who has a password."""
    id_ = await entrance.world.create(ADA)
    await entrance.set_password(id_)
    return id_


async def boss_of(world: World) -> ResourceId:
    """Return the id of acme's break-glass account."""
    (boss,) = await world.database.resources.list_records(world.acme, "BreakGlassAccount", after=None, limit=10)
    return ResourceId(boss.stored.id)


async def hash_of(world: World, id_: ResourceId) -> str:
    """Return the hash of a person's password."""
    record = await world.database.resources.get(world.acme, "User", id_)
    assert record is not None
    password = read_account(record.account or "").password
    assert not isinstance(password, UnsetType)
    assert password.hash is not None
    return password.hash


async def refusal(entrance: Entrance, name: str, password: str = PASSWORD, visitor: Visitor = VISITOR) -> NotLetInError:
    """Return why somebody is not let in."""
    with pytest.raises(NotLetInError) as caught:
        await entrance.begin(name, password, visitor)
    return caught.value


def proof_of(entrance: Entrance, account: AccountRef, *, epoch: int = 1) -> Proof:
    """Return what a password proves."""
    return Proof(entrance.tenant, SignIn(account, epoch, SignInMethod.PASSWORD), SignInSettings(), "/me")


class TestPassword:
    """The first step."""

    @pytest.mark.parametrize("name", [NAME, "ADA@Example.com", f"  {NAME} ", "\uff21DA@example.com"])
    async def test_a_member_needs_no_more_than_the_password(
        self, entrance: Entrance, ada: ResourceId, name: str
    ) -> None:
        """Whoever may change nothing but themselves is let in by the password, however the name is typed."""
        outcome = await entrance.begin(name)
        assert isinstance(outcome, PasswordProven)
        assert outcome == PasswordProven(proof_of(entrance, account_of(entrance.world, ada)), outcome.device)
        assert entrance.parts.devices.recognise(outcome.device, entrance.tenant.id, NAME) is not None

    @pytest.mark.parametrize("name", ["grace@example.com", "", "\0", "\ud800", "x" * 10_000, NAME + "\0"], ids=ascii)
    async def test_an_unknown_name(self, entrance: Entrance, ada: ResourceId, name: str) -> None:
        """A name of nobody lets nobody in, whatever text it is."""
        error = await refusal(entrance, name)
        assert (error.reason, error.claim) == ("unknown", Claim(name))

    async def test_reasons_are_told_apart_in_the_log_alone(self, entrance: Entrance, ada: ResourceId) -> None:
        """A wrong password, none at all, and suspension have reasons of their own for administrators."""
        grace = await entrance.world.create(GRACE)
        assert (await refusal(entrance, NAME, "wrong")).reason == "wrong-password"
        assert (await refusal(entrance, "grace@example.com")).reason == "no-password"
        await entrance.world.patch(ada, SUSPEND)
        error = await refusal(entrance, NAME)
        assert (error.reason, error.claim) == ("suspended", Claim(NAME, account_of(entrance.world, ada)))
        assert (await refusal(entrance, NAME, "wrong")).reason == "wrong-password"
        await entrance.world.delete(grace)
        assert (await refusal(entrance, "grace@example.com")).reason == "unknown"

    async def test_each_tenant_has_its_own_people(self, entrance: Entrance, ada: ResourceId) -> None:
        """A name and password of acme let nobody in at globex."""
        globex = Entrance(entrance.world, await entrance.world.tenants.get("globex"))
        assert (await refusal(globex, NAME)).reason == "unknown"

    async def test_single_sign_on_only(self, entrance: Entrance, ada: ResourceId) -> None:
        """Where single sign-on is the only way, a right password is refused, but not that of a break-glass account."""
        boss = await boss_of(entrance.world)
        await entrance.set_password(boss, break_glass_type())
        await settle(entrance.world, ChangeSignInSettings(sso=SingleSignOn.ONLY))
        assert (await refusal(entrance, NAME)).reason == "not-offered"
        assert isinstance(await entrance.begin(BOSS), EnrolmentNeeded)

    async def test_a_person_cannot_stand_in_front_of_a_break_glass_account(self, entrance: Entrance) -> None:
        """Where a person is provisioned under the name of a break-glass account, that account is meant, and nobody
        else; only while it has no password the person signs in.
        """
        world = entrance.world
        namesake = await world.create({"userName": BOSS})
        await entrance.set_password(namesake, password="password of the namesake")
        outcome = await entrance.begin(BOSS, "password of the namesake")
        assert isinstance(outcome, PasswordProven)
        assert outcome.proof.sign_in.account == account_of(world, namesake)
        await entrance.set_password(await boss_of(world), break_glass_type())
        assert (await refusal(entrance, BOSS, "password of the namesake")).reason == "wrong-password"
        assert isinstance(await entrance.begin(BOSS), EnrolmentNeeded)

    async def test_a_hash_of_yesterday_is_made_anew(self, entrance: Entrance, ada: ResourceId) -> None:
        """A right password whose hash has other parameters than those of today is hashed by these; a wrong one, and
        one that has them, change nothing.
        """
        world = entrance.world
        today = Entrance(world, entrance.tenant, PasswordHasher(time_cost=2, memory_cost=8, parallelism=1))
        assert (await refusal(today, NAME, "wrong")).reason == "wrong-password"
        before = await hash_of(world, ada)
        proven = [await today.begin(NAME) for _ in range(2)]
        after = await hash_of(world, ada)
        assert (before[:26], after[:26]) == ("$argon2id$v=19$m=8,t=1,p=1", "$argon2id$v=19$m=8,t=2,p=1")
        epochs = [each.proof.sign_in.epoch for each in proven if isinstance(each, PasswordProven)]
        assert epochs == [2, 2]

    async def test_a_password_that_is_changed_meanwhile_is_not_undone(
        self, entrance: Entrance, ada: ResourceId
    ) -> None:
        """Where the owner sets another password while the former one is hashed anew, the owner's stays, and the former
        one lets nobody in.
        """
        world = entrance.world

        class Overtaken(Argon2Hashes):
            """Hashes during which the owner sets another password."""

            async def make(self, password: str) -> str:
                """Return a hash, after the password was changed."""
                hashed = await super().make(password)
                if password == PASSWORD:
                    await entrance.set_password(ada, password="the owner's other one")
                return hashed

        today = Entrance(world, entrance.tenant)
        hashes = Overtaken(PasswordHasher(time_cost=2, memory_cost=8, parallelism=1))
        today.sign_in = PasswordSignIn(
            world.directory, replace(today.parts, hashes=hashes), world.clock, world.random_bytes
        )
        assert (await refusal(today, NAME)).reason == "overtaken"
        assert (await refusal(entrance, NAME)).reason == "wrong-password"
        assert isinstance(await entrance.begin(NAME, "the owner's other one"), PasswordProven)

    async def test_all_refusals_take_the_same_time(self, entrance: Entrance, ada: ResourceId) -> None:
        """Of 200 interleaved tries each, the medians for a wrong password, an unknown name, a suspended person and one
        without a password lie within 5 ms.
        """
        world = entrance.world
        suspended = await world.create({"userName": "suspended@example.com"})
        await entrance.set_password(suspended)
        await world.patch(suspended, SUSPEND)
        await world.create(GRACE)
        tries = {
            "wrong": (NAME, "wrong"),
            "unknown": ("nobody@example.com", "wrong"),
            "suspended": ("suspended@example.com", PASSWORD),
            "without": ("grace@example.com", "wrong"),
        }
        seconds: dict[str, list[float]] = {kind: [] for kind in tries}
        for _ in range(200):
            world.clock.move(seconds=16 * 60)
            for kind, (name, password) in tries.items():
                began = time.perf_counter()
                await refusal(entrance, name, password)
                seconds[kind].append(time.perf_counter() - began)
        medians = [statistics.median(each) for each in seconds.values()]
        assert max(medians) - min(medians) < 0.005


class TestSecondFactor:
    """The second step."""

    async def test_an_administrator_sets_one_up_at_the_first_sign_in(self, entrance: Entrance, ada: ResourceId) -> None:
        """An administrator without a second factor gets in by setting one up, is shown recovery codes once, and it is
        in the history; from then on a code is asked for.
        """
        world = entrance.world
        await entrance.make_administrator(ada)
        ticket = await entrance.ticket(NAME)
        enrolment = await entrance.sign_in.show(entrance.tenant, ticket, VISITOR)
        assert enrolment is not None
        proven = await entrance.finish(ticket, entrance.code(enrolment.secret))
        assert proven.proof == proof_of(entrance, account_of(world, ada))
        assert len(proven.recovery_codes) == 10
        assert (await world.actions(ada))[-1] == Action.SECOND_FACTOR_SET.value
        world.clock.move(seconds=60)
        outcome = await entrance.begin(NAME)
        assert isinstance(outcome, CodeNeeded)
        assert await entrance.sign_in.show(entrance.tenant, outcome.ticket, VISITOR) is None
        again = await entrance.finish(outcome.ticket, entrance.code(enrolment.secret))
        assert (again.proof, again.recovery_codes) == (proven.proof, ())

    async def test_whoever_has_one_needs_it(self, entrance: Entrance, ada: ResourceId) -> None:
        """A member who has set up a second factor is asked for it, too; a recovery code stands in for the app."""
        await entrance.make_administrator(ada)
        _, codes = await entrance.enrol(NAME)
        ticket = await entrance.ticket(NAME)
        assert (await entrance.finish(ticket, codes[3])).recovery_codes == ()
        with pytest.raises(WrongCodeError):
            await entrance.finish(await entrance.ticket(NAME), codes[3])

    async def test_wrong_codes_end_the_sign_in(self, entrance: Entrance, ada: ResourceId) -> None:
        """Four wrong codes may be entered again; the fifth ends the sign-in, and the password comes first again."""
        await entrance.make_administrator(ada)
        secret, _ = await entrance.enrol(NAME)
        ticket = await entrance.ticket(NAME)
        over = []
        for _ in range(5):
            entrance.world.clock.move(seconds=60)
            with pytest.raises(WrongCodeError) as caught:
                await entrance.finish(ticket, "000000")
            over.append(caught.value.is_over)
        assert over == [False] * 4 + [True]
        with pytest.raises(NotLetInError) as late:
            await entrance.finish(ticket, entrance.code(secret))
        assert late.value.reason == "attempt"

    async def test_codes_cannot_be_guessed(self, entrance: Entrance, ada: ResourceId) -> None:
        """Who knows the password and enters it again and again has fourteen guesses at the code in ten minutes."""
        await entrance.make_administrator(ada)
        await entrance.enrol(NAME)
        tried = 0
        for _ in range(600):
            entrance.world.clock.move(seconds=1)
            try:
                ticket = await entrance.ticket(NAME)
                await entrance.finish(ticket, "000000")
            except WrongCodeError:
                tried += 1
            except TryLaterError:
                continue
        assert tried <= 15

    async def test_a_ticket_is_good_for_its_own_browser_tenant_and_time(
        self, entrance: Entrance, ada: ResourceId
    ) -> None:
        """Another browser, another tenant, a changed or used ticket, or one of ten minutes ago goes nowhere."""
        await entrance.make_administrator(ada)
        secret, _ = await entrance.enrol(NAME)
        globex = Entrance(entrance.world, await entrance.world.tenants.get("globex"))
        ticket = await entrance.ticket(NAME)
        entrance.world.clock.move(seconds=60)
        attempt_id, _, token = ticket.partition(".")
        strangers = ["", attempt_id, f"{attempt_id}.", f"{attempt_id}.{token}x", f".{token}", "\ud800.\0", "x" * 999]
        for where, text in [*((entrance, text) for text in strangers), (globex, ticket)]:
            with pytest.raises(NotLetInError) as caught:
                await where.finish(text, entrance.code(secret))
            assert caught.value.reason == "attempt"
        late = await entrance.ticket(NAME)
        await entrance.finish(ticket, entrance.code(secret))
        entrance.world.clock.move(seconds=600)
        for text in (ticket, late):
            with pytest.raises(NotLetInError) as caught:
                await entrance.finish(text, entrance.code(secret))
            assert caught.value.reason == "attempt"

    async def test_a_secret_that_somebody_saw_before_is_worth_nothing(
        self, entrance: Entrance, ada: ResourceId
    ) -> None:
        """Of two sign-ins that set up a second factor, only the one that began last can; the other begins anew."""
        await entrance.make_administrator(ada)
        first, second = await entrance.ticket(NAME), await entrance.ticket(NAME)
        seen = [await entrance.sign_in.show(entrance.tenant, ticket, VISITOR) for ticket in (first, second)]
        codes = [entrance.code(each.secret) for each in seen if each is not None]
        with pytest.raises(WrongCodeError):
            await entrance.finish(first, codes[0])
        assert len((await entrance.finish(second, codes[1])).recovery_codes) == 10

    async def test_whoever_comes_back_sets_one_up_anew(self, entrance: Entrance, ada: ResourceId) -> None:
        """After removal and restoring the former second factor is worth nothing, and another is set up."""
        world = entrance.world
        await entrance.make_administrator(ada)
        former, _ = await entrance.enrol(NAME)
        await world.delete(ada)
        world.clock.move(seconds=3600)
        await world.directory.perform(world.operator, RestoreResource(USER, ada))
        await entrance.set_password(ada)
        secret, codes = await entrance.enrol(NAME)
        assert (secret != former, len(codes)) == (True, 10)

    @pytest.mark.parametrize("how", ["suspended", "sessions", "removed", "password"])
    async def test_what_happens_meanwhile_counts(self, entrance: Entrance, ada: ResourceId, how: str) -> None:
        """Whoever is suspended or removed, or whose sessions end, between password and code is not let in."""
        world = entrance.world
        await entrance.make_administrator(ada)
        secret, _ = await entrance.enrol(NAME)
        world.clock.move(seconds=60)
        ticket = await entrance.ticket(NAME)
        match how:
            case "suspended":
                await world.patch(ada, SUSPEND)
            case "removed":
                await world.delete(ada)
            case "sessions":
                await world.directory.perform(world.operator, EndSessions(USER, ada))
            case _:
                await world.directory.perform(world.operator, SetPassword(USER, ada, "hash"))
        with pytest.raises(NotLetInError) as caught:
            await entrance.finish(ticket, entrance.code(secret))
        assert caught.value.reason == ("unknown" if how == "removed" else "overtaken")

    async def test_two_codes_at_once_are_two_tries(self, entrance: Entrance, ada: ResourceId) -> None:
        """Of many who enter the right code at once with one ticket, one is let in."""
        await entrance.make_administrator(ada)
        secret, _ = await entrance.enrol(NAME)
        entrance.world.clock.move(seconds=60)
        ticket = await entrance.ticket(NAME)
        code = entrance.code(secret)
        outcomes = await asyncio.gather(*(entrance.finish(ticket, code) for _ in range(5)), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes].count(PasswordProven) == 1


class TestSlowDown:
    """Guesses."""

    @pytest.mark.parametrize("name", [NAME, "nobody@example.com"])
    async def test_ten_thousand_guesses_are_few_hashes(self, entrance: Entrance, ada: ResourceId, name: str) -> None:
        """Of 10 000 guesses at one account within ten minutes, from as many addresses, at most 20 reach the hasher,
        whether it is anybody's or not.
        """
        hasher = CountingHasher()
        guessed = Entrance(entrance.world, entrance.tenant, hasher)
        for number in range(10_000):
            entrance.world.clock.move(seconds=0.06)
            visitor = replace(VISITOR, address=f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
            await refusal(guessed, name, f"guess {number}", visitor)
        assert 5 <= len(hasher.guesses) <= 20

    async def test_the_owner_comes_in_meanwhile(self, entrance: Entrance, ada: ResourceId) -> None:
        """While others guess, a browser in which the owner signed in before is let in; any other has to wait."""
        proven = await entrance.begin(NAME)
        assert isinstance(proven, PasswordProven)
        for _ in range(20):
            await refusal(entrance, NAME, "wrong", replace(VISITOR, address="198.51.100.1"))
        error = await refusal(entrance, NAME)
        assert isinstance(error, TryLaterError)
        assert (error.reason, error.is_busy, error.retry_after_seconds) == ("too-many-tries", False, 1)
        assert isinstance(await entrance.begin(NAME, visitor=replace(VISITOR, device=proven.device)), PasswordProven)
        other = replace(VISITOR, device=entrance.parts.devices.issue(entrance.tenant.id, "grace@example.com"))
        assert isinstance(await refusal(entrance, NAME, visitor=other), TryLaterError)

    async def test_a_known_device_may_not_guess_for_ever(self, entrance: Entrance, ada: ResourceId) -> None:
        """The guesses of a known device are counted, too."""
        proven = await entrance.begin(NAME)
        assert isinstance(proven, PasswordProven)
        visitor = replace(VISITOR, device=proven.device)
        errors = [await refusal(entrance, NAME, "wrong", visitor) for _ in range(7)]
        assert [isinstance(error, TryLaterError) for error in errors] == [False] * 5 + [True] * 2

    async def test_a_crowd_is_sent_away_and_not_held_against_anybody(self, entrance: Entrance, ada: ResourceId) -> None:
        """Where too many passwords are being checked, whoever comes is told when to come back, and it is no failure."""
        full = Entrance(entrance.world, entrance.tenant, max_waiting=0)
        for _ in range(10):
            error = await refusal(full, NAME)
            assert isinstance(error, TryLaterError)
            assert (error.reason, error.is_busy, error.retry_after_seconds) == ("busy", True, 2)
        assert isinstance(await entrance.begin(NAME), PasswordProven)
