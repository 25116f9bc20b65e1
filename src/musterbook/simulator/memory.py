"""*What a provider remembers.* Decides what is known of each person and group after it was sent with success.

Knows nothing of requests. What is remembered here is what the application must hold; at the end the two are compared.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from musterbook.simulator.population import Group, Person


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberedUser:
    """A person's user in the application."""

    person: Person
    """As last sent."""
    scim_id: str
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberedGroup:
    """A group in the application."""

    group: Group
    """As last sent: its members are those who had a user by then."""
    scim_id: str


@dataclass(slots=True)
class Memory:
    """Everybody and every group that was sent, by number, and what was deleted again."""

    users: dict[int, RememberedUser] = field(default_factory=dict)
    groups: dict[int, RememberedGroup] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)
    """The paths of deleted resources, which must be found no more."""

    def snapshot(self) -> Self:
        """Return a copy that stays as it is."""
        return type(self)(dict(self.users), dict(self.groups), list(self.deleted))

    def keep_group(self, group: Group, scim_id: str, members: Sequence[RememberedUser]) -> None:
        """Remember a group with the members that were sent."""
        sent = replace(group, members=frozenset(user.person.number for user in members))
        self.groups[group.number] = RememberedGroup(group=sent, scim_id=scim_id)

    def users_of(self, numbers: Iterable[int]) -> tuple[RememberedUser, ...]:
        """Return those among these people who have a user, in the order of their numbers."""
        return tuple(self.users[number] for number in sorted(numbers) if number in self.users)
