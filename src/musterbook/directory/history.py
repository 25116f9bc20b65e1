"""*History.* Decides what a revision is, and computes differences between revisions.

Knows resources and accounts as stored text; knows no SQL. A revision is {resource, account} **after** a change, with
who made it. Revisions are appended and never changed. The last one of a removed person is the tombstone: it keeps the
last resource and an account with the status ``removed``, so that a restore needs nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

import msgspec

from musterbook.directory.actor import ActorKind, KeyId, ResourceId, TenantId
from musterbook.directory.everyone import DEFAULT_ROLES, everyone_type
from musterbook.directory.saml_connection import saml_connection_type
from musterbook.directory.sign_in_settings import SignInSettings, attributes_of, sign_in_settings_type
from musterbook.scim import Json

_DECODER = msgspec.json.Decoder(dict[str, Json])
_PEOPLE = frozenset({"User", "BreakGlassAccount"})
"""The types whose resources are called by their ``userName``."""
_TITLES: Mapping[str, str] = {
    everyone_type().name: "Everyone",
    sign_in_settings_type().name: "Sign-in settings",
    saml_connection_type().name: "SAML connection",
}
"""What those resources of ours are called that have no name of their own."""
_BEGINNINGS: Mapping[str, Mapping[str, Json]] = {
    everyone_type().name: {"account.roles": [role.value for role in DEFAULT_ROLES]},
    sign_in_settings_type().name: attributes_of(SignInSettings()),
}
"""What is true before anybody decides anything, so that a first revision tells what it changed of that."""


class Action(Enum):
    """What a revision did, in one word; the event of the same change has it in its type."""

    CREATED = "created"
    UPDATED = "updated"
    SUSPENDED = "suspended"
    REACTIVATED = "reactivated"
    DEPROVISIONED = "deprovisioned"
    RESTORED = "restored"
    LINKED = "linked"
    """A client wrote for the first time to a person who was added otherwise."""
    ROLE_GRANTED = "role_granted"
    ROLE_REVOKED = "role_revoked"
    DISPLAY_NAME_CHANGED = "display_name_changed"
    PASSWORD_SET = "password_set"  # noqa: S105 the name of an action, and no password
    SECOND_FACTOR_SET = "second_factor_set"
    SECOND_FACTOR_REMOVED = "second_factor_removed"
    SESSIONS_ENDED = "sessions_ended"


@dataclass(frozen=True, slots=True)
class Revision:
    """One state of a resource and its account, and who brought it about."""

    tenant_id: TenantId
    resource_type: str
    resource_id: ResourceId
    number: int
    """Counts the revisions of the resource, from 1, without gaps; goes on after a restore."""
    at: str
    """UTC, ``YYYY-MM-DDTHH:MM:SS.mmmZ``."""
    action: Action
    actor_kind: ActorKind
    actor_name: str
    request_id: str
    key_id: KeyId | None
    version: int
    """The resource's SCIM version after the change."""
    document: str
    """The resource's stored text after the change; on a tombstone the last one."""
    account: str | None
    """The account's stored text after the change; ``None`` for resources that are no persons."""
    members_added: tuple[str, ...] = ()
    """The ids of those who became members of the group by this change, in order."""
    members_removed: tuple[str, ...] = ()
    """The ids of those who were members until this change, in order; on a tombstone, all."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One value that a revision changed."""

    path: str
    """An attribute path such as ``name.familyName``, or ``account.`` and a field of the account."""
    before: Json
    """``None`` where there was no value."""
    after: Json
    """``None`` where there is no value any more."""


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """A revision as the history shows it."""

    revision: Revision
    user_name: str
    """The person's ``userName``, or the ``displayName`` of what is no person, after the change: the name that it had
    then, also if it has another one today. What has no such name is called by what it is, such as ``Everyone``."""
    changes: tuple[FieldChange, ...]
    """Of the members of a group it holds who left and who came, under the path ``members``."""


def history_line(revision: Revision, previous: Revision | None) -> HistoryLine:
    """Return what the history shows of ``revision``, given the one before it."""
    return HistoryLine(revision, user_name_of(revision), changes_between(previous, revision))


def is_tombstone(revision: Revision) -> bool:
    """Return whether the resource was removed by this change, and can be restored from it."""
    return revision.action is Action.DEPROVISIONED


def user_name_of(revision: Revision) -> str:
    """Return what the person or the group was called after the change; empty for what has no name."""
    if (title := _TITLES.get(revision.resource_type)) is not None:
        return title
    attribute = "userName" if revision.resource_type in _PEOPLE else "displayName"
    name = _decode(revision.document).get(attribute, "")
    # What an operator has defined may be called so and be no text.
    return name if isinstance(name, str) else ""


def changes_between(before: Revision | None, after: Revision) -> tuple[FieldChange, ...]:
    """Return the difference of two revisions, sorted by path; ``before`` is ``None`` for a first one.

    The members of a group stand in no revision: of them, the difference holds those who left and those who came.
    """
    old = _BEGINNINGS.get(after.resource_type, {}) if before is None else _flatten(before)
    new = _flatten(after)
    changed = {path for path in old.keys() | new.keys() if old.get(path) != new.get(path)}
    changes = [FieldChange(path, old.get(path), new.get(path)) for path in changed]
    if after.members_added or after.members_removed:
        left, came = [*after.members_removed], [*after.members_added]
        changes.append(FieldChange("members", left or None, came or None))
    return tuple(sorted(changes, key=lambda change: change.path))


_NOT_SHOWN = ("schemas", "id")
"""``schemas`` follows from the other attributes, and an id never changes."""
_EPOCH = "session_epoch"
"""A number that means nothing to people. Why the sessions ended is what the revision tells."""


def _flatten(revision: Revision) -> Mapping[str, Json]:
    values: dict[str, Json] = {}
    document = _decode(revision.document)
    _flatten_into(values, "", {name: value for name, value in document.items() if name not in _NOT_SHOWN})
    if revision.account is not None:
        account = _decode(revision.account)
        account.pop(_EPOCH, None)
        _flatten_into(values, "account.", account)
    return values


def _flatten_into(values: dict[str, Json], prefix: str, document: dict[str, Json]) -> None:
    # Multi-valued attributes are compared whole: their elements have no names of their own.
    for name, value in document.items():
        if isinstance(value, dict):
            separator = ":" if name.startswith("urn:") else "."
            _flatten_into(values, f"{prefix}{name}{separator}", value)
        elif value is not None and value != []:
            values[prefix + name] = value


def _decode(text: str) -> dict[str, Json]:
    return _DECODER.decode(text)
