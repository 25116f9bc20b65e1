"""*What has to be changed.* Decides how a user that was read differs from what Entra ID holds of the person.

Knows nothing of requests. The paths are those of Entra ID's mapping: a name, a name in a complex attribute, the value
of one type of a multi-valued attribute, or an attribute of an extension behind its URN.
"""

import re
from dataclasses import dataclass

from musterbook.simulator.checks import Document
from musterbook.simulator.entra.bodies import attributes
from musterbook.simulator.population import Person

_TYPED = re.compile(r'(?P<attribute>\w+)\[type eq "(?P<type>\w+)"\]\.(?P<part>\w+)')


@dataclass(frozen=True, slots=True)
class Differences:
    """The single values to add, to replace and to remove, by their paths."""

    added: tuple[tuple[str, str], ...]
    replaced: tuple[tuple[str, str], ...]
    removed: tuple[str, ...]


def differences(found: Document, before: Person, person: Person) -> Differences:
    """Return what has to be changed in a user that was read.

    Only what Entra ID itself had sent is removed: a value of the application's own is none of its business.
    """
    wanted = attributes(person)
    present = {path: value_at(found, path) for path in {**attributes(before), **wanted}}
    return Differences(
        added=tuple((path, value) for path, value in wanted.items() if present[path] is None),
        replaced=tuple((path, value) for path, value in wanted.items() if present[path] not in {None, value}),
        removed=tuple(path for path, value in present.items() if value is not None and path not in wanted),
    )


def value_at(document: Document, path: str) -> str | None:
    """Return the text at a path, or None when there is none."""
    typed = _TYPED.fullmatch(path)
    place: object
    if typed is not None:
        place = _of_type(document.get(typed["attribute"]), typed["type"])
        name = typed["part"]
    elif path.startswith("urn:"):
        extension, _, name = path.rpartition(":")
        place = document.get(extension)
    else:
        complex_attribute, _, name = path.rpartition(".")
        place = document.get(complex_attribute) if complex_attribute else document
    value = place.get(name) if isinstance(place, dict) else None
    return value if isinstance(value, str) else None


def _of_type(values: object, kind: str) -> object:
    elements = values if isinstance(values, list) else []
    return next((value for value in elements if isinstance(value, dict) and value.get("type") == kind), None)
