"""*The people in OneLogin.* Decides what OneLogin holds of a person.

Knows nothing of SCIM: how a person becomes a SCIM resource is the template's business. Who the people are is invented
for all providers alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from musterbook.simulator.population import Person, invent_people


class UserStatus(Enum):
    """Whether OneLogin lets a person sign in."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True, kw_only=True)
class OneLoginUser:
    """One person as OneLogin holds them. An empty text is an empty field of OneLogin's form."""

    id: int
    """OneLogin's own number. It never changes, whatever else does."""
    firstname: str
    lastname: str
    email: str
    username: str
    title: str = ""
    department: str = ""
    manager_firstname: str = ""
    manager_lastname: str = ""
    external_manager_id: str = ""
    phone: str = ""
    status: UserStatus = UserStatus.ACTIVE

    @property
    def display_name(self) -> str:
        """First and last name with one space between: what ``{$user.display_name}`` stands for."""
        return f"{self.firstname} {self.lastname}"


_FIRST_ID = 41_000_001


def people(count: int, seed: int = 0) -> tuple[OneLoginUser, ...]:
    """Return ``count`` invented people with unique user names and e-mail addresses at example.com.

    The first two are always Ada and Grace, whatever the seed.
    """
    crew = invent_people(count, seed)
    return tuple(_user(person, crew) for person in crew)


def _user(person: Person, crew: Sequence[Person]) -> OneLoginUser:
    manager = None if person.manager is None else crew[person.manager]
    return OneLoginUser(
        id=_FIRST_ID + person.number,
        firstname=person.given_name,
        lastname=person.family_name,
        email=person.email,
        username=person.user_name,
        title=person.title,
        department=person.department,
        manager_firstname="" if manager is None else manager.given_name,
        manager_lastname="" if manager is None else manager.family_name.strip(),
        phone=person.phone,
    )
