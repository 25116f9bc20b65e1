"""An organization whose people OneLogin provisions and signs in, in front of a started server."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import httpx

from musterbook.cli.browser import DemoBrowser
from musterbook.directory import Tenant, operator_actor
from musterbook.directory.operation import ChangeSignInSettings, SetSamlConnection
from musterbook.directory.sign_in_settings import SingleSignOn
from musterbook.scim import Resource, user_type
from musterbook.scim.operation import CreateResource
from musterbook.settings import Settings
from musterbook.simulator import OneLoginApp, people
from musterbook.simulator.onelogin.saml import (
    PASSWORD,
    KeyPair,
    OneLoginSignIn,
    SamlConnector,
    read_connector,
    serve_onelogin,
)
from musterbook.wiring import Services, open_services
from tests.journeys.serving import Server
from tests.postgres import SECRET_KEY

ADA, GRACE = people(2)


@dataclass
class Organization:
    """A tenant, OneLogin's two sides of it, and the rooms over its database."""

    server: Server
    services: Services
    onelogin: OneLoginSignIn
    provisioning: OneLoginApp
    tenant: Tenant

    async def connect(self, tenant: Tenant) -> None:
        """Have a tenant's people sign in at OneLogin, which is told of the tenant."""
        await self.services.signing_in.saml_keys.ensure(tenant)
        self.onelogin.connector = entered(self.server, tenant.slug)
        addresses = self.onelogin.addresses
        connection = SetSamlConnection(
            entity_id=addresses.issuer,
            sso_url=addresses.sso,
            slo_url=addresses.slo,
            certificates=tuple(key.pem for key in self.onelogin.published_keys),
        )
        actor, perform = operator_actor(tenant.id, "journey"), self.services.directory.perform
        await perform(actor, connection)
        await perform(actor, ChangeSignInSettings(sso=SingleSignOn.OPTIONAL))

    async def another_tenant(self, slug: str) -> Tenant:
        """Make another tenant with Ada in it, and connect it in place of the one before."""
        created = await self.services.tenants.create(slug, "Crew", f"admin@{slug}.example", "journey")
        ada = CreateResource(Resource(user_type(), {"userName": ADA.email, "active": True}))
        await self.services.directory.perform(operator_actor(created.tenant.id, "journey"), ada)
        await self.connect(created.tenant)
        return created.tenant

    def signed_in_at_onelogin(self) -> DemoBrowser:
        """Open a browser in which Ada is signed in at OneLogin, and nowhere else."""
        browser = DemoBrowser()
        browser.open(self.onelogin.addresses.portal)
        browser.submit(username=ADA.username, password=PASSWORD)
        assert browser.page.heading == "Your applications"
        return browser


def entered(server: Server, slug: str) -> SamlConnector:
    """Return what OneLogin's administrator enters who reads the tenant's metadata."""
    return read_connector(httpx.get(f"{server.address}/saml/{slug}/metadata").content)


@asynccontextmanager
async def organization(server: Server, key: str, signing_key: KeyPair) -> AsyncIterator[Organization]:
    """Give the tenant acme, to which OneLogin has provisioned Ada and Grace, and a OneLogin that knows them."""
    settings = Settings(
        database_url=server.database,
        base_url=server.address,
        secret_keys=() if server.database.startswith("sqlite") else (SECRET_KEY,),
    )
    with provisioned(server, key) as app, serve_onelogin(entered(server, "acme"), key=signing_key) as onelogin:
        app.observe(onelogin.directory.learn)
        for person in (ADA, GRACE):
            app.assign(person)
        async with open_services(settings, with_secret=True) as services:
            yield Organization(server, services, onelogin, app, await services.tenants.get("acme"))


@contextmanager
def provisioned(server: Server, key: str) -> Iterator[OneLoginApp]:
    """Give OneLogin's application, connected."""
    with OneLoginApp(server.address, key, strict=True) as app:
        app.enable()
        yield app
