"""*Whose account a provider speaks of.* Decides which account of the tenant a subject of its connection is.

Knows the tenant's directory and its bindings; knows neither SAML nor OpenID. Three ideas:

* At the first sign-in the account is found by its ``userName`` or an e-mail address, among the people of this tenant,
  and bound to the subject of this connection. A binding says nothing about any other connection.
* From then on the binding counts, and not the address: who is given the address of somebody who left gets no account
  with it.
* A subject that is itself an address can be given to another person too. There the account must still have it;
  otherwise it is looked for anew, because the same provider has said who has the address now.

Break-glass accounts are found by nobody's provider. Where the tenant wants it, somebody unknown is added to the
directory; who was removed from it is not, for then a sign-in would undo what an administrator or the provider has done.
"""

from dataclasses import dataclass
from datetime import timedelta

from musterbook.directory import Clock, Directory, ResourceId, Status, render_time
from musterbook.directory.actor import Actor
from musterbook.directory.operation import FindPerson, Held, HeldPermissions, ReadSignInSettings
from musterbook.identity.accounts import AccountRef
from musterbook.identity.attempt_store import Binding, BindingStore
from musterbook.identity.entry import Claim, EntryRefusal, NotLetInError
from musterbook.scim import Json, Resource, unique_attribute_is, user_type
from musterbook.scim.errors import NotFoundError, UniquenessError
from musterbook.scim.filter import CompareOp, Comparison
from musterbook.scim.operation import CreateResource, Query, SearchResources
from musterbook.scim.path import BoundPath

