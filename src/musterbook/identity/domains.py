"""*Sign-in domains.* Decides to which organization an e-mail address leads before anybody has signed in.

Knows the domains that tenants have declared; knows no account, and asks for none: so nobody learns from where an
address leads whether somebody has it.
"""

from collections.abc import Sequence

from musterbook.directory import Tenant, TenantId, TenantStatus
from musterbook.directory.sign_in_settings import is_domain
from musterbook.identity.log_store import DomainStore

MAX_EMAIL_LENGTH = 512


class InvalidDomainError(Exception):
    """What was declared is no domain of e-mail addresses; the message says what one looks like."""


class SignInDomains:
    """The domains of all tenants."""

    def __init__(self, store: DomainStore) -> None:
        """Look domains up in ``store``."""
        self._store = store

    async def find_tenant(self, email: str) -> Tenant | None:
        """Return the tenant whose people have addresses like this one, if it is served."""
        domain = domain_of(email)
        tenant = None if domain is None else await self._store.find(domain)
        return tenant if tenant is not None and tenant.status is TenantStatus.ACTIVE else None

    async def list(self, tenant_id: TenantId) -> Sequence[str]:
        """Return the domains of a tenant in the order of their letters."""
        return await self._store.list(tenant_id)

    async def add(self, tenant_id: TenantId, text: str) -> None:
        """Declare a domain; one that the tenant has is no change.

        Raises:
            InvalidDomainError: it is none.
            DomainTakenError: it is another tenant's.
        """
        domain = domain_of(f"somebody@{text.strip()}")
        if domain is None or not is_domain(domain):
            raise InvalidDomainError("A domain looks like example.com.")
        await self._store.set(tenant_id, [*await self._store.list(tenant_id), domain])

    async def remove(self, tenant_id: TenantId, text: str) -> bool:
        """Give a domain up; return whether the tenant had it."""
        domain, present = domain_of(f"somebody@{text.strip()}"), await self._store.list(tenant_id)
        if domain not in present:
            return False
        await self._store.set(tenant_id, [each for each in present if each != domain])
        return True


def domain_of(email: str) -> str | None:
    """Return the domain of an e-mail address as domains are stored, or ``None`` where it can be none.

    A name that is not ASCII is looked up in the form that it has in the DNS, because it is declared in that form.
    """
    local, _, domain = email.strip().rpartition("@")
    if not local or not domain or len(email) > MAX_EMAIL_LENGTH:
        return None
    try:
        return domain.lower().rstrip(".").encode("idna").decode("ascii") or None
    except UnicodeError:  # A label that is empty or too long.
        return None
