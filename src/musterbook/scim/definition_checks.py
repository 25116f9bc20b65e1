"""*Schemas from outside.* Decides whether the JSON of a schema is one that the engine can honour (RFC 7643 §7).

Knows characteristics; knows no resource type and no file. Every problem is a sentence with the place that it is about;
nothing is raised, so that all of them are said at once.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from musterbook.scim.path import ATTRIBUTE_NAME
from musterbook.scim.resource import Json
from musterbook.scim.schema import AttributeType, Mutability, Returned, Uniqueness

MAX_ATTRIBUTES: Final = 500
"""Of one schema, sub-attributes counted. The largest of RFC 7643 has 74."""

_COMPLEX: Final = AttributeType.COMPLEX.value
_REFERENCE: Final = AttributeType.REFERENCE.value
_STRING: Final = AttributeType.STRING.value
_CHARACTERISTICS: Final[Mapping[str, type]] = {
    "name": str,
    "type": str,
    "multiValued": bool,
    "description": str,
    "required": bool,
    "caseExact": bool,
    "mutability": str,
    "returned": str,
    "uniqueness": str,
    "canonicalValues": list,
    "referenceTypes": list,
    "maxLength": int,
    "subAttributes": list,
}
_LISTS_OF_STRINGS: Final = ("canonicalValues", "referenceTypes")
_JSON_TYPES: Final[Mapping[type, str]] = {
    str: "a string",
    bool: "true or false",
    int: "a whole number",
    list: "an array",
}
_CHOICES: Final[Mapping[str, list[str]]] = {
    "type": [item.value for item in AttributeType],
    "mutability": [item.value for item in Mutability],
    "returned": [item.value for item in Returned],
    "uniqueness": [item.value for item in Uniqueness],
}


def schema_problems(where: str, document: Mapping[str, Json]) -> Iterator[str]:
    """Yield what is wrong with a schema; ``where`` is how a problem begins."""
    for name in ("name", "description"):
        if not isinstance(document.get(name, ""), str):
            yield f'{where}: its "{name}" is a string.'
    attributes = document["attributes"]
    if not isinstance(attributes, list) or not attributes:
        yield f'{where}: its "attributes" are an array with at least one.'
        return
    if _count(attributes) > MAX_ATTRIBUTES:
        yield f"{where} has more than {MAX_ATTRIBUTES} attributes."
        return
    yield from _list_problems(where, attributes, is_sub=False)


def _count(attributes: list[Json]) -> int:
    inner = [item.get("subAttributes") for item in attributes if isinstance(item, dict)]
    return len(attributes) + sum(len(item) for item in inner if isinstance(item, list))


def _list_problems(where: str, attributes: list[Json], *, is_sub: bool) -> Iterator[str]:
    seen: set[str] = set()
    for index, item in enumerate(attributes):
        name = item.get("name") if isinstance(item, dict) else None
        if not isinstance(name, str) or not ATTRIBUTE_NAME.match(name) or (name[0] == "$" and not is_sub):
            yield f'{where}: attribute {index} has no "name" of letters, digits, "_" and "-" that begins with a letter.'
            continue
        place = f"{where}: attribute {name}"
        if name.lower() in seen:
            yield f"{place} is defined twice; names are the same in any case."
        seen.add(name.lower())
        form = list(_form_problems(place, item))
        yield from form or _meaning_problems(place, item, is_sub=is_sub)


def _form_problems(place: str, item: Mapping[str, Json]) -> Iterator[str]:
    """Yield the characteristics that do not exist, or have a value that is none of theirs."""
    if "type" not in item:
        yield f'{place} has no "type".'
    for key, value in item.items():
        due = _CHARACTERISTICS.get(key)
        if due is None:
            yield f'{place}: "{key}" is no characteristic; there are {", ".join(_CHARACTERISTICS)}.'
        elif not _is_of(due, value):
            yield f'{place}: its "{key}" is {_JSON_TYPES[due]}.'
        elif key in _CHOICES and value not in _CHOICES[key]:
            yield f'{place}: its "{key}" is one of {", ".join(_CHOICES[key])}.'
        elif key in _LISTS_OF_STRINGS and not all(isinstance(word, str) for word in value):
            yield f'{place}: its "{key}" are strings.'


def _is_of(due: type, value: Json) -> bool:
    return isinstance(value, due) and not (due is int and isinstance(value, bool))


def _meaning_problems(place: str, item: Mapping[str, Json], *, is_sub: bool) -> Iterator[str]:
    """Yield what contradicts itself, or is more than the engine keeps."""
    type_, subs = item["type"], item.get("subAttributes", [])
    if type_ == _COMPLEX and is_sub:
        yield f"{place} is complex inside a complex attribute (RFC 7643 §2.3.8)."
    elif type_ == _COMPLEX and not subs:
        yield f'{place} is complex and has no "subAttributes".'
    elif type_ != _COMPLEX and subs:
        yield f'{place} has "subAttributes" and is not complex.'
    elif subs:
        yield from _list_problems(place, subs, is_sub=True)
    if item.get("required") and item.get("mutability") == Mutability.READ_ONLY.value:
        yield f"{place} is required and read-only, so nobody could set it."
    if type_ == _REFERENCE and not item.get("referenceTypes"):
        yield f'{place} is a reference and has no "referenceTypes".'
    if type_ != _STRING and (item.get("canonicalValues") or "maxLength" in item):
        yield f'{place}: "canonicalValues" and "maxLength" are for strings.'
    if item.get("maxLength", 1) < 1:
        yield f'{place}: its "maxLength" is at least 1.'
    if item.get("uniqueness", "none") != Uniqueness.NONE.value:
        yield from _uniqueness_problems(place, item, is_sub=is_sub)


def _uniqueness_problems(place: str, item: Mapping[str, Json], *, is_sub: bool) -> Iterator[str]:
    # Uniqueness is kept by the comparison key, in which upper and lower case are one.
    is_kept = not is_sub and item["type"] == _STRING and not item.get("multiValued") and not item.get("caseExact")
    if not is_kept:
        yield f"{place}: only a string with one value, not case-exact and no sub-attribute, can be kept unique."
    if item["uniqueness"] == Uniqueness.GLOBAL.value:
        yield f'{place}: values are unique within an organization; its "uniqueness" is none or server.'
