"""A directory as a newcomer would write it: dictionaries, and the rules of the RFCs in as few words as possible.

The state machine compares the server with this. It shares no code with the server, and knows no JSON Schema: only the
few attributes that the machine uses.
"""

import copy
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Json: TypeAlias = Any
"""A decoded JSON value."""
Attributes: TypeAlias = dict[str, Json]
"""A resource without ``schemas``, ``id`` and ``meta``, and without anything empty."""
Path: TypeAlias = tuple[str, ...]
"""Names from the outside in."""

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
KEPT_BY_PUT = ("active", "externalId")


class RefusedError(Exception):
    """The request must be refused, and nothing may change."""

    def __init__(self, status: int, scim_type: str | None = None) -> None:
        super().__init__(status, scim_type)
        self.status = status
        self.scim_type = scim_type


def key(text: str) -> str:
    """Return what is compared of a string that is not case-exact; right for the strings that the machine uses."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", text).lower())


def without_empty(value: Json) -> Json:
    """Return a value without what is unassigned: ``null``, empty arrays and objects."""
    if isinstance(value, dict):
        return {name: kept for name, item in value.items() if not is_empty(kept := without_empty(item))}
    if isinstance(value, list):
        return [kept for item in value if not is_empty(kept := without_empty(item))]
    return value


def is_empty(value: Json) -> bool:
    """Return whether a value is none."""
    return value is None or value in ([], {})


@dataclass
class Kept:
    """One resource."""

    attributes: Attributes
    version: int = 1


@dataclass
class Tenant:
    """The people of one tenant, by id, in the order in which they came."""

    people: dict[str, Kept] = field(default_factory=dict)

    def created(self, sent: Attributes) -> Attributes:
        """Return what a POST makes.

        Raises:
            RefusedError: the name is taken.
        """
        attributes = {"active": True, **without_empty(sent)}
        self._check_name(attributes, None)
        return attributes

    def replaced(self, id_: str, sent: Attributes) -> Attributes:
        """Return what a PUT makes."""
        present = self._present(id_)
        kept = {name: present[name] for name in KEPT_BY_PUT if name in present}
        attributes = {**kept, **without_empty(sent)}
        self._check_name(attributes, id_)
        return attributes

    def patched(self, id_: str, edits: Iterable[Callable[[Attributes], None]]) -> Attributes:
        """Return what a PATCH makes: all of its edits, each on what the one before left, or none."""
        attributes = copy.deepcopy(self._present(id_))
        for edit in edits:
            edit(attributes)
        patched: Attributes = without_empty(attributes)
        self._check_name(patched, id_)
        return patched

    def keep(self, id_: str, attributes: Attributes) -> None:
        """Take in what a change made; without a difference there is no new version."""
        kept = self.people.setdefault(id_, Kept(attributes))
        if kept.attributes != attributes:
            self.people[id_] = Kept(attributes, kept.version + 1)

    def remove(self, id_: str) -> None:
        """Remove a person."""
        self._present(id_)
        del self.people[id_]

    def _present(self, id_: str) -> Attributes:
        if id_ not in self.people:
            raise RefusedError(404)
        return self.people[id_].attributes

    def _check_name(self, attributes: Attributes, own: str | None) -> None:
        taken = {key(kept.attributes["userName"]) for id_, kept in self.people.items() if id_ != own}
        if key(attributes["userName"]) in taken:
            raise RefusedError(409, "uniqueness")


# ---------------------------------------------------------------------------------------------------------------------
# Edits


def assign(attributes: Attributes, path: Path, value: Json) -> None:
    """Set what a path names, or unassign it where the value is empty."""
    *outer, last = path
    place = attributes
    for name in outer:
        place = place.setdefault(name, {})
    if is_empty(value):
        place.pop(last, None)
    else:
        place[last] = value


def merge(attributes: Attributes, path: Path, values: Mapping[str, Json]) -> None:
    """Set sub-attributes; those that are not named stay."""
    for name, value in values.items():
        assign(attributes, (*path, name), value)


def add_emails(attributes: Attributes, added: Iterable[Mapping[str, Json]]) -> None:
    """Append addresses; one that is there takes in what is new about it."""
    emails = attributes.setdefault("emails", [])
    primary = []
    for email in added:
        same = next((item for item in emails if is_same(item, email)), None)
        if same is None and "type" not in email:
            same = next(
                (item for item in emails if "value" in item and key(item["value"]) == key(email["value"])), None
            )
        if same is None:
            same = {}
            emails.append(same)
        same.update({name: item for name, item in email.items() if name not in same or name not in {"value", "type"}})
        if email.get("primary") is True:
            primary.append(same)
    settle(emails, primary)


def is_same(present: Mapping[str, Json], email: Mapping[str, Json]) -> bool:
    """Return whether an address is one that is there already: the same value for the same purpose."""
    if "value" not in email or "value" not in present:
        return {**present, "primary": None} == {**email, "primary": None}
    return key(present["value"]) == key(email["value"]) and present.get("type") == email.get("type")


def settle(emails: list[Json], primary: list[Json]) -> None:
    """Let the address that was made the primary one be the only one."""
    if len({id(item) for item in primary}) > 1:
        raise RefusedError(400, "invalidValue")
    for item in emails:
        if primary and item is not primary[0] and item.get("primary") is True:
            item["primary"] = False


def write_emails(attributes: Attributes, type_: str, values: Attributes, *, whole: bool, makes: bool) -> None:
    """Set sub-attributes of all addresses of a type; where there is none, make one or refuse."""
    selected = [item for item in attributes.get("emails", []) if item.get("type") == type_]
    if not selected:
        if not makes:
            raise RefusedError(400, "noTarget")
        add_emails(attributes, [{"type": type_, **values}])
        return
    for item in selected:
        if whole:
            item.clear()
        item.update(values)
    if values.get("primary") is True:
        settle(attributes["emails"], selected)
    once: list[Json] = []
    for item in attributes["emails"]:
        same = next((kept for kept in once if "value" in item and "value" in kept and is_same(kept, item)), None)
        if same is None:
            once.append(item)
        else:
            same |= {**item, **same, **({"primary": True} if item.get("primary") is True else {})}
    attributes["emails"] = once


def remove_emails(attributes: Attributes, selects: Callable[[Mapping[str, Json]], bool]) -> None:
    """Remove the addresses that are selected."""
    attributes["emails"] = [item for item in attributes.get("emails", []) if not selects(item)]
