"""*The people and groups of a customer.* Invents as many as wanted, for every provider alike.

Knows no provider and nothing of SCIM: what a provider holds of a person, and how that becomes a resource, is its own.

The same seed gives the same people on every machine and every Python, because the choices come from a hash and not
from ``random``, whose sequences are only promised within a version. Person number *n* is the same person whatever the
count, so that a longer run begins like a shorter one. Nobody here exists.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

_Option = TypeVar("_Option")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One person of a customer. An empty text is something that nobody filled in."""

    number: int
    """It never changes, whatever else does."""
    given_name: str
    family_name: str
    user_name: str
    """Also the e-mail address, until somebody changes one of the two."""
    email: str
    title: str = ""
    department: str = ""
    phone: str = ""
    manager: int | None = None
    """The number of another person."""

    @property
    def display_name(self) -> str:
        """Given and family name, without spaces around them."""
        return f"{self.given_name.strip()} {self.family_name.strip()}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One group of a customer."""

    number: int
    """It never changes, whatever else does."""
    name: str
    members: frozenset[int]
    """The numbers of people."""


# Each name with the ASCII spelling that goes into the user name.
_GIVEN_NAMES: tuple[tuple[str, str], ...] = (
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
_FAMILY_NAMES: tuple[tuple[str, str], ...] = (
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

_GROUPS = (
    "Bridge",
    "Night Watch",
    "Équipage de pont",
    "Galley & Stores",
    'R&D "Crow\'s Nest"',
    "Лоцманы",
    "船員",
    "Shore Leave",
)
_LEAST_MEMBERS = 3
_LEADING_SPACE_EVERY = 7
"""One family name in seven begins with a space, as one in a real request did."""

_ADA = Person(
    number=0,
    given_name="Ada",
    family_name="Merriweather",
    email="ada.merriweather@example.com",
    user_name="ada.merriweather@example.com",
    title="Captain",
    department="Deck",
    phone="+1 555 0100",
)
_GRACE = Person(
    number=1,
    given_name="Grace",
    family_name=" Holloway",
    email="grace.holloway@example.com",
    user_name="grace.holloway@example.com",
    title="First Mate",
    department="Deck",
    manager=0,
)


def invent_people(count: int, seed: int = 0) -> tuple[Person, ...]:
    """Return ``count`` invented people with unique user names and e-mail addresses at example.com.

    The first two are always Ada and Grace, whatever the seed.
    """
    crew = [_ADA, _GRACE][:count]
    taken = {person.user_name for person in crew}
    for number in range(len(crew), count):
        crew.append(_person(number, seed, taken))
        taken.add(crew[-1].user_name)
    return tuple(crew)


def invent_groups(count: int, people: Sequence[Person], seed: int = 0) -> tuple[Group, ...]:
    """Return ``count`` invented groups with unique names, each of at least three of these people if there are so many.

    The first group has everybody.
    """
    return tuple(_group(number, people, seed) for number in range(count))


def _group(number: int, people: Sequence[Person], seed: int) -> Group:
    name = _GROUPS[number % len(_GROUPS)]
    if number >= len(_GROUPS):
        name += f" {number // len(_GROUPS) + 1}"
    chosen = {
        person.number
        for place, person in enumerate(people)
        if number == 0 or place < _LEAST_MEMBERS or _digest(f"{seed}:{number}:{person.number}")[0] % 3 == 0
    }
    return Group(number=number, name=name, members=frozenset(chosen))


def _person(number: int, seed: int, taken: set[str]) -> Person:
    choices = iter(_digest(f"{seed}:{number}"))
    given_name, given_ascii = _pick(_GIVEN_NAMES, next(choices))
    family_name, family_ascii = _pick(_FAMILY_NAMES, next(choices))
    title = _pick(_TITLES, next(choices))
    department = _pick(_DEPARTMENTS, next(choices))
    leading_space = " " if next(choices) % _LEADING_SPACE_EVERY == 0 else ""
    manager = _pick((_ADA, _GRACE), next(choices))
    handle = f"{given_ascii}.{family_ascii}"
    address = f"{handle}@example.com"
    if address in taken:
        address = f"{handle}{number}@example.com"
    return Person(
        number=number,
        given_name=given_name,
        family_name=leading_space + family_name,
        email=address,
        user_name=address,
        title=title,
        department=department,
        manager=manager.number,
        phone=f"+1 555 {number % 10_000:04d}",
    )


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _pick(options: Sequence[_Option], choice: int) -> _Option:
    return options[choice % len(options)]
