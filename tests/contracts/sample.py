"""People and changes for the contract tests: what the directory would make, made by hand."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from musterbook.directory import ActorKind, KeyId, NewTenant, ResourceId, SetupLink, TenantId
from musterbook.directory.account import Account, DisplayNameOrigin, Role, Source, Status, render_account
from musterbook.directory.clock import render_time
from musterbook.directory.events import event_of
from musterbook.directory.history import Action, Revision
from musterbook.directory.store import Change, Record
from musterbook.identity.store import Key
from musterbook.scim import (
    IndexEntries,
    Json,
    Meta,
    Resource,
    StoredResource,
    index_entries,
    render_document,
    user_type,
)

ACME = TenantId("019388a0-0000-7000-8000-0000000000ac")
GLOBEX = TenantId("019388a0-0000-7000-8000-0000000000b0")
FOREVER = "9999-12-31T23:59:59.999Z"
_START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def at(second: int) -> str:
    """Return the time ``second`` seconds after the tests' beginning, as it is stored."""
    return render_time(_START + timedelta(seconds=second))


def id_of(number: int) -> ResourceId:
    """Return an id that sorts like ``number``."""
    return ResourceId(f"019388a0-{number // 65536:04x}-7000-8000-{number % 65536:012x}")


@dataclass(frozen=True, slots=True)
class Person:
    """A person with everything that one state of theirs consists of."""

    tenant_id: TenantId
    id: ResourceId
    attributes: dict[str, Json]
    revision: int = 1
    version: int = 1
    second: int = 0
    created_second: int = 0
    administers_until: str | None = None

    @property
    def resource(self) -> Resource:
        """The SCIM resource."""
        meta = Meta(at(self.created_second), at(self.second), self.version)
        return Resource(user_type(), self.attributes, self.id, meta)

    @property
    def record(self) -> Record:
        """What the store keeps."""
        resource = self.resource
        assert resource.meta is not None
        stored = StoredResource(self.id, render_document(resource), resource.meta)
        return Record(stored, self.revision, self.account)

    @property
    def account(self) -> str:
        """The account's text."""
        roles = (Role.ADMINISTRATOR,) if self.administers_until else ()
        account = Account("Ada", DisplayNameOrigin.NAME, Status.ACTIVE, Source.SCIM, roles)
        return render_account(account)

    def history(self, action: Action) -> Revision:
        """The revision that leads to this state."""
        return Revision(
            tenant_id=self.tenant_id,
            resource_type="User",
            resource_id=self.id,
            number=self.revision,
            at=at(self.second),
            action=action,
            actor_kind=ActorKind.SCIM,
            actor_name="Scim System User",
            request_id=f"request-{self.second}",
            key_id=KeyId("key-1"),
            version=self.version,
            document=self.record.stored.document,
            account=self.account,
        )

    def becomes(self, second: int, **attributes: Json) -> "Person":
        """Return the next state of this person; an attribute that is ``None`` is taken away."""
        merged = {name: value for name, value in {**self.attributes, **attributes}.items() if value is not None}
        return replace(self, attributes=merged, revision=self.revision + 1, version=self.version + 1, second=second)


def person(
    number: int,
    user_name: str,
    *emails: str,
    tenant_id: TenantId = ACME,
    external_id: str | None = None,
    administers_until: str | None = None,
    **attributes: Json,
) -> Person:
    """Return a new person whose id and times follow from ``number``."""
    values: dict[str, Json] = {"userName": user_name, "active": True, **attributes}
    if emails:
        values["emails"] = [{"value": email, "type": "work"} for email in emails]
    if external_id is not None:
        values["externalId"] = external_id
    return Person(
        tenant_id,
        id_of(number),
        values,
        second=number,
        created_second=number,
        administers_until=administers_until,
    )


def created(new: Person) -> Change:
    """Return the change that adds a person, or brings one back whose revisions go on."""
    action = Action.CREATED if new.revision == 1 else Action.RESTORED
    return _change(new, None, action)


def updated(new: Person, *, expected: int | None = None, may_remove_administrator: bool = False) -> Change:
    """Return the change that leads to ``new`` from the revision before it, or from ``expected``."""
    change = _change(new, new.revision - 1 if expected is None else expected, Action.UPDATED)
    return replace(change, may_remove_administrator=may_remove_administrator)


def removed(last: Person, second: int, *, may_remove_administrator: bool = False) -> Change:
    """Return the change that removes ``last``."""
    tombstone = replace(last, revision=last.revision + 1, second=second)
    revision = tombstone.history(Action.DEPROVISIONED)
    return Change(
        tenant_id=last.tenant_id,
        resource_type="User",
        expected_revision=last.revision,
        record=None,
        entries=IndexEntries(),
        revision=revision,
        event=event_of(revision, event_id(revision)),
        may_remove_administrator=may_remove_administrator,
    )


def event_id(revision: Revision) -> str:
    """Return the id of the event that announces ``revision``."""
    return f"event-{revision.resource_id}-{revision.number}"


def _change(new: Person, expected: int | None, action: Action) -> Change:
    revision = new.history(action)
    return Change(
        tenant_id=new.tenant_id,
        resource_type="User",
        expected_revision=expected,
        record=new.record,
        entries=index_entries(new.resource),
        revision=revision,
        event=event_of(revision, event_id(revision)),
        administers_until=new.administers_until,
    )


def tenant(tenant_id: TenantId, slug: str) -> NewTenant:
    """Return a tenant to be stored."""
    return NewTenant(tenant_id, slug, slug.capitalize(), at(0))


def first_administrator(tenant_id: TenantId, number: int = 0) -> Change:
    """Return the change that adds a tenant's break-glass account; its set-up link counts until second 1000."""
    account_id = id_of(number)
    document = f'{{"schemas":[],"id":"{account_id}","userName":"root@example.com"}}'
    account = Account("root@example.com", DisplayNameOrigin.FALLBACK, Status.ACTIVE, Source.BREAK_GLASS)
    revision = Revision(
        tenant_id=tenant_id,
        resource_type="BreakGlassAccount",
        resource_id=account_id,
        number=1,
        at=at(0),
        action=Action.CREATED,
        actor_kind=ActorKind.COMMAND_LINE,
        actor_name="Operator",
        request_id="request-0",
        key_id=None,
        version=1,
        document=document,
        account=render_account(account),
    )
    return Change(
        tenant_id=tenant_id,
        resource_type="BreakGlassAccount",
        expected_revision=None,
        record=Record(StoredResource(account_id, document, Meta(at(0), at(0), 1)), 1, revision.account),
        entries=IndexEntries(unique_key="root@example.com"),
        revision=revision,
        event=event_of(revision, event_id(revision)),
        administers_until=at(1000),
    )


def setup_link(tenant_id: TenantId, link_hash: bytes) -> SetupLink:
    """Return the set-up link of :func:`first_administrator`."""
    return SetupLink(tenant_id, link_hash, id_of(0), at(0), at(1000))


def key(tenant_id: TenantId, number: int) -> Key:
    """Return a key of a tenant; the same number in two tenants gives the same id and another hash."""
    return Key(
        tenant_id=tenant_id,
        id=KeyId(f"key-{number}"),
        key_hash=f"{tenant_id}-{number}".encode(),
        prefix=f"mbk_{number}",
        label=f"Key {number}",
        idp="onelogin",
        profile="lenient",
        created_at=at(number),
        expires_at=at(number + 1000),
    )


ADA = person(1, "ada@example.com", "ada@example.com", external_id="E-1", name={"familyName": "Lovelace"})
BOB = person(2, "bob@example.com", "bob@example.com")
