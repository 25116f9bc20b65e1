"""How somebody who is signed in changes their own password."""

import asyncio

import pytest

from musterbook.directory import Actor, ResourceId
from musterbook.directory.actor import sign_in_actor
from musterbook.directory.operation import HeldPermissions
from musterbook.directory.person import person_actor
from musterbook.identity.entry import NotLetInError
from musterbook.identity.landing import Proof
from musterbook.identity.new_password import WeakPasswordError
from musterbook.identity.password_change import PasswordChange
from musterbook.identity.password_refusal import TryLaterError
from musterbook.identity.password_sign_in import PasswordProven
from musterbook.identity.session_store import SignInMethod
from musterbook.identity.sessions import SessionRefusal, SignIn
from tests.directory.world import ADA, USER, World
from tests.identity.entrance import PASSWORD, Entrance
from tests.identity.people import VISITOR, account_of, refusal, sessions_of, signed_in

NAME = "ada@example.com"
CHOSEN = "canary otter kitchen"


class Desk:
    """Where Ada of acme, who is signed in, changes her password."""

    def __init__(self, entrance: Entrance, ada: ResourceId, *, max_waiting: int = 20) -> None:
        self.entrance = entrance
        self.ada = ada
        world = entrance.world
        hashes = Entrance(world, entrance.tenant, max_waiting=max_waiting).hashes
        self.changing = PasswordChange(world.directory, hashes, entrance.parts.slow_down)

    async def actor(self) -> Actor:
        """Return Ada."""
        world = self.entrance.world
        held = await world.directory.perform(sign_in_actor(world.acme, "r"), HeldPermissions(USER, self.ada))
        return person_actor(world.acme, held.person, held.permissions, "request-1")

    async def change(self, token: str, present: str = PASSWORD, chosen: str = CHOSEN) -> Proof:
        """Change the password in the browser with this token."""
        inside = await sessions_of(self.entrance.world).authenticate(token)
        return await self.changing.change(await self.actor(), inside, present, chosen)


@pytest.fixture
async def desk(world: World) -> Desk:
    """Return where Ada changes her password."""
    entrance = Entrance(world, await world.tenants.get("acme"))
    ada = await world.create(ADA)
    await entrance.set_password(ada)
    return Desk(entrance, ada)


async def test_a_change_ends_every_session_and_lands_anew(desk: Desk) -> None:
    """With the present password another is set; every session ends, and the proof opens a new one."""
    world = desk.entrance.world
    tokens = [(await signed_in(world, desk.ada, epoch=1)).token for _ in range(2)]
    proof = await desk.change(tokens[0])
    assert proof.sign_in == SignIn(account_of(world, desk.ada), 2, SignInMethod.PASSWORD)
    assert [await refusal(world, token) for token in tokens] == [SessionRefusal.ENDED] * 2
    landed = await sessions_of(world).open(proof.sign_in, proof.settings, VISITOR)
    assert await refusal(world, landed.token) is None
    assert isinstance(await desk.entrance.begin(NAME, CHOSEN), PasswordProven)


async def test_the_present_password_is_asked_for(desk: Desk) -> None:
    """A wrong one changes nothing, and after five guesses one has to wait; the session stays."""
    token = (await signed_in(desk.entrance.world, desk.ada, epoch=1)).token
    reasons = []
    for number in range(6):
        with pytest.raises(NotLetInError) as caught:
            await desk.change(token, f"guess {number}")
        reasons.append(caught.value.reason)
    assert reasons == ["wrong-password"] * 5 + ["too-many-tries"]
    assert await refusal(desk.entrance.world, token) is None
    assert isinstance(await desk.entrance.begin(NAME), PasswordProven)


async def test_whoever_has_no_password_changes_none(desk: Desk) -> None:
    """Somebody who came by the identity provider and has no password is refused."""
    world = desk.entrance.world
    grace = await world.create({"userName": "grace@example.com"})
    token = (await signed_in(world, grace)).token
    with pytest.raises(NotLetInError) as caught:
        await Desk(desk.entrance, grace).change(token)
    assert caught.value.reason == "no-password"


async def test_a_weak_password_is_refused(desk: Desk) -> None:
    """A password that cannot be chosen changes nothing, as often as one tries."""
    token = (await signed_in(desk.entrance.world, desk.ada, epoch=1)).token
    for chosen in ("short", "password1", "AdaLovelace1", "acme-acme-1", "ada@example.com", NAME, "password2"):
        with pytest.raises(WeakPasswordError):
            await desk.change(token, chosen=chosen)
    await desk.change(token)


async def test_a_crowd_holds_nothing_against_anybody(desk: Desk) -> None:
    """Where too many passwords are being checked, one comes again, and it was no failure."""
    full = Desk(desk.entrance, desk.ada, max_waiting=0)
    token = (await signed_in(desk.entrance.world, desk.ada, epoch=1)).token
    for _ in range(7):
        with pytest.raises(TryLaterError) as caught:
            await full.change(token)
        assert caught.value.is_busy
    await desk.change(token)


async def test_of_two_changes_at_once_one_takes_place(desk: Desk) -> None:
    """Two browsers that change the password at the same moment: one does, the other hears that it was overtaken."""
    tokens = [(await signed_in(desk.entrance.world, desk.ada, epoch=1)).token for _ in range(2)]
    words = ["canary otter kitchen", "canary heron cellar"]
    changes = (desk.change(token, chosen=word) for token, word in zip(tokens, words, strict=True))
    outcomes = await asyncio.gather(*changes, return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NotLetInError", "Proof"]
    chosen = words[[isinstance(outcome, Proof) for outcome in outcomes].index(True)]
    assert isinstance(await desk.entrance.begin(NAME, chosen), PasswordProven)
