"""*Links.* Decides how somebody comes to a password without having one: by a link that works once.

Knows ports and the directory; knows no HTTP and no SQL. A link sets an account up or resets its password. It opens no
session: whoever has used it signs in by the password then, second factor included, so a reset goes around nothing.
Only the hash of a link is stored, an account has one at a time, and setting a password ends every session.
"""

import asyncio
import hashlib
from base64 import urlsafe_b64encode
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

import msgspec

from musterbook.directory import (
    Clock,
    Directory,
    RandomBytes,
    Status,
    Tenant,
    break_glass_type,
    parse_time,
    render_time,
)
from musterbook.directory.account import read_account
from musterbook.directory.actor import sign_in_actor
from musterbook.directory.operation import Held, HeldPermissions, SetPassword
from musterbook.directory.store import StoreUnavailableError
from musterbook.directory.tenant import TenantStatus
from musterbook.identity.account_store import AccountStore, FoundAccount
from musterbook.identity.accounts import AccountRef
from musterbook.identity.entry import Claim
from musterbook.identity.letters import invitation, reset_letter
from musterbook.identity.mail import Mail, MailError
from musterbook.identity.new_password import check_new_password
from musterbook.identity.password_refusal import LinkExpiredError, LinkUnknownError, too_busy, too_many_tries
from musterbook.identity.password_sign_in import is_storable, name_key
from musterbook.identity.password_store import FoundLink, Link, LinkPurpose, LinkStore
from musterbook.identity.passwords import Argon2Hashes, HashingBusyError
from musterbook.identity.session_store import SignInMethod
from musterbook.identity.sessions import Visitor, allows
from musterbook.identity.slow_down import Counted, SlowDown, Subject, TooManyTriesError, address_subject
from musterbook.scim import user_type
from musterbook.scim.errors import NotFoundError

LASTS = {LinkPurpose.SET_UP: timedelta(days=7), LinkPurpose.RESET: timedelta(hours=1)}
"""How long a link can be used. A reset is asked for when it is needed; a set-up waits for somebody to find the time."""
_TOKEN_BYTES = 32
_MAX_TOKEN_LENGTH = 256
_TYPES = {each.name: each for each in (user_type(), break_glass_type())}


@dataclass(frozen=True, slots=True)
class IssuedLink:
    """A link that was just made. Its address is shown or sent once and kept nowhere."""

    link: Link
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OpenLink:
    """A link that can be used, and whose it is."""

    link: Link
    tenant: Tenant
    held: Held


@dataclass(frozen=True, slots=True)
class Addressee:
    """Somebody to whom a link can be given."""

    account: AccountRef
    name: str
    """The ``userName``."""
    status: Status
    has_password: bool
    address: str | None
    """Where letters reach the person."""


@dataclass(frozen=True, slots=True)
class LinkParts:
    """What links stand on."""

    links: LinkStore
    accounts: AccountStore
    hashes: Argon2Hashes
    slow_down: SlowDown
    mail: Mail


