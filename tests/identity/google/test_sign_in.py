"""Signing in by Google: which answer lets whom into which tenant, in which browser, and how often."""

import asyncio

import pytest

from musterbook.directory import ResourceId, Tenant, operator_actor
from musterbook.directory.operation import ChangeSignInSettings
from musterbook.directory.sign_in_settings import SingleSignOn
from musterbook.identity.accounts import AccountRef
from musterbook.identity.entry import Claim, NotLetInError
from musterbook.identity.google import GoogleCallback
from musterbook.identity.google_sign_in import CONNECTION_ID, GoogleSignIn
from musterbook.identity.landing import Proof
from musterbook.identity.session_store import SignInMethod
from musterbook.identity.sessions import SignIn, Visitor
from musterbook.identity.subjects import Subjects
from musterbook.scim import Tolerance, user_type
from musterbook.scim.operation import DeleteResource, PatchResource
from musterbook.scim.patch import parse_patch
from musterbook.simulator.google import Fault, GooglePerson
from tests.identity.google.stage import ADA, EVE, GRACE, MALLORY, Stage, visit_address
from tests.identity.saml.organization import add_person, connect
from tests.web.site import Site

TOKEN = "the-token-of-this-browser"
VISITOR = Visitor("192.0.2.7", "Firefox", "request-1")


class Browser:
    """A browser at a server whose tenant acme has declared its Google domain."""

    def __init__(self, site: Site, stage: Stage, token: str = TOKEN) -> None:
        self.site = site
        self.token = token
        self.acme = site.acme.tenant
        self.actor = operator_actor(self.acme.id, "request-1")
        directory, identity = site.services.directory, site.services.database.identity
        subjects = Subjects(directory, identity.bindings, stage.clock)
        self.sign_in = GoogleSignIn(directory, subjects, identity.attempts, stage.exchange, stage.clock)

    async def settle(self, change: ChangeSignInSettings) -> None:
        """Have acme settle something."""
        await self.site.services.directory.perform(self.actor, change)

    async def visit(self, person: GooglePerson = ADA, return_to: str = "/me") -> GoogleCallback:
        """Begin, go to Google as this person, and return what comes back."""
        address = await self.sign_in.begin(self.acme, self.token, return_to, VISITOR)
        return GoogleCallback.read(await visit_address(address, person))

    async def finish(self, callback: GoogleCallback, tenant: Tenant | None = None) -> Proof | str:
        """Bring an answer; return what it proves, or the reason why it proves nothing."""
        try:
            return await self.sign_in.finish(tenant or self.acme, self.token, callback, VISITOR)
        except NotLetInError as error:
            return error.reason

    async def enter(self, person: GooglePerson = ADA) -> Proof | str:
        """Sign in as this person."""
        return await self.finish(await self.visit(person))


@pytest.fixture
async def browser(site: Site, stage: Stage) -> Browser:
    """Return a browser, at an organization where people sign in by Google."""
    opened = Browser(site, stage)
    await opened.settle(ChangeSignInSettings(google_domain="acme.example"))
    return opened


async def test_an_answer_proves_who_somebody_is(browser: Browser) -> None:
    """The proof holds the account, the way and the subject, and where somebody wanted to go."""
    ada = await add_person(browser.site, ADA.email)
    proof = await browser.finish(await browser.visit(ADA, "/me?from=mail"))
    assert isinstance(proof, Proof)
    assert (proof.tenant, proof.return_to) == (browser.acme, "/me?from=mail")
    assert proof.sign_in == SignIn(
        account=AccountRef(browser.acme.id, "User", ResourceId(ada)),
        epoch=0,
        method=SignInMethod.GOOGLE,
        connection_id=CONNECTION_ID,
        subject=proof.sign_in.subject,
    )
    assert (proof.sign_in.subject or "").endswith(ADA.subject)


async def test_an_answer_is_good_once(browser: Browser) -> None:
    """O1: the same answer again proves nothing, also where Google would give tokens for its code again."""
    await add_person(browser.site, ADA.email)
    callback = await browser.visit()
    assert isinstance(await browser.finish(callback), Proof)
    assert await browser.finish(callback) == "attempt"


async def test_of_many_who_bring_an_answer_at_once_one_goes_on(browser: Browser, stage: Stage) -> None:
    """O1: that an attempt is used once is one statement of the database, whoever else is under way."""
    await add_person(browser.site, ADA.email)
    stage.google.faults = frozenset({Fault.TOKEN_SECOND_ANSWER})
    callback = await browser.visit()
    outcomes = await asyncio.gather(*(browser.finish(callback) for _ in range(6)))
    assert sorted(str(outcome) for outcome in outcomes if not isinstance(outcome, Proof)) == ["attempt"] * 5


async def test_an_answer_in_another_browser_signs_nobody_in(browser: Browser, stage: Stage) -> None:
    """O1: the state is bound to the browser: who is brought somebody else's answer is not signed in as them."""
    await add_person(browser.site, ADA.email)
    callback = await browser.visit()
    assert await Browser(browser.site, stage, "the-token-of-a-victim").finish(callback) == "attempt"
    assert isinstance(await browser.finish(callback), Proof)


