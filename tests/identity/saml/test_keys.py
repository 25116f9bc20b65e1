"""Our keys for SAML: what we send is signed with them, what is encrypted for them opens, and one follows another."""

import asyncio
import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, unquote_plus, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from musterbook.directory import Tenant, operator_actor
from musterbook.directory.operation import ChangeSignInSettings, SetSamlConnection
from musterbook.directory.sign_in_settings import SingleSignOn
from musterbook.identity.landing import Proof
from musterbook.identity.saml_keys import RSA_BITS, VALID_DAYS, KeyChangeError, KeyStage, SamlKeys, make_private_key
from musterbook.identity.saml_sign_in import Response
from musterbook.identity.sealing import Seal
from musterbook.identity.sessions import Visitor
from musterbook.saml import Certificate, render_sp_metadata
from musterbook.scim import Resource, user_type
from musterbook.scim.operation import CreateResource
from musterbook.settings import Settings
from musterbook.storage import migrate_database
from musterbook.wiring import Services, open_services
from tests.identity.saml.organization import response
from tests.postgres import SECRET_KEY
from tests.saml import idp
from tests.saml.parties import our_key
from tests.web.site import BASE_URL, SteppingClock

ADA = "ada@acme.example"
VISITOR = Visitor("192.0.2.7", "Firefox", "request-1")


@dataclass(frozen=True)
class Office:
    """A tenant with its identity provider, on one engine."""

    services: Services
    tenant: Tenant
    clock: SteppingClock

    @property
    def keys(self) -> SamlKeys:
        """The keys of all tenants."""
        return self.services.signing_in.saml_keys

    async def stages(self) -> list[KeyStage]:
        """Return what the tenant's keys are for."""
        return [key.stage for key in await self.keys.list(self.tenant.id)]

    async def certificate(self, stage: KeyStage = KeyStage.SIGNS) -> Certificate:
        """Return the certificate of the key of a stage."""
        (found,) = [key.certificate for key in await self.keys.list(self.tenant.id) if key.stage is stage]
        return found

    async def begin(self) -> tuple[str, str, str]:
        """Send Ada to the identity provider; return the address, and the ids of the request and the attempt."""
        saml, attempts = self.services.signing_in.saml, self.services.database.identity.attempts
        dispatch = await saml.begin(self.tenant, "token", "/me", VISITOR)
        attempt_id = parse_qs(urlsplit(dispatch.url).query)["RelayState"][0]
        attempt = await attempts.find(self.tenant.id, attempt_id)
        assert attempt is not None
        return dispatch.url, attempt.data.partition('"id":"')[2].partition('"')[0], attempt_id

    async def sign_in(self, certificate: Certificate, number: int = 1) -> Proof:
        """Sign Ada in by an assertion that is encrypted for the owner of a certificate."""
        _, request_id, attempt_id = await self.begin()
        document = base64.b64decode(response(request_id, assertion_id=f"_a{number}")).decode()
        (key,) = [key for key in await self.keys.keys(self.tenant.id) if key.certificate == certificate]
        sealed = idp.encrypt(document, idp.KeyPair(key.private_key, certificate.x509))
        brought = Response(idp.encode(sealed), attempt_id)
        proof = await self.services.signing_in.saml.finish(self.tenant, "token", brought, VISITOR)
        assert isinstance(proof, Proof)
        return proof