class Links:
    """The links of all tenants."""

    def __init__(
        self, directory: Directory, parts: LinkParts, base_url: str, clock: Clock, random_bytes: RandomBytes
    ) -> None:
        """Make links to a server at ``base_url``; time and chance are arguments."""
        self._directory = directory
        self._parts = parts
        self._base_url = base_url
        self._clock = clock
        self._random_bytes = random_bytes
        self._letters: set[asyncio.Task[None]] = set()

    @property
    def can_be_mailed(self) -> bool:
        """Whether links can be sent, so that somebody may ask for one."""
        return self._parts.mail.is_carried

    async def find_addressee(self, tenant: Tenant, name: str) -> Addressee | None:
        """Return who has this ``userName``, in any case: a break-glass account before a person; ``None``: nobody."""
        key = name_key(name)
        found = await self._parts.accounts.find_by_name(tenant.id, key) if is_storable(key) else ()
        return next((_addressee(each) for each in found), None)

    async def issue(self, account: AccountRef, purpose: LinkPurpose) -> IssuedLink:
        """Make a link for an account, in place of any other."""
        moment = self._clock()
        token = urlsafe_b64encode(self._random_bytes(_TOKEN_BYTES)).rstrip(b"=").decode()
        expires_at = render_time(moment + LASTS[purpose])
        link = Link(account, _hash(token), purpose, render_time(moment), expires_at)
        await self._parts.links.add(link)
        return IssuedLink(link, f"{self._base_url}/setup/{token}")

    async def send(self, issued: IssuedLink, tenant: Tenant, address: str) -> None:
        """Send a link to the person whose it is.

        Raises:
            MailError: the letter was not taken.
        """
        write = invitation if issued.link.purpose is LinkPurpose.SET_UP else reset_letter
        await self._parts.mail.send(write(address, tenant.name, issued.url, parse_time(issued.link.expires_at)))

    async def open(self, token: str, visitor: Visitor) -> OpenLink:
        """Return the link with this token, which stays good.

        Raises:
            LinkUnknownError: there is none that can be used, or nobody who can use it.
            LinkExpiredError: it is too old.
        """
        found = await self._find(token)
        if found is None or found.tenant.status is not TenantStatus.ACTIVE:
            raise LinkUnknownError
        account = found.link.account
        if parse_time(found.link.expires_at) <= self._clock():
            raise LinkExpiredError(Claim(account=account))
        actor = sign_in_actor(account.tenant_id, visitor.request_id)
        try:
            held = await self._directory.perform(actor, HeldPermissions(_TYPES[account.resource_type], account.id))
        except NotFoundError as error:
            raise LinkUnknownError from error
        if held.account.status is not Status.ACTIVE or not allows(held.settings, SignInMethod.PASSWORD, account):
            raise LinkUnknownError
        return OpenLink(found.link, found.tenant, held)

    async def set_password(self, token: str, password: str, visitor: Visitor) -> OpenLink:
        """Use a link up: give its account a password, which ends every session. Signing in is next.

        Raises:
            LinkUnknownError: as :meth:`open`.
            LinkExpiredError: as :meth:`open`.
            WeakPasswordError: the password cannot be chosen; the link stays good.
            TryLaterError: too many passwords are being checked; the link stays good.
        """
        opened = await self.open(token, visitor)
        link, person = opened.link, opened.held.person
        check_new_password(password, (opened.tenant.name, opened.tenant.slug, person.user_name, person.display_name))
        try:
            self._parts.hashes.check_room()
        except HashingBusyError as error:
            raise too_busy(error.retry_after_seconds, Claim(account=link.account)) from error
        hashed = await self._parts.hashes.make(password)
        account = link.account
        # Of two who use the link at once one sets a password.
        if not await self._parts.links.redeem(account.tenant_id, link.link_hash, render_time(self._clock())):
            raise LinkUnknownError
        actor = sign_in_actor(account.tenant_id, visitor.request_id)
        await self._directory.perform(actor, SetPassword(_TYPES[account.resource_type], account.id, hashed))
        return opened

    async def ask_for_reset(self, tenant: Tenant, name: str, visitor: Visitor) -> None:
        """Send a link to whoever has this name and a password. Whether there is anybody, nobody learns.

        Raises:
            TryLaterError: it was asked for too often, for this name or from this address.
        """
        key = name_key(name)
        subjects = [Subject(Counted.RESET, key), address_subject(visitor.address)]
        try:
            await self._parts.slow_down.begin(tenant.id, subjects)
        except TooManyTriesError as error:
            raise too_many_tries(error.retry_after_seconds, Claim(name)) from error
        # Done by itself: the answer comes at the same moment whether there is anybody to write to or not.
        task = asyncio.create_task(self._try_to_write(tenant, key))
        self._letters.add(task)
        task.add_done_callback(self._letters.discard)

    async def settle(self) -> None:
        """Wait until every letter that is on its way was handed over."""
        await asyncio.gather(*self._letters)

    async def _try_to_write(self, tenant: Tenant, key: str) -> None:
        # Nobody waits for this any more: whoever got no letter asks again.
        with suppress(MailError, StoreUnavailableError):
            await self._write_to(tenant, key)

    async def _write_to(self, tenant: Tenant, key: str) -> None:
        found = await self._parts.accounts.find_by_name(tenant.id, key) if is_storable(key) else ()
        for each in map(_addressee, found):
            if each.status is Status.ACTIVE and each.has_password and each.address is not None:
                issued = await self.issue(each.account, LinkPurpose.RESET)
                await self.send(issued, tenant, each.address)
                return

    async def _find(self, token: str) -> FoundLink | None:
        if not 0 < len(token) <= _MAX_TOKEN_LENGTH or not token.isascii():
            return None
        return await self._parts.links.find(_hash(token))


def _addressee(found: FoundAccount) -> Addressee:
    account = read_account(found.record.account or "")
    person = msgspec.json.decode(found.record.stored.document, type=_Person)
    has_password = account.password is not msgspec.UNSET
    return Addressee(found.ref, person.userName, account.status, has_password, address_in(found.record.stored.document))


def address_in(document: str) -> str | None:
    """Return where letters reach the person of a stored document: the primary address, the first one, or the name."""
    person = msgspec.json.decode(document, type=_Person)
    primary = [each.value for each in person.emails if each.primary and each.value]
    others = [each.value for each in person.emails if each.value]
    name = person.userName if "@" in person.userName else None
    return next(iter([*primary, *others]), name)


class _Email(msgspec.Struct):
    value: str = ""
    primary: bool = False


class _Person(msgspec.Struct):
    userName: str = ""  # noqa: N815 - the attribute of RFC 7643 §4.1.1
    emails: tuple[_Email, ...] = ()


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