_TOUCH_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Newcomer:
    """What a provider says of somebody who may be new."""

    email: str
    given_name: str | None = None
    family_name: str | None = None
    formatted: str | None = None
    """The whole name, where it is not known in parts."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody as a provider names them."""

    connection_id: str
    key: str
    """What is compared: for SAML the format, qualifiers and value of the name, for Google issuer and subject."""
    names: tuple[str, ...]
    """By which the account may be found: user names or addresses, the most telling first."""
    is_address: bool = False
    """Whether the subject is the first of the names: an address, which may be given to another person."""
    newcomer: Newcomer | None = None
    """As whom somebody unknown is added, where the tenant wants that; ``None``: not enough is known of them."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """An account that somebody may enter, as it is at this moment."""

    account: AccountRef
    held: Held


class Subjects:
    """The subjects of all connections."""

    def __init__(self, directory: Directory, bindings: BindingStore, clock: Clock) -> None:
        """Look accounts up in ``directory``, and keep whose they are in ``bindings``."""
        self._directory = directory
        self._bindings = bindings
        self._clock = clock

    async def recognise(self, actor: Actor, subject: Subject) -> Recognised:
        """Return the account of a subject, which is bound to it from now on.

        Raises:
            NotLetInError: there is none, it is not clear which, or it is suspended.
        """
        bound = await self._find_bound(actor, subject)
        if bound is None:
            bound = await self._bind(actor, subject)
        if bound.held.person.status is not Status.ACTIVE:
            raise NotLetInError(
                EntryRefusal.SUSPENDED.value,
                f"{bound.held.person.user_name} is suspended.",
                Claim(bound.held.person.user_name, bound.account),
            )
        return bound

    async def _find_bound(self, actor: Actor, subject: Subject) -> Recognised | None:
        binding = await self._bindings.find(actor.tenant_id, subject.connection_id, subject.key)
        if binding is None:
            return None
        held = await self._held(actor, binding.account)
        if held is not None and await self._still_has_address(actor, subject, held):
            moment = self._clock()
            not_since = render_time(moment - timedelta(seconds=_TOUCH_SECONDS))
            await self._bindings.touch(binding, render_time(moment), not_since=not_since)
            return Recognised(binding.account, held)
        await self._bindings.remove(actor.tenant_id, subject.connection_id, subject.key)
        return None

    async def _still_has_address(self, actor: Actor, subject: Subject, held: Held) -> bool:
        return not subject.is_address or await self._find_named(actor, subject.names[0]) == held.person.id

    async def _bind(self, actor: Actor, subject: Subject) -> Recognised:
        account = await self._find_account(actor, subject)
        for other in await self._bindings.list(account):
            # An address that the account had before says nothing any more; another subject says that the account is
            # somebody else's, who has left, most likely, and whose address was given to a new colleague.
            if other.connection_id == subject.connection_id and not subject.is_address:
                raise NotLetInError(
                    EntryRefusal.BOUND_OTHERWISE.value,
                    "The account with this address belongs to another person of the identity provider. If it is the "
                    "same person, end the old connection of the account first.",
                    Claim(subject.names[0], account),
                )
        now = render_time(self._clock())
        binding = Binding(account, subject.connection_id, subject.key, created_at=now, last_used_at=now)
        binding = await self._bindings.bind(binding)
        held = await self._held(actor, binding.account)
        if held is None:
            raise _unknown(subject)
        return Recognised(binding.account, held)

    async def _find_account(self, actor: Actor, subject: Subject) -> AccountRef:
        for name in subject.names:
            found = await self._find_named(actor, name)
            if found is not None:
                return AccountRef(actor.tenant_id, user_type().name, found)
        return AccountRef(actor.tenant_id, user_type().name, await self._add(actor, subject))

    async def _add(self, actor: Actor, subject: Subject) -> ResourceId:
        """Add somebody unknown to the directory and return their id.

        Raises:
            NotLetInError: the tenant does not want that, too little is known of them, or they were removed.
        """
        newcomer = subject.newcomer
        settings = (await self._directory.perform(actor, ReadSignInSettings())).settings
        if newcomer is None or not settings.creates_people:
            raise _unknown(subject)
        try:
            known = (await self._directory.perform(actor, FindPerson(newcomer.email))).person
        except NotFoundError:
            known = None
        if known is not None:
            was_removed = known.status is Status.REMOVED
            raise NotLetInError(
                (EntryRefusal.REMOVED if was_removed else EntryRefusal.UNKNOWN).value,
                f"{newcomer.email} was removed." if was_removed else f"{newcomer.email} is a break-glass account.",
                Claim(newcomer.email),
            )
        try:
            created = await self._directory.perform(actor, CreateResource(_resource(newcomer)))
        except UniquenessError:  # Added at this moment: by the provider, or in another window.
            found = await self._find_named(actor, newcomer.email)
            if found is None:
                raise
            return found
        return ResourceId(created.stored.id)

    async def _find_named(self, actor: Actor, name: str) -> ResourceId | None:
        """Return the person with this ``userName``, or else the only one with this address."""
        for filter_ in (unique_attribute_is(user_type(), name), _has_address(name)):
            operation = SearchResources(user_type(), Query(filter=filter_, count=2), shows_related=False)
            page = await self._directory.perform(actor, operation)
            if len(page.resources) > 1:
                raise NotLetInError(
                    EntryRefusal.AMBIGUOUS.value, f"Several people have the address {name}.", Claim(name)
                )
            if page.resources:
                return ResourceId(page.resources[0].id)
        return None

    async def _held(self, actor: Actor, account: AccountRef) -> Held | None:
        try:
            return await self._directory.perform(actor, HeldPermissions(user_type(), account.id))
        except NotFoundError:
            return None


def _unknown(subject: Subject) -> NotLetInError:
    return NotLetInError(
        EntryRefusal.UNKNOWN.value,
        f"Nobody in the directory has the name {' or '.join(subject.names)}.",
        Claim(subject.names[0] if subject.names else None),
    )


def _resource(newcomer: Newcomer) -> Resource:
    parts = {
        "givenName": newcomer.given_name,
        "familyName": newcomer.family_name,
        "formatted": newcomer.formatted,
    }
    name = {part: value for part, value in parts.items() if value}
    attributes: dict[str, Json] = {
        "userName": newcomer.email,
        "active": True,
        "emails": [{"value": newcomer.email, "primary": True}],
    }
    return Resource(user_type(), {**attributes, "name": name} if name else attributes)


def _has_address(address: str) -> Comparison:
    emails = user_type().attribute("emails")
    value = None if emails is None else emails.sub_attribute("value")
    assert emails is not None  # RFC 7643 §4.1.2 has them
    assert value is not None
    return Comparison(BoundPath(None, emails, value), CompareOp.EQ, address)
