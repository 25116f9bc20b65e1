"""*Passwords.* Decides where a password goes that a client sends: past the resource (RFC 7643 §4.1.1, §9.2).

Knows resource types and changes; knows no hash and no storage. Whether a tenant takes passwords at all, its resource
types say. A password is never an attribute of what is stored, compared or shown; it leaves a request as a
:class:`PasswordEdit`, which no representation prints.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from musterbook.scim.patch_change import Change
from musterbook.scim.patch_edit import Assign
from musterbook.scim.resource import Resource


@dataclass(frozen=True, slots=True)
class PasswordEdit:
    """What a request does to a password."""

    password: str | None = field(repr=False)
    """``None``: the person has no password any more."""


def take_password(resource: Resource) -> tuple[Resource, PasswordEdit | None]:
    """Return a parsed resource without its password, and what was sent; ``None``: nothing, and it stays as it is."""
    name = resource.resource_type.password_attribute
    if name is None or name not in resource.attributes:
        return resource, None
    attributes = dict(resource.attributes)
    password = attributes.pop(name)
    return replace(resource, attributes=attributes), PasswordEdit(password) if password else None


def password_edit(changes: Iterable[Change]) -> PasswordEdit | None:
    """Return what the changes of passwords make together: what the last one does."""
    edits = [change.edit for change in changes if isinstance(change.edit, Assign)]
    return PasswordEdit(edits[-1].value or None) if edits else None
