"""*The operator's work on tenants.* Creates, lists, suspends and deletes tenants; opens their set-up links.

Knows ports, rules and time; knows no HTTP and no SQL. This stands above any tenant, and so beside
``Directory.perform``, which sees one tenant only.
"""

import asyncio
import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from musterbook.directory.actor import ResourceId, TenantId, operator_actor
from musterbook.directory.break_glass import check_email, open_break_glass_account
from musterbook.directory.changes import Occasion, create_change
from musterbook.directory.clock import Clock, RandomBytes, make_id, render_time
from musterbook.directory.history import Action
from musterbook.directory.store import TenantStore
from musterbook.directory.tenant import SLUG, NewTenant, SetupLink, Switches, Tenant, TenantStatus
from musterbook.scim.errors import InvalidValueError

SETUP_LINK_DAYS = 7
MAX_NAME_LENGTH = 200
SETTLING_SECONDS = 1.0
"""After how long every server goes by what a tenant has decided; longer than a key is not looked up again."""
_TOKEN_BYTES = 32


class InvalidTenantError(Exception):
    """The slug, name or e-mail address of a tenant to be made cannot be used; the message says why."""


class NoSuchTenantError(Exception):
    """No tenant has this slug."""


@dataclass(frozen=True, slots=True)
class CreatedTenant:
    """A tenant that was just made."""

    tenant: Tenant
    administrator_email: str
    setup_token: str
    """Shown once; only its hash is kept."""
    setup_expires_at: str


class Tenants:
    """All tenants of this server."""

    def __init__(
        self,
        store: TenantStore,
        clock: Clock,
        random_bytes: RandomBytes,
        *,
        settling_seconds: float = SETTLING_SECONDS,
    ) -> None:
        """Work on ``store``; time and chance are arguments."""
        self._store = store
        self._clock = clock
        self._settling_seconds = settling_seconds
        self._random_bytes = random_bytes

    async def create(self, slug: str, name: str, administrator_email: str, request_id: str) -> CreatedTenant:
        """Create a tenant with its first administrator, a break-glass account that a set-up link opens.

        Raises:
            InvalidTenantError: slug, name or address cannot be used.
            TenantExistsError: the slug is taken.
        """
        _check(slug, name, administrator_email)
        moment = self._clock()
        now = render_time(moment)
        expires_at = render_time(moment + timedelta(days=SETUP_LINK_DAYS))
        tenant_id = TenantId(make_id(moment, self._random_bytes))
        account_id = ResourceId(make_id(moment, self._random_bytes))
        token = urlsafe_b64encode(self._random_bytes(_TOKEN_BYTES)).rstrip(b"=").decode()
        occasion = Occasion(
            operator_actor(tenant_id, request_id), Action.CREATED, now, make_id(moment, self._random_bytes)
        )
        state = open_break_glass_account(account_id, administrator_email, now, expires_at)
        _, change = create_change(state, occasion)
        link = SetupLink(tenant_id, hash_token(token), account_id, now, expires_at)
        await self._store.create(NewTenant(tenant_id, slug, name, now), change, link)
        tenant = Tenant(tenant_id, slug, name, TenantStatus.ACTIVE, scim_enabled=False, created_at=now)
        return CreatedTenant(tenant, administrator_email, token, expires_at)

    async def get(self, slug: str) -> Tenant:
        """Return the tenant with this slug.

        Raises:
            NoSuchTenantError: there is none, or it was deleted.
        """
        tenant = await self._store.find(slug)
        if tenant is None:
            raise NoSuchTenantError(f"There is no tenant '{slug}'.")
        return tenant

    async def list(self) -> Sequence[Tenant]:
        """Return all tenants by slug."""
        return await self._store.list()

    async def set_status(self, slug: str, status: TenantStatus) -> Tenant:
        """Suspend, resume or delete a tenant; return it as it was before.

        Raises:
            NoSuchTenantError: there is none, or it was deleted.
        """
        tenant = await self.get(slug)
        await self._store.set_status(tenant.id, status, render_time(self._clock()))
        return tenant

    async def set_switches(
        self, slug: str, *, unique_group_names: bool | None = None, accepts_passwords: bool | None = None
    ) -> Tenant:
        """Change what a tenant decided, and leave what is ``None``; return the tenant as it is then.

        Raises:
            NoSuchTenantError: there is none, or it was deleted.
            GroupNamesRepeatedError: names of groups are to be unique, and are not.
        """
        tenant = await self.get(slug)
        before = tenant.switches
        switches = Switches(
            unique_group_names=before.unique_group_names if unique_group_names is None else unique_group_names,
            accepts_passwords=before.accepts_passwords if accepts_passwords is None else accepts_passwords,
        )
        await self._store.set_switches(tenant.id, switches)
        if switches != before:
            # Servers go by the old word until they look the key up again; what they write until then is mended.
            await asyncio.sleep(self._settling_seconds)
            await self._store.set_switches(tenant.id, switches)
        return replace(tenant, switches=switches)

    async def find_setup_link(self, token: str) -> SetupLink | None:
        """Return the set-up link with this token, also an expired one, or ``None``."""
        if not token.isascii():
            # None of ours, and it may hold what has no UTF-8 form, such as a lone surrogate.
            return None
        return await self._store.find_setup_link(hash_token(token))


def hash_token(token: str) -> bytes:
    """Return what is stored of a set-up token. It is random and long, so a fast hash is right."""
    return hashlib.sha256(token.encode()).digest()


def _check(slug: str, name: str, email: str) -> None:
    if not SLUG.match(slug):
        raise InvalidTenantError(
            "A slug is 1 to 63 lower-case letters, digits and hyphens, without a hyphen at either end."
        )
    if not name.strip() or len(name) > MAX_NAME_LENGTH or not name.isprintable():
        raise InvalidTenantError(f"A tenant needs a name of at most {MAX_NAME_LENGTH} printable characters.")
    try:
        check_email(email)
    except InvalidValueError as error:
        raise InvalidTenantError(error.detail) from error
