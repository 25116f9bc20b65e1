"""What the operations of a PATCH do to the attributes of a person or of a group (RFC 7644 §3.5.2)."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from tests.machine.model import Attributes, Json, RefusedError, is_empty, key

Path: TypeAlias = tuple[str, ...]
"""Names from the outside in."""


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


# ---------------------------------------------------------------------------------------------------------------------
# Addresses


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
    return key(present["value"]) == key(email["value"]) and is_of_type(present, email.get("type"))


def is_of_type(email: Mapping[str, Json], type_: str | None) -> bool:
    """Return whether an address is for a purpose, of whatever case; ``None``: for none."""
    return key(email.get("type", "")) == key(type_ or "")


def settle(emails: list[Json], primary: list[Json]) -> None:
    """Let the address that was made the primary one be the only one."""
    if len({id(item) for item in primary}) > 1:
        raise RefusedError((400, "invalidValue"))
    for item in emails:
        if primary and item is not primary[0] and item.get("primary") is True:
            item["primary"] = False


def write_emails(attributes: Attributes, type_: str, values: Attributes, *, whole: bool, makes: bool) -> None:
    """Set sub-attributes of all addresses of a type; where there is none, make one or refuse."""
    selected = [item for item in attributes.get("emails", []) if is_of_type(item, type_)]
    if not selected:
        if not makes:
            raise RefusedError((400, "noTarget"))
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


# ---------------------------------------------------------------------------------------------------------------------
# Members


def add_members(attributes: Attributes, members: Iterable[tuple[str, str]]) -> None:
    """Add members with their names; to add who is there is no change, whatever the name.

    Who was asked for is noted: whether they are somebody is seen in the end.
    """
    listed: dict[str, str] = {}
    for id_, name in members:
        listed[id_] = listed.get(id_) or name
    present, asked = attributes.setdefault("members", {}), attributes.setdefault("asked", {})
    for id_, name in listed.items():
        present.setdefault(id_, name)
        asked[id_] = True


def remove_members(attributes: Attributes, selects: Callable[[str, str], bool]) -> None:
    """Remove the members that are selected by their ids and names."""
    for id_, name in list(attributes.get("members", {}).items()):
        if selects(id_, name):
            del attributes["members"][id_]
            attributes.get("asked", {}).pop(id_, None)


def rename_member(attributes: Attributes, id_: str, name: str) -> None:
    """Refuse to change the name under which a member was added; to say it again is no change."""
    members = attributes.get("members", {})
    if id_ not in members:
        raise RefusedError((400, "noTarget"))
    if members[id_] != name:
        raise RefusedError((400, "mutability"))
