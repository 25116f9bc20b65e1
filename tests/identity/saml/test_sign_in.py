"""Signing in by SAML: which response of the identity provider proves who somebody is, where, and how often."""

import asyncio
import secrets
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from musterbook.directory import ResourceId, Role, Tenant, operator_actor
from musterbook.directory.account import Source
from musterbook.directory.operation import ChangeSignInSettings, FindPerson, ListHistory
from musterbook.directory.sign_in_settings import SingleSignOn
from musterbook.directory.store import HistoryQuery
from musterbook.identity.accounts import AccountRef
from musterbook.identity.entry import NotLetInError
from musterbook.identity.landing import Proof
from musterbook.identity.saml_attempt import subject_key
from musterbook.identity.saml_sign_in import Response, SamlParts, SamlSignIn, ToBeConfirmed
from musterbook.identity.session_store import SignInMethod
from musterbook.identity.sessions import SignIn, Visitor
from musterbook.identity.subjects import Subjects
from musterbook.saml import NameId
from musterbook.scim import user_type
from musterbook.scim.operation import DeleteResource
from tests.identity.saml.organization import add_person, connect, response, settle
from tests.saml import idp
from tests.web.site import BASE_URL, Site

ADA = "ada@acme.example"
TOKEN = "the-token-of-this-browser"
VISITOR = Visitor("192.0.2.7", "Firefox", "request-1")


class Person:
    """Somebody who signs in, with the browser that they use."""

    def __init__(self, site: Site) -> None:
        self.site = site
        identity = site.services.database.identity
        self.sign_in = SamlSignIn(
            site.services.directory,
            SamlParts(
                Subjects(site.services.directory, identity.bindings, site.clock),
                identity.attempts,
                identity.assertions,
                site.services.signing_in.saml_keys,
            ),
            base_url=BASE_URL,
            clock=site.clock,
            random_bytes=secrets.token_bytes,
        )

    async def begin(self, return_to: str = "/me", *, token: str = TOKEN) -> tuple[str, str]:
        """Go to the identity provider; return the ids of the request and of the attempt."""
        dispatch = await self.sign_in.begin(self.site.acme.tenant, token, return_to, VISITOR)
        query = parse_qs(urlsplit(dispatch.url).query)
        attempt = await self.site.services.database.identity.attempts.find(
            self.site.acme.tenant.id, query["RelayState"][0]
        )
        assert attempt is not None
        return attempt.data.partition('"id":"')[2].partition('"')[0], attempt.id

    async def finish(
        self, message: str, relay_state: str, *, token: str = TOKEN, tenant: Tenant | None = None
    ) -> Proof | ToBeConfirmed | str:
        """Bring a response; return what it proves, or the reason why it proves nothing."""
        brought = Response(message, relay_state)
        try:
            return await self.sign_in.finish(tenant or self.site.acme.tenant, token, brought, VISITOR)
        except NotLetInError as error:
            return error.reason

    async def confirm(self, attempt_id: str, *, token: str = TOKEN) -> Proof | str:
        """Click; return what is proven by that, or the reason why nothing is."""
        try:
            return await self.sign_in.confirm(self.site.acme.tenant, token, attempt_id, VISITOR)
        except NotLetInError as error:
            return error.reason


async def test_a_response_to_this_browsers_request_proves_who_somebody_is(site: Site) -> None:
    """The proof holds the account and what a session needs: until when it may last, and how a logout finds it."""
    await connect(site)
    ada, person = await add_person(site, ADA), Person(site)
    request_id, attempt_id = await person.begin("/me?from=mail")
    proof = await person.finish(response(request_id), attempt_id)
    assert isinstance(proof, Proof)
    assert (proof.tenant, proof.return_to) == (site.acme.tenant, "/me?from=mail")
    assert proof.sign_in == SignIn(
        account=AccountRef(site.acme.tenant.id, "User", ResourceId(ada)),
        epoch=0,
        method=SignInMethod.SAML,
        connection_id=proof.sign_in.connection_id,
        subject=subject_key(NameId(ADA, idp.EMAIL_FORMAT)),
        session_index="_s1",
        not_on_or_after=idp.NOW + timedelta(days=1),
    )


async def test_a_response_is_good_once(site: Site) -> None:
    """The same response again, also in the same browser and after another request, proves nothing (replay)."""
    await connect(site)
    await add_person(site, ADA)
    person = Person(site)
    request_id, attempt_id = await person.begin()
    message = response(request_id)
    assert isinstance(await person.finish(message, attempt_id), Proof)
    assert await person.finish(message, attempt_id) == "in-response-to"
    _, another = await person.begin()
    assert await person.finish(message, another) == "in-response-to"


async def test_of_many_who_bring_a_response_at_once_one_goes_on(site: Site) -> None:
    """What may happen once is one statement of the database, whoever else is under way."""
    await connect(site)
    await add_person(site, ADA)
    person = Person(site)
    request_id, attempt_id = await person.begin()
    outcomes = await asyncio.gather(*(person.finish(response(request_id), attempt_id) for _ in range(8)))
    assert sum(isinstance(outcome, Proof) for outcome in outcomes) == 1


