"""*The checks at the end.* Decides whether the application holds what a provider remembers of it.

Knows no provider. Everything is read back over SCIM, in pages and one by one, as any client may (RFC 7644 §3.4); the
real providers do not.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from musterbook.simulator.calls import Calls, resource_path
from musterbook.simulator.checks import Document, same_user_name
from musterbook.simulator.memory import Memory, RememberedUser


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must be so at the end."""

    title: str
    problem: str | None
    """What is not so, or None."""


def inspect(calls: Calls, memory: Memory) -> tuple[Check, ...]:
    """Read everything back and compare it with what is remembered.

    Raises:
        ProviderFailureError: the application does not let itself be read.
    """
    users = {str(user["id"]): user for user in calls.all("/Users")}
    groups = {str(group["id"]): group for group in calls.all("/Groups")}
    return (
        _first("Everybody who was sent is found, once", _missing_users(memory, users)),
        _first("First names, last names and user names are as sent", _misnamed(memory, users)),
        _first("Exactly those who lost access are suspended", _misswitched(memory, users)),
        _first("What was deleted is gone", (path for path in memory.deleted if calls.exists(path))),
        _first("Every group is found, once, under its name", _misnamed_groups(memory, groups)),
        _first("Every group has exactly its members", _misfilled(memory, groups, calls)),
    )


def _first(title: str, problems: Iterator[str]) -> Check:
    return Check(title, next(problems, None))


def _missing_users(memory: Memory, users: Mapping[str, Document]) -> Iterator[str]:
    names = Counter(_key(user.get("userName")) for user in users.values())
    for user in memory.users.values():
        if user.scim_id not in users:
            yield f"{user.person.user_name} is not found"
        elif names[_key(user.person.user_name)] > 1:
            yield f"{user.person.user_name} is there twice"


def _misnamed(memory: Memory, users: Mapping[str, Document]) -> Iterator[str]:
    for user, found in _pairs(memory, users):
        name = found.get("name")
        parts = name if isinstance(name, dict) else {}
        if not same_user_name(str(found.get("userName")), user.person.user_name):
            yield f"{user.person.user_name} has the user name {found.get('userName')!r}"
        for part, sent in (("givenName", user.person.given_name), ("familyName", user.person.family_name)):
            if _trimmed(parts.get(part, "")) != _trimmed(sent):
                yield f"{user.person.user_name} has the {part} {parts.get(part)!r} instead of {sent!r}"


def _misswitched(memory: Memory, users: Mapping[str, Document]) -> Iterator[str]:
    for user, found in _pairs(memory, users):
        if found.get("active") is not user.active:
            yield f"{user.person.user_name} has active {found.get('active')!r} instead of {user.active!r}"


def _pairs(memory: Memory, users: Mapping[str, Document]) -> Iterator[tuple[RememberedUser, Document]]:
    return ((user, users[user.scim_id]) for user in memory.users.values() if user.scim_id in users)


def _misnamed_groups(memory: Memory, groups: Mapping[str, Document]) -> Iterator[str]:
    names = Counter(_key(group.get("displayName")) for group in groups.values())
    for remembered in memory.groups.values():
        name = remembered.group.name
        found = groups.get(remembered.scim_id)
        if found is None:
            yield f"{name} is not found"
        elif found.get("displayName") != name:
            yield f"{name} has the name {found.get('displayName')!r}"
        elif names[_key(name)] > 1:
            yield f"{name} is there twice"


def _misfilled(memory: Memory, groups: Mapping[str, Document], calls: Calls) -> Iterator[str]:
    for remembered in memory.groups.values():
        if remembered.scim_id not in groups:
            continue
        expected = {user.scim_id for user in memory.users_of(remembered.group.members)}
        found = _members(calls.read(resource_path("/Groups", remembered.scim_id)))
        if found != expected:
            yield f"{remembered.group.name} lacks {len(expected - found)} and has {len(found - expected)} too many"


def _members(group: Document) -> set[str]:
    members = group.get("members")
    if not isinstance(members, list):
        return set()
    return {str(member.get("value")) for member in members if isinstance(member, dict)}


def _key(name: object) -> str:
    return unicodedata.normalize("NFC", str(name)).casefold()


def _trimmed(name: object) -> str:
    # A directory may trim a name: a real family name began with a space that nobody had meant.
    return unicodedata.normalize("NFC", str(name)).strip()
