"""*Coming in.* What the pages of all ways of signing in have in common: whose pages they are, and how they end.

Translates; holds no rule. A sign-in ends with a session, by the one function that every way ends at, or with one calm
page that is the same for every reason.
"""

from starlette.responses import Response

from musterbook.console.cookies import Cookie
from musterbook.console.door import Visit
from musterbook.directory import Tenant, TenantStatus
from musterbook.directory.actor import sign_in_actor
from musterbook.directory.operation import ReadSignInSettings
from musterbook.directory.sign_in_settings import SignInSettings
from musterbook.directory.tenants import NoSuchTenantError
from musterbook.identity.entry import NotLetInError
from musterbook.identity.landing import Landed, Proof
from musterbook.identity.session_store import SignInMethod
from musterbook.scim.errors import NotFoundError


async def tenant_of(visit: Visit) -> Tenant:
    """Return the tenant that the address names.

    Raises:
        NotFoundError: there is none, or it is not served.
    """
    return await tenant_at(visit, visit.path["slug"])


async def tenant_at(visit: Visit, slug: str) -> Tenant:
    """Return the tenant with this slug.

    Raises:
        NotFoundError: there is none, or it is not served.
    """
    try:
        tenant = await visit.rooms.tenants.get(slug)
    except NoSuchTenantError:
        tenant = None
    if tenant is None or tenant.status is not TenantStatus.ACTIVE:
        raise NotFoundError("No organization has this address. Check that it is complete.")
    return tenant


async def settings_of(visit: Visit, tenant: Tenant) -> SignInSettings:
    """Return what a tenant has settled about signing in."""
    actor = sign_in_actor(tenant.id, visit.arrival.request_id)
    return (await visit.rooms.directory.perform(actor, ReadSignInSettings())).settings


async def let_in(visit: Visit, proof: Proof) -> Response:
    """Sign in who has proven who they are, and send the browser to where they wanted to go.

    The cookie of attempts stays: another window may have one under way, and what has ended is not in the store.
    """
    landed = await visit.rooms.signing_in.landing.land(proof, visit.visitor)
    response = visit.pages.redirect(landed.return_to)
    sign_in_cookies(visit, response, landed)
    return response


def sign_in_cookies(visit: Visit, response: Response, landed: Landed) -> None:
    """Give the browser what opens the session that has just begun."""
    visit.cookies.set(response, Cookie.SESSION, landed.token)


async def refuse(visit: Visit, tenant: Tenant, method: SignInMethod, error: NotLetInError) -> Response:
    """Let nobody in, and say the same whatever the reason is."""
    await visit.rooms.signing_in.landing.refuse(tenant, method, error, visit.visitor)
    settings = await settings_of(visit, tenant)
    return visit.page("refused.html", 403, tenant=tenant, contact=settings.contact, reference=visit.arrival.request_id)