async def test_an_assertion_is_used_once_by_its_id(site: Site) -> None:
    """A second request that is answered with an assertion that was used is refused."""
    await connect(site)
    await add_person(site, ADA)
    person = Person(site)
    for expected in ("", "replayed"):
        request_id, attempt_id = await person.begin()
        outcome = await person.finish(response(request_id), attempt_id)
        assert outcome == expected if expected else isinstance(outcome, Proof)


async def test_a_response_belongs_to_the_browser_that_asked(site: Site) -> None:
    """In another browser, which somebody was lured to, the response proves nothing (login forgery)."""
    await connect(site)
    await add_person(site, ADA)
    person = Person(site)
    request_id, attempt_id = await person.begin()
    assert await person.finish(response(request_id), attempt_id, token="another") == "in-response-to"
    assert isinstance(await person.finish(response(request_id), attempt_id), Proof)


@pytest.mark.parametrize("relay_state", ["", "wrong", "x" * 36, "/me"])
async def test_a_response_without_its_attempt_is_refused(site: Site, relay_state: str) -> None:
    """The relay state names the attempt; without it there is no request that the response could answer."""
    await connect(site)
    await add_person(site, ADA)
    person = Person(site)
    request_id, _ = await person.begin()
    assert await person.finish(response(request_id), relay_state) == "in-response-to"


async def test_an_attempt_ends_after_ten_minutes(site: Site) -> None:
    """Somebody who took longer at the identity provider begins again."""
    await connect(site)
    await add_person(site, ADA)
    person = Person(site)
    site.clock.advance(minutes=-9, seconds=-59)
    request_id, attempt_id = await person.begin()
    site.clock.advance(minutes=9, seconds=59)
    assert isinstance(await person.finish(response(request_id), attempt_id), Proof)
    site.clock.advance(minutes=-10)
    request_id, attempt_id = await person.begin()
    site.clock.advance(minutes=10)
    assert await person.finish(response(request_id, assertion_id="_a2"), attempt_id) == "in-response-to"


async def test_another_tenants_response_is_refused(site: Site) -> None:
    """A response for acme proves nothing to globex, which has another connection or none."""
    await connect(site)
    await add_person(site, ADA, tenant=site.globex.tenant)
    person = Person(site)
    request_id, attempt_id = await person.begin()
    outcome = await person.finish(response(request_id), attempt_id, tenant=site.globex.tenant)
    assert outcome == "not-offered"


async def test_another_connection_ends_what_waits(site: Site) -> None:
    """An attempt that began with the old identity provider is not answered by the one that is set by now."""
    await connect(site, entity_id="https://former.example/metadata")
    await add_person(site, ADA)
    person = Person(site)
    request_id, attempt_id = await person.begin()
    await connect(site)
    assert await person.finish(response(request_id), attempt_id) == "in-response-to"


async def test_where_single_sign_on_is_off_nothing_begins_or_ends(site: Site) -> None:
    """Switched off in the meantime, too."""
    await connect(site)
    await add_person(site, ADA)
    person = Person(site)
    request_id, attempt_id = await person.begin()
    await connect(site, sso=SingleSignOn.OFF)
    assert await person.finish(response(request_id), attempt_id) == "not-offered"
    with pytest.raises(NotLetInError, match="Single sign-on is off"):
        await person.begin()


@pytest.mark.parametrize("active, expected", [(None, "unknown"), (False, "suspended")])
async def test_who_is_unknown_or_suspended_is_refused(site: Site, *, active: bool | None, expected: str) -> None:
    """The identity provider vouches for somebody, and the directory says whether they are one of its people."""
    await connect(site)
    if active is not None:
        await add_person(site, ADA, active=active)
    person = Person(site)
    request_id, attempt_id = await person.begin()
    assert await person.finish(response(request_id), attempt_id) == expected


async def test_an_opaque_name_is_found_by_the_address_beside_it(site: Site) -> None:
    """OneLogin sends the address as an attribute where its administrator has chosen another name."""
    await connect(site)
    ada, person = await add_person(site, ADA), Person(site)
    request_id, attempt_id = await person.begin()
    persistent = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
    proof = await person.finish(response(request_id, name="7f3a", name_format=persistent), attempt_id)
    assert isinstance(proof, Proof)
    assert proof.sign_in.account.id == ada


async def test_what_nobody_asked_for_is_refused_by_default(site: Site) -> None:
    """A sign-in begins here unless the tenant has decided otherwise."""
    await connect(site)
    await add_person(site, ADA)
    assert await Person(site).finish(response(None), "/me") == "unsolicited"