@pytest.fixture(params=["sqlite", "postgres"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Return the settings of a server over either engine."""
    if request.param == "sqlite":
        return Settings(database_url=f"sqlite:///{tmp_path}/keys.db", base_url=BASE_URL)
    url: str = request.getfixturevalue("postgres_database")
    return Settings(database_url=url, base_url=BASE_URL, secret_keys=(SECRET_KEY,))


@pytest.fixture
async def office(settings: Settings) -> AsyncIterator[Office]:
    """Yield acme, connected to its identity provider, with Ada and the first key."""
    clock = SteppingClock()
    await migrate_database(settings.database_url)
    async with open_services(settings, clock=clock, with_secret=True) as services:
        tenant = (await services.tenants.create("acme", "Acme", "admin@acme.example", "request-1")).tenant
        actor, perform = operator_actor(tenant.id, "request-1"), services.directory.perform
        pins = (idp.acme().pem,)
        await perform(actor, SetSamlConnection(entity_id=idp.IDP, sso_url=idp.SSO, slo_url=idp.SLO, certificates=pins))
        await perform(actor, ChangeSignInSettings(sso=SingleSignOn.OPTIONAL))
        await perform(actor, CreateResource(Resource(user_type(), {"userName": ADA, "active": True})))
        await services.signing_in.saml_keys.ensure(tenant)
        clock.now = idp.NOW
        yield Office(services, tenant, clock)


def check_signature(url: str, certificate: Certificate) -> None:
    """Check the signature over the query of an address (SAML 2.0 Bindings §3.4.4.1)."""
    octets, _, signature = urlsplit(url).query.partition("&Signature=")
    assert "&SigAlg=http%3A%2F%2Fwww.w3.org%2F2001%2F04%2Fxmldsig-more%23rsa-sha256" in octets
    key = certificate.public_key
    assert isinstance(key, rsa.RSAPublicKey)
    key.verify(base64.b64decode(unquote_plus(signature)), octets.encode(), padding.PKCS1v15(), hashes.SHA256())


async def test_requests_are_signed_and_the_metadata_shows_by_what(office: Office) -> None:
    """A provider that takes signed requests only takes ours: by the certificate of our metadata."""
    url, _, _ = await office.begin()
    certificate = await office.certificate()
    check_signature(url, certificate)
    metadata = render_sp_metadata(await office.services.signing_in.saml.service_provider(office.tenant)).decode()
    assert 'AuthnRequestsSigned="true"' in metadata
    assert metadata.count(certificate.base64) == len(("signing", "encryption"))


async def test_an_encrypted_assertion_opens(office: Office) -> None:
    """An assertion that is encrypted for the certificate of our metadata lets somebody in."""
    proof = await office.sign_in(await office.certificate())
    assert proof.sign_in.session_index == "_s1"


async def test_logout_messages_are_signed(office: Office) -> None:
    """Who signs out here is taken to the provider with a request that it can believe."""
    proof = await office.sign_in(await office.certificate())
    opened = await office.services.signing_in.landing.land(proof, VISITOR)
    current = await office.services.signing_in.sessions.authenticate(opened.token)
    sent = await office.services.signing_in.logout.leave(office.tenant, current.session, VISITOR)
    assert sent is not None
    check_signature(sent.dispatch.url, await office.certificate())


async def test_a_key_follows_another_and_nobody_is_kept_out(office: Office) -> None:
    """Shown first, then signing, then alone: every step opens what the provider may encrypt at that moment."""
    first = await office.certificate()
    await office.keys.begin(office.tenant)
    assert await office.stages() == [KeyStage.SIGNS, KeyStage.NEXT]
    second = await office.certificate(KeyStage.NEXT)
    check_signature((await office.begin())[0], first)
    for number, certificate in enumerate((first, second)):
        await office.sign_in(certificate, number)
    office.clock.advance(minutes=-1)  # A clock that was set back changes nothing in the order.
    await office.keys.let_sign(office.tenant)
    office.clock.advance(minutes=1)
    assert await office.stages() == [KeyStage.SIGNS, KeyStage.FORMER]
    check_signature((await office.begin())[0], second)
    await office.sign_in(first, 2)
    await office.keys.finish(office.tenant)
    assert [key.certificate for key in await office.keys.list(office.tenant.id)] == [second]
    await office.sign_in(second, 3)
    await office.keys.begin(office.tenant)
    assert await office.stages() == [KeyStage.SIGNS, KeyStage.NEXT]


async def test_a_step_out_of_order_is_refused(office: Office) -> None:
    """There are two keys at most, one of which waits or goes; of two who begin at once, one does."""
    with pytest.raises(KeyChangeError, match="No new key waits"):
        await office.keys.let_sign(office.tenant)
    with pytest.raises(KeyChangeError, match="There is no former key"):
        await office.keys.finish(office.tenant)
    results = await asyncio.gather(*(office.keys.begin(office.tenant) for _ in range(2)), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["KeyChangeError", "NoneType"]
    with pytest.raises(KeyChangeError, match="There is no former key"):
        await office.keys.finish(office.tenant)
    await office.keys.let_sign(office.tenant)
    with pytest.raises(KeyChangeError, match="under way already"):
        await office.keys.begin(office.tenant)


async def test_a_private_key_is_stored_sealed(office: Office) -> None:
    """The database holds no private key in clear; with another secret, or in another place, it opens none."""
    store = office.services.database.identity.saml_keys
    (row,) = await store.list(office.tenant.id)
    assert (row.private_key[:3], "PRIVATE" in row.private_key) == ("s1.", False)
    assert len(await office.keys.keys(office.tenant.id)) == 1
    stranger = SamlKeys(store, Seal([bytes(32)], bytes), make_private_key, office.clock, bytes)
    assert await stranger.keys(office.tenant.id) == ()
    assert [await each.can_open(office.tenant.id) for each in (office.keys, stranger)] == [True, False]
    await store.remove(office.tenant.id, row.id)
    await store.add(replace(row, id="another"))
    assert await office.keys.keys(office.tenant.id) == ()


async def test_the_first_key_is_made_once(office: Office) -> None:
    """Of several who want one, one makes it; it is as strong as promised, and its certificate says nothing else."""
    (key,) = await office.keys.list(office.tenant.id)
    await asyncio.gather(*(office.keys.ensure(office.tenant) for _ in range(3)))
    assert await office.keys.list(office.tenant.id) == [key]
    public = key.certificate.public_key
    assert isinstance(public, rsa.RSAPublicKey)
    assert (public.key_size, key.certificate.subject) == (RSA_BITS, "CN=acme")
    made = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    assert (key.certificate.not_after - made).days == VALID_DAYS


async def test_a_key_whose_certificate_is_anothers_is_none(office: Office) -> None:
    """Whoever can write to the database cannot have the metadata show a certificate of theirs."""
    store = office.services.database.identity.saml_keys
    (row,) = await store.list(office.tenant.id)
    assert len(await office.keys.keys(office.tenant.id)) == 1
    await store.remove(office.tenant.id, row.id)
    await store.add(replace(row, certificate=our_key().pem))
    assert await office.keys.keys(office.tenant.id) == ()
