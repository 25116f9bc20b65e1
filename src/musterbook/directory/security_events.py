"""*Our events in the standard's words.* Decides which events of RFC 9967 tell of a change, and what each says.

RFC 9967 is the SCIM profile for security event tokens (RFC 8417). Knows events, revisions and resource types; knows
no key, receiver or transport. Whoever delivers adds what belongs to one delivery: ``jti``, ``iss``, ``aud``, ``iat``
and the signature. Five ideas:

* **One change, one set of claims.** A change may be several events at once, such as a replacement and a deactivation;
  they stand in one token, because they tell of one transaction of one resource (RFC 9967 §2.1).
* **Notice or full.** A notice names the attributes that changed; a full event holds their values (§2.4). A receiver
  that was given notices has learnt no personal data but the names of attributes.
* **What is ours alone is no event.** Roles and the display name are no part of the resource, so nothing is said of
  them; nor of break-glass accounts, which are no SCIM resources.
* **Members are told as a difference.** A group may have a hundred thousand of them, so a change of a group is the
  PATCH that would bring it about. It is never a replacement, which would leave the members out: to whoever replays it
  on another server, that could mean that there are none.
* **Whoever leaves a feed is not told about any more.** Only a deactivation goes along, because it must take effect.

``misc:asyncresp`` is missing: no request is answered asynchronously (§2.5.1).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import msgspec

from musterbook.directory.clock import parse_time
from musterbook.directory.events import Event
from musterbook.directory.history import Action, FieldChange, Revision, changes_between
from musterbook.directory.store import HistoryEntry
from musterbook.scim import Json, ResourceType
from musterbook.scim.patch_message import PATCH_OP_URN
from musterbook.scim.versions import entity_tag

_PREFIX = "urn:ietf:params:scim:event:"
_MEMBERS = "members"
_DECODER = msgspec.json.Decoder(dict[str, Json])


class Form(Enum):
    """How much a provisioning event says; the last part of its URI (RFC 9967 §2.4)."""

    NOTICE = "notice"
    """The names of the attributes that were created or modified."""
    FULL = "full"
    """Their values."""


class FeedChange(Enum):
    """Where the resource stands in a receiver's feed after the change, if the feed has only some of them."""

    STAYS = "stays"
    JOINS = "joins"
    """The receiver has not known the resource before."""
    LEAVES = "leaves"
    """The receiver is not to know the resource any more."""


class EventUri(Enum):
    """The event URIs of RFC 9967 §7.4 that a change here can be; lower-case, as registered."""

    FEED_ADD = f"{_PREFIX}feed:add"
    FEED_REMOVE = f"{_PREFIX}feed:remove"
    CREATE_NOTICE = f"{_PREFIX}prov:create:notice"
    CREATE_FULL = f"{_PREFIX}prov:create:full"
    PATCH_NOTICE = f"{_PREFIX}prov:patch:notice"
    PATCH_FULL = f"{_PREFIX}prov:patch:full"
    PUT_NOTICE = f"{_PREFIX}prov:put:notice"
    PUT_FULL = f"{_PREFIX}prov:put:full"
    DELETE = f"{_PREFIX}prov:delete"
    ACTIVATE = f"{_PREFIX}prov:activate"
    DEACTIVATE = f"{_PREFIX}prov:deactivate"


@dataclass(frozen=True, slots=True)
class SecurityEvent:
    """The claims of a security event token that tell of one change (RFC 8417 §2.2, RFC 9967 §2)."""

    sub_id: Mapping[str, str]
    """The resource, by its path below the base URL and, where it has one, the client's own id for it."""
    txn: str
    """The same for every token about this change, to whomever and however often it is sent."""
    toe: int
    """When it happened, in seconds since 1970."""
    events: Mapping[str, Mapping[str, Json]]
    """The payload of each event by its URI."""


def security_event(
    event: Event,
    entry: HistoryEntry,
    resource_type: ResourceType,
    form: Form = Form.NOTICE,
    feed: FeedChange = FeedChange.STAYS,
) -> SecurityEvent | None:
    """Return what a receiver is told of ``event``; ``None`` where nothing of it is a receiver's business.

    ``entry`` holds the revision that the event points to and the one before it. A full event holds the resource
    without ``meta``, whose ``location`` depends on who asks.
    """
    events = _events_in_feed(_provisioning_events(entry, form, resource_type), entry.revision, feed)
    if not events or not resource_type.endpoint:
        return None
    return SecurityEvent(
        sub_id=_subject(entry.revision, resource_type),
        # Not the number of the database's transaction: a restored backup would count from an older one again.
        txn=event.id,
        toe=int(parse_time(event.at).timestamp()),
        events={uri.value: payload for uri, payload in events.items()},
    )