async def test_where_it_is_allowed_what_nobody_asked_for_waits_for_a_click(site: Site) -> None:
    """Nothing is proven before the click; it counts once, in this browser, and leads to a path of ours at most."""
    await connect(site, allows_idp_initiated=True)
    ada, person = await add_person(site, ADA), Person(site)
    waiting = await person.finish(response(None), "https://evil.example/")
    assert isinstance(waiting, ToBeConfirmed)
    assert waiting.name == ADA
    assert await person.sign_in.find_unconfirmed(site.acme.tenant, TOKEN, waiting.attempt_id) == waiting
    assert await person.confirm(waiting.attempt_id, token="another") == "attempt"
    proof = await person.confirm(waiting.attempt_id)
    assert isinstance(proof, Proof)
    assert (proof.sign_in.account.id, proof.return_to) == (ada, "/me")
    assert await person.confirm(waiting.attempt_id) == "attempt"
    with pytest.raises(NotLetInError):
        await person.sign_in.find_unconfirmed(site.acme.tenant, TOKEN, waiting.attempt_id)
    assert await person.finish(response(None), "/me") == "replayed"


async def test_a_click_comes_too_late_when_the_settings_have_changed(site: Site) -> None:
    """Switched off between the response and the click, it lets nobody in; neither does another connection."""
    await connect(site, allows_idp_initiated=True)
    await add_person(site, ADA)
    person = Person(site)
    for number, (allowed, entity_id) in enumerate([(False, idp.IDP), (True, "https://other.example")]):
        waiting = await person.finish(response(None, assertion_id=f"_b{number}"), "/me")
        assert isinstance(waiting, ToBeConfirmed)
        await connect(site, allows_idp_initiated=allowed, entity_id=entity_id)
        assert await person.confirm(waiting.attempt_id) == "not-offered"
        await connect(site, allows_idp_initiated=True)


async def test_an_asked_for_attempt_is_no_excuse_for_an_unasked_response(site: Site) -> None:
    """A response that answers nothing waits for a click, also where the browser has an attempt under way."""
    await connect(site, allows_idp_initiated=True)
    await add_person(site, ADA)
    person = Person(site)
    _, attempt_id = await person.begin()
    assert isinstance(await person.finish(response(None), attempt_id), ToBeConfirmed)


async def test_somebody_unknown_is_added_where_the_organization_wants_it(site: Site) -> None:
    """Off by default. What the provider says of the person becomes the resource, by the actor "Sign-in"."""
    await connect(site)
    person = Person(site)
    request_id, attempt_id = await person.begin()
    assert await person.finish(response(request_id), attempt_id) == "unknown"
    await settle(site, ChangeSignInSettings(creates_people=True))
    request_id, attempt_id = await person.begin()
    proof = await person.finish(response(request_id, assertion_id="_a2"), attempt_id)
    assert isinstance(proof, Proof)
    actor = operator_actor(site.acme.tenant.id, "request-1")
    added = (await site.services.directory.perform(actor, FindPerson(ADA))).person
    assert (added.id, added.display_name, added.source) == (
        proof.sign_in.account.id,
        "Ada Lovelace",
        Source.SIGN_IN,
    )
    assert added.roles == (Role.MEMBER,)
    history = await site.services.directory.perform(actor, ListHistory(HistoryQuery()))
    assert [each.actor_name for line in history.lines if (each := line.revision).resource_id == added.id] == ["Sign-in"]


async def test_who_was_removed_is_not_added_again_by_signing_in(site: Site) -> None:
    """Also where unknown people are added: a sign-in does not undo what an administrator or the provider has done."""
    await connect(site)
    await settle(site, ChangeSignInSettings(creates_people=True))
    ada = await add_person(site, ADA)
    actor = operator_actor(site.acme.tenant.id, "request-1")
    await site.services.directory.perform(actor, DeleteResource(user_type(), ada))
    person = Person(site)
    request_id, attempt_id = await person.begin()
    assert await person.finish(response(request_id), attempt_id) == "removed"


async def test_nobody_is_added_beside_a_break_glass_account(site: Site) -> None:
    """The provider makes nobody of the first administrator's name."""
    await connect(site)
    await settle(site, ChangeSignInSettings(creates_people=True))
    person = Person(site)
    request_id, attempt_id = await person.begin()
    name = site.acme.administrator_email
    assert await person.finish(response(request_id, name=name, email=name), attempt_id) == "unknown"


async def test_two_first_sign_ins_at_once_add_one_person(site: Site) -> None:
    """In two windows of one browser: both come in, as the same person."""
    await connect(site)
    await settle(site, ChangeSignInSettings(creates_people=True))
    person = Person(site)
    ways = [await person.begin() for _ in range(4)]
    proofs = await asyncio.gather(
        *(
            person.finish(response(request_id, assertion_id=f"_c{number}"), attempt_id)
            for number, (request_id, attempt_id) in enumerate(ways)
        )
    )
    assert {proof.sign_in.account.id if isinstance(proof, Proof) else proof for proof in proofs} == {
        (await site.services.directory.perform(operator_actor(site.acme.tenant.id, "r"), FindPerson(ADA))).person.id
    }
