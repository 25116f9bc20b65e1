"""*The people in OneLogin.* Decides what OneLogin holds of a person, and invents as many people as wanted.

Knows nothing of SCIM: how a person becomes a SCIM resource is the template's business.

The same seed gives the same people on every machine and every Python, because the choices come from a hash and not
from ``random``, whose sequences are only promised within a version. Person number *n* is the same person whatever the
count, so that a longer run begins like a shorter one. Nobody here exists.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

_Option = TypeVar("_Option")


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


# Each name with the ASCII spelling that goes into the user name.
_FIRSTNAMES: tuple[tuple[str, str], ...] = (
    ("Adaeze", "adaeze"),
    ("Åsa", "asa"),
    ("Björn", "bjorn"),
    ("Chloé", "chloe"),
    ("Đức", "duc"),
    ("Дарья", "darya"),
    ("Ελένη", "eleni"),
    ("गीता", "gita"),
    ("Hüseyin", "huseyin"),
    ("陽菜", "hina"),
    ("지우", "jiwoo"),
    ("ליאור", "lior"),
    ("ليلى", "layla"),
    ("Mary Jo", "mary-jo"),
    ("ნინო", "nino"),
    ("Ŋuŋa", "nguna"),
    ("Ólöf", "olof"),
    ("Роман", "roman"),
    ("ศิริพร", "siriporn"),
    ("தமிழ்", "tamil"),
    ("Úna", "una"),
    ("Վահան", "vahan"),
    ("伟", "wei"),
    ("Zoë", "zoe"),
)
_LASTNAMES: tuple[tuple[str, str], ...] = (
    ("Abernethy-Quill", "abernethy-quill"),
    ("Błaszczyk", "blaszczyk"),
    ("Čarnogurská", "carnogurska"),
    ("de la Fuente", "delafuente"),
    ("Ečer", "ecer"),
    ("Фомина", "fomina"),
    ("García Ñíguez", "garcia-niguez"),
    ("Hỷ", "hy"),
    ("İnce", "ince"),
    ("जोशी", "joshi"),
    ("김", "kim"),
    ("Λάμπρου", "lambrou"),
    ("محفوظ", "mahfouz"),
    ("נחום", "nahum"),
    ("O'Shaughnessy", "oshaughnessy"),
    ("Þórarinsdóttir", "thorarinsdottir"),
    ("佐藤", "sato"),
    ("Straße", "strasse"),
    ("van den Berg", "vandenberg"),
    ("欧阳", "ouyang"),
)
_TITLES = ("Boatswain", "Cooper", "Navigator", "Purser", "Sailmaker", "Surgeon", "Quartermaster", "")
_DEPARTMENTS = ("Deck", "Engine", "Galley", "Stores", 'R&D "Crow\'s Nest"', "")

_FIRST_ID = 41_000_001
_LEADING_SPACE_EVERY = 7
"""One family name in seven begins with a space, as one in a real request did."""

_ADA = OneLoginUser(
    id=_FIRST_ID,
    firstname="Ada",
    lastname="Merriweather",
    email="ada.merriweather@example.com",
    username="ada.merriweather@example.com",
    title="Captain",
    department="Deck",
    phone="+1 555 0100",
)
_GRACE = OneLoginUser(
    id=_FIRST_ID + 1,
    firstname="Grace",
    lastname=" Holloway",
    email="grace.holloway@example.com",
    username="grace.holloway@example.com",
    title="First Mate",
    department="Deck",
    manager_firstname="Ada",
    manager_lastname="Merriweather",
)


def people(count: int, seed: int = 0) -> tuple[OneLoginUser, ...]:
    """Return ``count`` invented people with unique user names and e-mail addresses at example.com.

    The first two are always Ada and Grace, whatever the seed.
    """
    crew = [_ADA, _GRACE][:count]
    taken = {user.username for user in crew}
    for number in range(len(crew), count):
        crew.append(_person(number, seed, taken))
        taken.add(crew[-1].username)
    return tuple(crew)


def _person(number: int, seed: int, taken: set[str]) -> OneLoginUser:
    choices = iter(hashlib.sha256(f"{seed}:{number}".encode()).digest())
    firstname, given_ascii = _pick(_FIRSTNAMES, next(choices))
    lastname, family_ascii = _pick(_LASTNAMES, next(choices))
    title = _pick(_TITLES, next(choices))
    department = _pick(_DEPARTMENTS, next(choices))
    leading_space = " " if next(choices) % _LEADING_SPACE_EVERY == 0 else ""
    manager = _pick((_ADA, _GRACE), next(choices))
    handle = f"{given_ascii}.{family_ascii}"
    address = f"{handle}@example.com"
    if address in taken:
        address = f"{handle}{number}@example.com"
    return OneLoginUser(
        id=_FIRST_ID + number,
        firstname=firstname,
        lastname=leading_space + lastname,
        email=address,
        username=address,
        title=title,
        department=department,
        manager_firstname=manager.firstname,
        manager_lastname=manager.lastname.strip(),
        phone=f"+1 555 {number % 10_000:04d}",
    )


def _pick(options: Sequence[_Option], choice: int) -> _Option:
    return options[choice % len(options)]
