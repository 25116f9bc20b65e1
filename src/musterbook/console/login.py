"""*The way to an organization.* The page that asks who somebody is before it is known where they belong.

Knows domains and settings; asks for no account, so its answer says nothing about who has one. Where single sign-on is
the only way, it is gone at once.
"""

from starlette.responses import Response

from musterbook.console.door import Visit
from musterbook.console.entry import settings_of
from musterbook.console.tenant_login import ways_page
from musterbook.directory.sign_in_settings import SingleSignOn


class LoginPages:
    """The answers at ``/login``."""

    def __init__(self, base_url: str) -> None:
        """Give examples of addresses of a server at ``base_url``."""
        self._example = f"{base_url}/login/your-organization"

    async def show(self, visit: Visit) -> Response:
        """Ask for an e-mail address."""
        return self._page(visit)

    async def submit(self, visit: Visit) -> Response:
        """Lead an e-mail address to its organization's sign-in page."""
        email = visit.form.text("email")
        if "@" not in email:
            return self._page(visit, 422, error="Enter your whole e-mail address, such as ada@example.com.")
        tenant = await visit.rooms.signing_in.domains.find_tenant(email)
        if tenant is None:
            return self._page(visit, is_unknown=True)
        settings = await settings_of(visit, tenant)
        if settings.sso is SingleSignOn.ONLY:
            return visit.go_on(f"/saml/{tenant.slug}/login", f"On to {tenant.name}")
        return ways_page(visit, tenant, settings, email=email)

    def _page(self, visit: Visit, status: int = 200, *, error: str | None = None, is_unknown: bool = False) -> Response:
        email = visit.form.text("email")
        return visit.page("login.html", status, email=email, error=error, is_unknown=is_unknown, example=self._example)
