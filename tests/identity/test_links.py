"""Links by which somebody comes to a password."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from musterbook.directory import Action, ResourceId, TenantStatus, break_glass_type, render_time
from musterbook.directory.operation import ChangeSignInSettings
from musterbook.directory.sign_in_settings import SingleSignOn
from musterbook.identity.entry import NotLetInError
from musterbook.identity.links import IssuedLink, LinkParts, Links, address_in
from musterbook.identity.new_password import PasswordWeakness, WeakPasswordError
from musterbook.identity.password_refusal import LinkExpiredError, LinkUnknownError, TryLaterError
from musterbook.identity.password_sign_in import CodeNeeded, EnrolmentNeeded, PasswordProven
from musterbook.identity.password_store import LinkPurpose
from musterbook.identity.sessions import SessionRefusal, SessionRefusedError
from tests.directory.world import ADA, START, World, open_world
from tests.identity.entrance import PASSWORD, Entrance
from tests.identity.letterbox import KeptMail
from tests.identity.people import VISITOR, account_of, sessions_of, settle, signed_in

NAME = "ada@example.com"
CHOSEN = "canary otter kitchen"
SUSPEND = {"op": "replace", "path": "active", "value": False}


class Office:
    """Who makes links at acme."""

    def __init__(self, entrance: Entrance, mail: KeptMail) -> None:
        identity = entrance.world.database.identity
        self.entrance = entrance
        self.mail = mail
        parts = LinkParts(identity.links, identity.accounts, entrance.hashes, entrance.parts.slow_down, mail)
        self.links = Links(
            entrance.world.directory,
            parts,
            "https://directory.example",
            entrance.world.clock,
            entrance.world.random_bytes,
        )

    @property
    def world(self) -> World:
        """The world that it works in."""
        return self.entrance.world

    async def token(self, id_: ResourceId, purpose: LinkPurpose = LinkPurpose.RESET) -> str:
        """Make a link for somebody of acme and return its token."""
        return token_of(await self.links.issue(account_of(self.world, id_), purpose))

    async def refusal(self, token: str, password: str = CHOSEN) -> type[NotLetInError]:
        """Return how a link is refused."""
        with pytest.raises(NotLetInError) as caught:
            await self.links.set_password(token, password, VISITOR)
        return type(caught.value)


def token_of(issued: IssuedLink) -> str:
    """Return the token in the address of a link."""
    return issued.url.removeprefix("https://directory.example/setup/")


@pytest.fixture
async def office(world: World) -> Office:
    """Return who makes links at acme."""
    return Office(Entrance(world, await world.tenants.get("acme")), KeptMail())


@pytest.fixture
async def ada(office: Office) -> ResourceId:
    """Return the id of Ada of acme."""
    return await office.world.create(ADA)


async def test_a_link_sets_a_password_once(office: Office, ada: ResourceId) -> None:
    """Whoever has the link sets a password with which they sign in; the link is used up by that, and in the history
    stands that there is a password.
    """
    token = await office.token(ada, LinkPurpose.SET_UP)
    opened = await office.links.open(token, VISITOR)
    assert (opened.link.purpose, opened.tenant.slug, opened.held.person.user_name) == (LinkPurpose.SET_UP, "acme", NAME)
    await office.links.set_password(token, CHOSEN, VISITOR)
    assert isinstance(await office.entrance.begin(NAME, CHOSEN), PasswordProven)
    assert await office.refusal(token) is LinkUnknownError
    with pytest.raises(LinkUnknownError):
        await office.links.open(token, VISITOR)
    assert (await office.world.actions(ada))[-1] == Action.PASSWORD_SET.value


async def test_of_many_who_use_a_link_one_does(office: Office, ada: ResourceId) -> None:
    """Two who have one link and use it at once cannot both set a password."""
    token = await office.token(ada)
    words = [f"{CHOSEN} {number}" for number in range(5)]
    outcomes = await asyncio.gather(
        *(office.links.set_password(token, word, VISITOR) for word in words), return_exceptions=True
    )
    assert [type(each) for each in outcomes].count(LinkUnknownError) == 4
    right = [word for word in words if isinstance(await attempt(office, word), PasswordProven)]
    assert right == [words[number] for number, each in enumerate(outcomes) if not isinstance(each, Exception)]


async def attempt(office: Office, word: str) -> object:
    """Return what comes of signing in with a password."""
    office.world.clock.move(seconds=16 * 60)
    try:
        return await office.entrance.begin(NAME, word)
    except NotLetInError as error:
        return error


@pytest.mark.parametrize("purpose, seconds", [(LinkPurpose.SET_UP, 7 * 86_400), (LinkPurpose.RESET, 3600)])
async def test_a_link_expires(office: Office, ada: ResourceId, purpose: LinkPurpose, seconds: int) -> None:
    """A set-up link is good for a week, a reset link for an hour, and not a moment longer."""
    token = await office.token(ada, purpose)
    office.world.clock.move(seconds=seconds - 0.001)
    assert (await office.links.open(token, VISITOR)).link.purpose is purpose
    office.world.clock.move(seconds=0.001)
    assert await office.refusal(token) is LinkExpiredError


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "x" * 300, "é", "\ud800"], ids=ascii)
async def test_a_link_that_was_never_made(office: Office, ada: ResourceId, token: str) -> None:
    """Any other text opens nothing."""
    await office.token(ada)
    assert await office.refusal(token) is LinkUnknownError


async def test_a_new_link_takes_the_place_of_the_old(office: Office, ada: ResourceId) -> None:
    """An account has one link at a time."""
    old, new = await office.token(ada, LinkPurpose.SET_UP), await office.token(ada)
    assert await office.refusal(old) is LinkUnknownError
    await office.links.set_password(new, CHOSEN, VISITOR)


@pytest.mark.parametrize("how", ["suspended", "removed", "tenant", "single sign-on"])
async def test_whoever_could_not_sign_in_sets_no_password(office: Office, ada: ResourceId, how: str) -> None:
    """A link of somebody who is suspended or removed, or whose organization is not served or takes no passwords, opens
    nothing.
    """
    token = await office.token(ada)
    world = office.world
    match how:
        case "suspended":
            await world.patch(ada, SUSPEND)
        case "removed":
            await world.delete(ada)
        case "tenant":
            await world.database.tenants.set_status(world.acme, TenantStatus.SUSPENDED, render_time(START))
        case _:
            await settle(world, ChangeSignInSettings(sso=SingleSignOn.ONLY))
    assert await office.refusal(token) is LinkUnknownError


async def test_a_weak_password_leaves_the_link_good(office: Office, ada: ResourceId) -> None:
    """A password that cannot be chosen is refused with the reason, names of person and organization among them."""
    token = await office.token(ada)
    expected = {
        "short": PasswordWeakness.TOO_SHORT,
        "password1": PasswordWeakness.COMMON,
        "AdaLovelace1": PasswordWeakness.CONTEXT,
        "acme-acme-12": PasswordWeakness.CONTEXT,
    }
    for word, weakness in expected.items():
        with pytest.raises(WeakPasswordError) as caught:
            await office.links.set_password(token, word, VISITOR)
        assert caught.value.weakness is weakness
    await office.links.set_password(token, CHOSEN, VISITOR)


async def test_a_crowd_leaves_the_link_good(office: Office, ada: ResourceId) -> None:
    """Where too many passwords are being checked, whoever has the link comes again."""
    token = await office.token(ada)
    full = Office(Entrance(office.world, office.entrance.tenant, max_waiting=0), office.mail)
    assert await full.refusal(token) is TryLaterError
    await office.links.set_password(token, CHOSEN, VISITOR)


async def test_a_reset_ends_every_session_and_goes_around_no_second_factor(office: Office, ada: ResourceId) -> None:
    """After a reset whoever was signed in is out, and the new password alone lets no administrator in."""
    entrance = office.entrance
    await entrance.set_password(ada)
    await entrance.make_administrator(ada)
    await entrance.enrol(NAME)
    opened = await signed_in(office.world, ada, epoch=1)
    await office.links.set_password(await office.token(ada), CHOSEN, VISITOR)
    with pytest.raises(SessionRefusedError) as caught:
        await sessions_of(office.world).authenticate(opened.token)
    assert caught.value.reason is SessionRefusal.ENDED
    assert isinstance(await entrance.begin(NAME, CHOSEN), CodeNeeded)


async def test_the_first_administrator_sets_up(office: Office) -> None:
    """The link that a tenant begins with lets its first administrator choose a password, and then a second factor."""
    world = office.world
    created = await world.tenants.create("initech", "Initech", "boss@initech.example", "command-9")
    opened = await office.links.set_password(created.setup_token, CHOSEN, VISITOR)
    assert (opened.link.account.resource_type, opened.link.purpose) == (break_glass_type().name, LinkPurpose.SET_UP)
    initech = Entrance(world, await world.tenants.get("initech"))
    assert isinstance(await initech.begin("boss@initech.example", CHOSEN), EnrolmentNeeded)


class TestAskingForReset:
    """Somebody has forgotten the password."""

    async def test_a_letter_with_a_link_comes(self, office: Office, ada: ResourceId) -> None:
        """Whoever has a password gets a letter, with a link that works."""
        await office.entrance.set_password(ada)
        await office.links.ask_for_reset(office.entrance.tenant, " ADA@example.com", VISITOR)
        await office.links.settle()
        (letter,) = office.mail.letters
        assert (letter.to, letter.subject) == (NAME, "Another password at Acme")
        token = letter.text.split("https://directory.example/setup/")[1].split("\n")[0]
        await office.links.set_password(token, CHOSEN, VISITOR)
        assert office.links.can_be_mailed is True

    async def test_nobody_learns_who_is_there(self, office: Office, ada: ResourceId) -> None:
        """Of an unknown name, somebody without a password, or suspended, comes no letter, and the same answer."""
        await office.links.ask_for_reset(office.entrance.tenant, NAME, VISITOR)
        await office.entrance.set_password(ada)
        await office.world.patch(ada, SUSPEND)
        for name in (NAME, "nobody@example.com", "\0", ""):
            await office.links.ask_for_reset(office.entrance.tenant, name, replace(VISITOR, address=name))
        await office.links.settle()
        assert office.mail.letters == []

    @pytest.mark.parametrize("name", [NAME, "nobody@example.com"])
    async def test_nobody_is_flooded_with_letters(self, office: Office, ada: ResourceId, name: str) -> None:
        """Asked for again and again, links are sent ever more slowly, whether there is anybody or not."""
        await office.entrance.set_password(ada)
        asked = 0
        for number in range(600):
            office.world.clock.move(seconds=1)
            try:
                await office.links.ask_for_reset(
                    office.entrance.tenant, name, replace(VISITOR, address=f"10.0.0.{number}")
                )
                asked += 1
            except TryLaterError:
                continue
        await office.links.settle()
        assert asked == 11
        assert len(office.mail.letters) == (asked if name == NAME else 0)

    async def test_a_mail_server_that_is_away_is_nobodys_failure(self, office: Office, ada: ResourceId) -> None:
        """Whoever asked was answered already; asking again makes another link."""
        await office.entrance.set_password(ada)
        office.mail.takes_letters = False
        await office.links.ask_for_reset(office.entrance.tenant, NAME, VISITOR)
        await office.links.settle()
        office.mail.takes_letters = True
        await office.links.ask_for_reset(office.entrance.tenant, NAME, VISITOR)
        await office.links.settle()
        assert len(office.mail.letters) == 1


async def test_a_database_that_goes_away_is_nobodys_failure(tmp_path: Path) -> None:
    """Where the database goes away after somebody was answered, no letter comes, and nothing else happens."""
    async with open_world(tmp_path) as world:
        office = Office(Entrance(world, await world.tenants.get("acme")), KeptMail())
        await office.entrance.set_password(await world.create(ADA))
        await office.links.ask_for_reset(office.entrance.tenant, NAME, VISITOR)
        await world.database.close()
        await office.links.settle()
        assert office.mail.letters == []


async def test_an_invitation_says_what_it_is(office: Office, ada: ResourceId) -> None:
    """The letter names the organization and the link, and says until when it works."""
    issued = await office.links.issue(account_of(office.world, ada), LinkPurpose.SET_UP)
    await office.links.send(issued, office.entrance.tenant, NAME)
    (letter,) = office.mail.letters
    assert (letter.to, letter.subject) == (NAME, "Your account at Acme")
    assert issued.url in letter.text
    assert "30 November 2026, 09:00 UTC" in letter.text
    assert token_of(issued) not in repr(issued)


@pytest.mark.parametrize(
    "document, address",
    [
        ('{"userName": "ada@example.com"}', "ada@example.com"),
        ('{"userName": "ada", "emails": [{"value": "a@x"}, {"value": "b@x", "primary": true}]}', "b@x"),
        ('{"userName": "ada@example.com", "emails": [{"type": "work"}, {"value": "a@x"}]}', "a@x"),
        ('{"userName": "ada", "emails": []}', None),
        ('{"userName": "ada"}', None),
    ],
)
def test_where_letters_reach_somebody(document: str, address: str | None) -> None:
    """The primary address, else the first one, else the user name where it is an address."""
    assert address_in(document) == address


def test_the_password_of_these_tests_is_a_canary() -> None:
    """What is searched for in logs is what these tests enter."""
    assert {PASSWORD[:6], CHOSEN[:6]} == {"canary"}