_Events = dict[EventUri, dict[str, Json]]


def _subject(revision: Revision, resource_type: ResourceType) -> dict[str, str]:
    subject = {"format": "scim", "uri": f"{resource_type.endpoint}/{revision.resource_id}"}
    external_id = _DECODER.decode(revision.document).get("externalId")
    if external_id is not None:
        subject["externalId"] = external_id
    return subject


def _provisioning_events(entry: HistoryEntry, form: Form, resource_type: ResourceType) -> _Events:
    """Return the events of §2.4 that the change is, whatever feed they are for."""
    revision, is_full = entry.revision, form is Form.FULL
    match revision.action:
        case Action.DEPROVISIONED:
            return {EventUri.DELETE: {}}
        case Action.CREATED | Action.RESTORED:
            # To a receiver who was told of the removal, a restored resource is a new one under the same id.
            uri = EventUri.CREATE_FULL if is_full else EventUri.CREATE_NOTICE
            return {uri: _payload(revision, form, ["id", *_paths(_changes(None, revision))])}
        case _:
            events: _Events = {}
            changed = _paths(_changes(entry.previous, revision))
            if changed and resource_type.related_attribute == _MEMBERS:
                events[EventUri.PATCH_FULL if is_full else EventUri.PATCH_NOTICE] = _patch_payload(entry, form)
            elif changed:
                events[EventUri.PUT_FULL if is_full else EventUri.PUT_NOTICE] = _payload(revision, form, changed)
            if revision.action is Action.SUSPENDED:
                events[EventUri.DEACTIVATE] = {}
            elif revision.action is Action.REACTIVATED:
                events[EventUri.ACTIVATE] = {}
            return events


def _payload(revision: Revision, form: Form, changed: list[str]) -> dict[str, Json]:
    """Return version and exactly one of ``data`` and ``attributes`` (§2.2)."""
    says = {"data": _resource(revision)} if form is Form.FULL else {"attributes": changed}
    return {"version": entity_tag(revision.version), **says}


def _resource(revision: Revision) -> dict[str, Json]:
    """Return the resource; a group that was just made has the members that it was made with."""
    document = _DECODER.decode(revision.document)
    members = [{"value": id_} for id_ in revision.members_added]
    return {**document, _MEMBERS: members} if members else document


def _patch_payload(entry: HistoryEntry, form: Form) -> dict[str, Json]:
    """Return what is told of a change of a group: the PATCH that brings it about, or the names of what it changes."""
    revision = entry.revision
    changes = _changes(entry.previous, revision)
    if form is Form.NOTICE:
        return _payload(revision, form, _paths(changes))
    operations: list[Json] = [_operation(change) for change in changes if change.path != _MEMBERS]
    gone = [f'{_MEMBERS}[value eq "{id_}"]' for id_ in revision.members_removed]
    operations += [{"op": "remove", "path": path} for path in gone]
    if revision.members_added:
        members = [{"value": id_} for id_ in revision.members_added]
        operations.append({"op": "add", "path": _MEMBERS, "value": members})
    data = {"schemas": [PATCH_OP_URN], "Operations": operations}
    return {"version": entity_tag(revision.version), "data": data}


def _operation(change: FieldChange) -> dict[str, Json]:
    if change.after is None:
        return {"op": "remove", "path": change.path}
    return {"op": "replace", "path": change.path, "value": change.after}


def _changes(before: Revision | None, after: Revision) -> list[FieldChange]:
    """Return what the change did to the resource; the account is ours."""
    changes = changes_between(before, after)
    # Of what is no person, an attribute that an operator has called so is the resource's own.
    return [item for item in changes if after.account is None or not item.path.startswith("account.")]


def _paths(changes: Sequence[FieldChange]) -> list[str]:
    return [change.path for change in changes]


def _events_in_feed(events: _Events, revision: Revision, feed: FeedChange) -> _Events:
    is_told_by_itself = revision.action in {Action.CREATED, Action.RESTORED, Action.DEPROVISIONED}
    if feed is FeedChange.STAYS or (is_told_by_itself and feed is FeedChange.JOINS):
        return events
    if feed is FeedChange.JOINS:
        return {EventUri.FEED_ADD: {}, **events}
    if EventUri.DELETE in events:
        return events  # a removal is told as such, and never as feed:remove as well (§2.4.4)
    kept: _Events = {EventUri.DEACTIVATE: {}} if EventUri.DEACTIVATE in events else {}
    return {**kept, EventUri.FEED_REMOVE: {}}
