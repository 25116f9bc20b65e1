"""*An organization's sign-in page.* Decides which ways it offers, as the organization has settled them.

Knows settings; asks for no account. Where single sign-on is the only way, there is a small second one beside it: for
the day when the identity provider does not work, and for break-glass accounts alone.
"""

from dataclasses import dataclass

from starlette.responses import Response

from musterbook.console.door import Visit
from musterbook.console.entry import settings_of, tenant_of
from musterbook.directory import Tenant
from musterbook.directory.sign_in_settings import SignInSettings, SingleSignOn

_NOTICES = {"signed-out": "You are signed out."}


@dataclass(frozen=True, slots=True)
class Ways:
    """What the page offers."""

    sso: bool
    google: bool
    password: bool
    emergency: bool
    """Whether it leads to the page for break-glass accounts."""


class TenantLoginPages:
    """The answers at ``/login/{slug}``."""

    async def show(self, visit: Visit) -> Response:
        """Offer the organization's ways of signing in."""
        tenant = await tenant_of(visit)
        settings = await settings_of(visit, tenant)
        notice = next((text for name, text in _NOTICES.items() if name in visit.query), None)
        return ways_page(visit, tenant, settings, notice=notice)

    async def show_emergency(self, visit: Visit) -> Response:
        """Offer the password alone."""
        tenant = await tenant_of(visit)
        return ways_page(visit, tenant, await settings_of(visit, tenant), is_emergency=True)


def ways_of(visit: Visit, settings: SignInSettings) -> Ways:
    """Return what an organization with these settings offers."""
    is_only = settings.sso is SingleSignOn.ONLY
    has_google = visit.rooms.signing_in.google is not None and settings.google_domain is not None
    return Ways(
        sso=settings.sso is not SingleSignOn.OFF,
        google=has_google and not is_only,
        password=not is_only,
        emergency=is_only,
    )


def ways_page(
    visit: Visit,
    tenant: Tenant,
    settings: SignInSettings,
    *,
    email: str = "",
    problem: str | None = None,
    notice: str | None = None,
    is_emergency: bool = False,
) -> Response:
    """Return the page of an organization; ``problem``: why a try failed; ``is_emergency``: with the password alone."""
    ways = Ways(sso=False, google=False, password=True, emergency=False)
    return visit.page(
        "login_tenant.html",
        200 if problem is None else 422,
        tenant=tenant,
        ways=ways if is_emergency else ways_of(visit, settings),
        email=email,
        problem=problem,
        notice=notice,
        contact=settings.contact,
        can_forget=visit.rooms.signing_in.links.can_be_mailed,
    )
