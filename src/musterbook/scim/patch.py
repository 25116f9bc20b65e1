"""*PATCH.* Decides what a PatchOp message does to a resource (RFC 7644 §3.5.2).

Knows messages, paths and edits (``patch_message``, ``patch_change``, ``patch_edit``); knows no tenant or database, so
uniqueness is not its matter. Three ideas:

* A :class:`Patch` is a list of changes, one for each attribute. An operation without a path, or one whose path is an
  extension's URN, is the same operation on every attribute that its value names.
* To assign ``null`` is to remove (RFC 7643 §2.5), so both obey the rules of removal.
* Everything that a message alone can get wrong is refused while it is parsed. To apply a patch makes a new resource or
  raises; the one that it was given stays as it was.
"""

from dataclasses import dataclass, replace

from musterbook.scim.dialects import Tolerance
from musterbook.scim.members import MembersPatch, patch_members
from musterbook.scim.parse import check_resource
from musterbook.scim.password import PasswordEdit, password_edit
from musterbook.scim.patch_change import Change, changes_of
from musterbook.scim.patch_edit import apply_edit, comparisons_of, refuse_long_filters, refuse_long_work
from musterbook.scim.patch_message import parse_message, refuse_too_many
from musterbook.scim.resource import Json, Resource
from musterbook.scim.schema import ResourceType


@dataclass(frozen=True, slots=True)
class Patch:
    """What a PatchOp message asks for: changes that are made in order, all or none."""

    changes: tuple[Change, ...]
    """Of the resource's own attributes."""
    members: MembersPatch | None = None
    """Of its members; ``None`` where the message does not mention them."""
    password: PasswordEdit | None = None
    """Of the person's password; ``None`` where the message does not mention it."""


def parse_patch(document: dict[str, Json], resource_type: ResourceType, tolerance: Tolerance) -> Patch:
    """Return the patch that a PatchOp message asks for, checked as far as it can be without the resource.

    Raises:
        BadRequestError: one of its subclasses, as RFC 7644 §3.12, Table 9 has them.
        PayloadTooLargeError: there are too many operations, or too many comparisons in their filters.
    """
    changes: list[Change] = []
    comparisons = 0
    for operation in parse_message(document, tolerance):
        asked = list(changes_of(operation, resource_type, tolerance))
        changes.extend(asked)
        refuse_too_many(len(changes))
        comparisons += sum(comparisons_of(change.edit) for change in asked)
        refuse_long_filters(comparisons)
    members = [change for change in changes if change.attribute.kept_as_rows]
    passwords = [change for change in changes if change.attribute.kept_as_hash]
    if not members and not passwords:
        return Patch(tuple(changes))
    own = [item for item in changes if not item.attribute.kept_as_rows and not item.attribute.kept_as_hash]
    return Patch(tuple(own), patch_members(members, tolerance) if members else None, password_edit(passwords))


def apply_patch(resource: Resource, patch: Patch) -> Resource:
    """Return what ``patch`` makes of ``resource``; ``resource`` itself where that changes nothing.

    ``patch.members`` and ``patch.password`` are left aside: they are no part of the resource.

    Raises:
        MutabilityError: an immutable value would change, or a required one go.
        NoTargetError: a path's filter selects nothing to write to.
        InvalidValueError: the result is not a resource of its type, for instance with two primary addresses.
        InvalidFilterError: a path's filter selects several elements where one is due.
        PayloadTooLargeError: the changes look at more than ``MAX_ELEMENTS_VISITED`` elements.
    """
    attributes = dict(resource.attributes)
    visited = 0
    for change in patch.changes:
        name = change.attribute.name
        container = attributes if change.extension is None else dict(attributes.get(change.extension, {}))
        current = container.get(name)
        if isinstance(current, list):
            visited += len(current) * comparisons_of(change.edit)
            refuse_long_work(visited)
        value = apply_edit(change.attribute, current, change.edit)
        _put(container, name, value)
        if change.extension is not None:
            _put(attributes, change.extension, container)
    if attributes == resource.attributes:
        return resource
    return check_resource(replace(resource, attributes=attributes))


def _put(container: dict[str, Json], name: str, value: Json | None) -> None:
    if value is None or value == {}:
        container.pop(name, None)
    else:
        container[name] = value