async def test_an_answer_at_another_tenant_is_refused(browser: Browser) -> None:
    """An attempt belongs to the tenant that it was begun at."""
    callback = await browser.visit()
    globex = operator_actor(browser.site.globex.tenant.id, "request-1")
    await browser.site.services.directory.perform(globex, ChangeSignInSettings(google_domain="acme.example"))
    assert await browser.finish(callback, browser.site.globex.tenant) == "attempt"


async def test_an_answer_that_is_late_is_refused(browser: Browser, stage: Stage) -> None:
    """After ten minutes the attempt is over."""
    await add_person(browser.site, ADA.email)
    callback = await browser.visit()
    stage.clock.move(minutes=10)
    assert await browser.finish(callback) == "attempt"


async def test_a_forged_token_proves_nothing(browser: Browser, stage: Stage) -> None:
    """What Google's part refuses is refused here, and the attempt is spent."""
    await add_person(browser.site, ADA.email)
    callback = await browser.visit()
    stage.google.faults = frozenset({Fault.OTHER_NONCE})
    assert await browser.finish(callback) == "nonce"
    stage.google.faults = frozenset()
    assert await browser.finish(callback) == "attempt"


@pytest.mark.parametrize(
    "person, reason", [(EVE, "consumer-account"), (MALLORY, "consumer-account"), (GRACE, "other-domain")]
)
async def test_who_is_no_member_does_not_enter(browser: Browser, person: GooglePerson, reason: str) -> None:
    """O5: also where the tenant has somebody with that very address, who is named in the log."""
    await add_person(browser.site, person.email)
    callback = await browser.visit(person)
    with pytest.raises(NotLetInError) as caught:
        await browser.sign_in.finish(browser.acme, TOKEN, callback, VISITOR)
    assert (caught.value.reason, caught.value.claim) == (reason, Claim(person.email))


async def test_a_suspended_person_does_not_enter(browser: Browser) -> None:
    """O7: whom SCIM suspends cannot enter by Google, before or after a first sign-in; who is removed neither."""
    ada = await add_person(browser.site, ADA.email)
    perform = browser.site.services.directory.perform
    assert isinstance(await browser.enter(), Proof)
    for active, expected in ((False, "suspended"), (True, None), (False, "suspended")):
        operations = [{"op": "replace", "path": "active", "value": active}]
        message = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations}
        await perform(browser.actor, PatchResource(user_type(), ada, parse_patch(message, user_type(), Tolerance())))
        outcome = await browser.enter()
        assert (outcome if isinstance(outcome, str) else None) == expected
    await perform(browser.actor, DeleteResource(user_type(), ada))
    assert await browser.enter() == "unknown"


async def test_nobody_is_created(browser: Browser) -> None:
    """Somebody whom the directory does not have does not enter, whatever Google says of them."""
    assert await browser.enter() == "unknown"


async def test_an_address_that_moved_takes_nothing_with_it(browser: Browser, stage: Stage) -> None:
    """O4: the account stays the subject's: a new colleague with the old address at Google does not get it."""
    await add_person(browser.site, ADA.email)
    first = await browser.enter()
    assert isinstance(first, Proof)
    successor = _Successor(email=ADA.email, given_name="Ada", family_name="Another", hosted_domain="acme.example")
    stage.google.people[ADA.email] = successor
    try:
        assert await browser.enter(successor) == "bound-otherwise"
    finally:
        stage.google.people[ADA.email] = ADA
    again = await browser.enter()
    assert isinstance(again, Proof)
    assert again.sign_in == first.sign_in


class _Successor(GooglePerson):
    """Somebody who was given the address of another person."""

    @property
    def subject(self) -> str:
        """What Google calls the account."""
        return "199999999999999999999"


async def test_google_is_offered_only_where_a_domain_is_declared(site: Site, stage: Stage) -> None:
    """Without a domain, and under "SSO only", nobody is sent to Google, and who is there already does not enter."""
    browser = Browser(site, stage)
    await add_person(site, ADA.email)
    with pytest.raises(NotLetInError, match=r"^not-offered"):
        await browser.visit()
    await browser.settle(ChangeSignInSettings(google_domain="acme.example"))
    callback = await browser.visit()
    await connect(site, sso=SingleSignOn.ONLY)
    assert await browser.finish(callback) == "not-offered"
    with pytest.raises(NotLetInError, match=r"^not-offered"):
        await browser.visit()


async def test_a_google_that_is_away_is_told(browser: Browser, stage: Stage) -> None:
    """Where Google cannot be reached the sign-in does not begin, with the reason."""
    stage.google.faults = frozenset({Fault.DISCOVERY_DOWN})
    with pytest.raises(NotLetInError, match=r"^unavailable"):
        await browser.visit()


async def test_somebody_goes_on_in_our_pages_only(browser: Browser) -> None:
    """An address elsewhere is not gone to after a sign-in (open redirect)."""
    await add_person(browser.site, ADA.email)
    proof = await browser.finish(await browser.visit(ADA, "//evil.example/"))
    assert isinstance(proof, Proof)
    assert proof.return_to == "/me"
