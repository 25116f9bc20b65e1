"""*Edits.* Decides what the value of one attribute becomes (RFC 7644 §3.5.2.1 to §3.5.2.3).

Knows one attribute and its present value; knows no path, message or resource. Three ideas:

* An :data:`Edit` is data. Its values are checked and normalised when it is made; only what depends on the present value
  is decided here: which elements a filter selects, what was there already, and what may not change any more.
* An element of a multi-valued attribute is *the same* as another if it has its ``value`` and does not differ in
  ``type``; where ``value`` is immutable, as in a group's members, the ``value`` alone decides. Elements without a
  ``value``, such as addresses, are the same if they agree in everything but ``primary``.
* Nothing is changed in place: an edit returns a new value, or the present one where nothing changes.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from musterbook.scim.errors import (
    InvalidFilterError,
    InvalidValueError,
    MutabilityError,
    NoTargetError,
    PayloadTooLargeError,
)
from musterbook.scim.filter import Comparison, Conjunction, Disjunction, Filter, Negation, Presence, ValuePath
from musterbook.scim.match import comparison_key, element_matcher
from musterbook.scim.resource import Json
from musterbook.scim.schema import Attribute, AttributeType, Mutability
from musterbook.scim.values import HOLLOW_SUB_ATTRIBUTES, without_repetitions

MAX_ELEMENTS_VISITED = 200_000
"""How many elements of multi-valued attributes the changes of one patch may look at in all: at most 0.3 s of work.

Each change to the elements of an attribute looks at all of them, so that a thousand changes to a list of forty
thousand, which fit into a body, would hold everybody else up for a minute. A look is counted once for each comparison
of the change's filter.
"""
MAX_COMPARISONS = 20_000
"""How many comparisons the filters of one patch may hold in all: at most 0.3 s of work to read them."""

_COMPLEX = AttributeType.COMPLEX
_IMMUTABLE = Mutability.IMMUTABLE
_READ_ONLY = Mutability.READ_ONLY
_IDENTITY = frozenset({"value", "type"})


@dataclass(frozen=True, slots=True)
class Assign:
    """The attribute gets this value, whatever it had."""

    value: Json | None
    """``None``: it is unassigned."""


@dataclass(frozen=True, slots=True)
class Merge:
    """Sub-attributes of a single complex value are set; those that are not named stay."""

    values: Mapping[str, Json | None]
    """By name; ``None``: the sub-attribute is unassigned."""
    goes_with_value: bool = False
    """Whether nothing stays, because ``values`` unassign the sub-attribute ``value``."""


@dataclass(frozen=True, slots=True)
class Append:
    """Elements are added; one that is there already takes in the sub-attributes that are named."""

    elements: Sequence[Json]


@dataclass(frozen=True, slots=True)
class Discard:
    """The elements that are the same as one of these are removed."""

    elements: Sequence[Json]


@dataclass(frozen=True, slots=True)
class RemoveElements:
    """The elements that the filter selects are removed."""

    filter: Filter


@dataclass(frozen=True, slots=True)
class WriteElements:
    """Sub-attributes are set in every element that the filter selects."""

    filter: Filter | None
    """``None``: every element."""
    values: Mapping[str, Json | None]
    """By name; ``None``: the sub-attribute is unassigned."""
    is_whole: bool = False
    """Whether the values replace the element, so that sub-attributes that are not named go."""
    template: Mapping[str, Json] | None = None
    """What an element is made of that the values are written to when none is selected; ``None``: noTarget."""
    drops_hollow: bool = False
    """Whether an element goes that has nothing but a type left once its ``value`` is unassigned."""
    wants_one: bool = False
    """Whether it is an error if several elements are selected."""


Edit: TypeAlias = Assign | Merge | Append | Discard | RemoveElements | WriteElements


def refuse_long_work(visited: int) -> None:
    """Raise if the changes of one patch have looked at more elements than they may.

    Raises:
        PayloadTooLargeError: they have looked at more than ``MAX_ELEMENTS_VISITED``.
    """
    if visited > MAX_ELEMENTS_VISITED:
        raise PayloadTooLargeError("This PATCH has too many operations for lists this long; send several.")


def refuse_long_filters(comparisons: int) -> None:
    """Raise if the filters of one patch hold more comparisons than they may.

    Raises:
        PayloadTooLargeError: they hold more than ``MAX_COMPARISONS``.
    """
    if comparisons > MAX_COMPARISONS:
        raise PayloadTooLargeError(
            f"The filters of one PATCH may hold at most {MAX_COMPARISONS} comparisons together; send several."
        )


def comparisons_of(edit: Edit) -> int:
    """Return how often ``edit`` looks at each element: once for each comparison of its filter, and at least once."""
    selection = edit.filter if isinstance(edit, RemoveElements | WriteElements) else None
    return 1 if selection is None else _count(selection)


def _count(selection: Filter) -> int:
    match selection:
        case Comparison() | Presence():
            return 1
        case Conjunction(filters) | Disjunction(filters):
            return sum(map(_count, filters))
        case Negation(inner) | ValuePath(_, inner):
            return _count(inner)
        case _:
            assert_never(selection)


def apply_edit(attribute: Attribute, current: Json | None, edit: Edit) -> Json | None:
    """Return the value that ``edit`` makes of the value ``current``; ``None`` stands for unassigned in both.

    Raises:
        MutabilityError: an immutable value would change, or a required one go.
        NoTargetError: the filter selects nothing to write to.
        InvalidValueError: several elements would be made the primary one.
        InvalidFilterError: the filter selects several elements where one is due.
    """
    result = _edited(attribute, current, edit)
    if attribute.mutability is Mutability.IMMUTABLE and current is not None and result != current:
        raise _immutable(attribute.name)
    if result is None and current is not None and attribute.required:
        raise MutabilityError(f"{attribute.name} is required and cannot be removed.")
    return result


def _edited(attribute: Attribute, current: Json | None, edit: Edit) -> Json | None:
    match edit:
        case Assign():
            if isinstance(edit.value, dict):
                return _written(attribute, current or {}, edit.value, is_whole=True) or None
            return edit.value
        case Merge():
            if edit.goes_with_value:
                return None
            return _written(attribute, current or {}, edit.values) or None
        case Append():
            return _append(attribute, current or (), edit.elements)
        case Discard():
            return _discard(attribute, current or (), edit.elements)
        case RemoveElements() | WriteElements():
            # A filter on an attribute with one value works as if it were the only element.
            elements = (current or ()) if attribute.multi_valued else () if current is None else (current,)
            if isinstance(edit, RemoveElements):
                result = _remove_elements(elements, edit)
            else:
                result = _write_elements(attribute, elements, edit)
            return result if attribute.multi_valued else _only(result, attribute)
        case _:
            assert_never(edit)


# ---------------------------------------------------------------------------------------------------------------------
# Complex values


def _written(
    attribute: Attribute, present: Mapping[str, Json], values: Mapping[str, Json | None], *, is_whole: bool = False
) -> dict[str, Json]:
    """Return the complex value ``present`` with ``values`` set, in the order of the schema.

    ``is_whole``: of what ``values`` do not name, only what is read-only stays.
    """
    kept = {sub.name for sub in attribute.sub_attributes if sub.mutability is _READ_ONLY} if is_whole else present
    merged = {**{name: value for name, value in present.items() if name in kept}, **values}
    written = {sub.name: merged[sub.name] for sub in attribute.sub_attributes if merged.get(sub.name) is not None}
    _check_immutable(attribute, present, written)
    return written


def _check_immutable(attribute: Attribute, present: Mapping[str, Json], written: Mapping[str, Json]) -> None:
    """Refuse to change or remove an immutable sub-attribute that has a value (RFC 7643 §7, ``mutability``)."""
    for sub in attribute.sub_attributes:
        if sub.mutability is _IMMUTABLE and sub.name in present and written.get(sub.name) != present[sub.name]:
            raise _immutable(f"{attribute.name}.{sub.name}")


def _immutable(name: str) -> MutabilityError:
    return MutabilityError(f"{name} is immutable: it has a value, which can no longer be changed.")


# ---------------------------------------------------------------------------------------------------------------------
# Elements of a multi-valued attribute


def _append(attribute: Attribute, current: Sequence[Json], added: Sequence[Json]) -> list[Json] | None:
    elements = list(current)
    positions: dict[Hashable, int] = {}
    for position, element in enumerate(elements):
        _register(attribute, element, position, positions)
    primary: list[int] = []
    for element in added:
        found = (positions[key] for key in _identities(attribute, element) if key in positions)
        position = next(found, len(elements))
        if position == len(elements):
            elements.append(element)
            _register(attribute, element, position, positions)
        elif attribute.type is _COMPLEX:
            elements[position] = _taken_in(attribute, elements[position], element)
        if attribute.type is _COMPLEX and element.get("primary") is True:
            primary.append(position)
    _settle_primary(attribute, elements, primary)
    return elements or None


def _register(attribute: Attribute, element: Json, position: int, positions: dict[Hashable, int]) -> None:
    for key in _keys(attribute, element):
        positions.setdefault(key, position)


def _taken_in(attribute: Attribute, present: Mapping[str, Json], element: Mapping[str, Json]) -> dict[str, Json]:
    """Return the element that is there with what the same one, sent again, says beyond its identity."""
    beyond = {
        name: value
        for name, value in element.items()
        if name not in present
        or (name not in _IDENTITY and attribute.by_name[name.lower()].mutability is not _IMMUTABLE)
    }
    return _written(attribute, present, beyond)


def _discard(attribute: Attribute, current: Sequence[Json], listed: Sequence[Json]) -> list[Json] | None:
    unwanted = {_identities(attribute, element)[-1] for element in listed}
    return [item for item in current if unwanted.isdisjoint(_keys(attribute, item))] or None


def _remove_elements(current: Sequence[Json], edit: RemoveElements) -> list[Json] | None:
    selects = element_matcher(edit.filter)
    return [element for element in current if not selects(element)] or None


def _write_elements(attribute: Attribute, current: Sequence[Json], edit: WriteElements) -> list[Json] | None:
    elements = list(current)
    selects = _anything if edit.filter is None else element_matcher(edit.filter)
    selected = [position for position, element in enumerate(elements) if selects(element)]
    if not selected:
        made = _made(attribute, edit)
        return _append(attribute, elements, [] if made is None else [made])
    if edit.wants_one and len(selected) > 1:
        raise InvalidFilterError(
            f"The filter selects {len(selected)} elements of {attribute.name}; it must select one."
        )
    for position in selected:
        elements[position] = _written(attribute, elements[position], edit.values, is_whole=edit.is_whole)
    if edit.values.get("primary") is True:
        _settle_primary(attribute, elements, selected)
    kept = [element for element in elements if element and not (edit.drops_hollow and _is_hollow(element))]
    return without_repetitions(attribute, kept) or None


def _anything(_element: Json) -> bool:
    return True


def _is_hollow(element: Mapping[str, Json]) -> bool:
    return element.keys() <= HOLLOW_SUB_ATTRIBUTES


def _made(attribute: Attribute, edit: WriteElements) -> dict[str, Json] | None:
    """Return the element to make where none is selected, or ``None`` where there was only something to take away."""
    if all(value is None for value in edit.values.values()):
        return None
    if edit.template is None:
        raise NoTargetError(f"No element of {attribute.name} is what the path's filter describes; add one first.")
    return _written(attribute, {}, {**edit.template, **edit.values})


def _only(elements: Sequence[Json] | None, attribute: Attribute) -> Json | None:
    """Return the value of an attribute that has only one."""
    if not elements:
        return None
    if len(elements) > 1:
        raise NoTargetError(f"{attribute.name} has one value, and it is not what the path's filter describes.")
    return elements[0]


def _settle_primary(attribute: Attribute, elements: list[Json], chosen: Sequence[int]) -> None:
    """Turn ``primary`` off on all but the one that was set just now (RFC 7644 §3.5.2)."""
    if not chosen:
        return
    first = chosen[0]
    if any(position != first for position in chosen):
        raise InvalidValueError(f"Only one element of {attribute.name} can be the primary one.")
    for position, element in enumerate(elements):
        if position != first and element.get("primary") is True:
            elements[position] = {**element, "primary": False}


# ---------------------------------------------------------------------------------------------------------------------
# Which element is the same as which


def _keys(attribute: Attribute, element: Json) -> tuple[Hashable, ...]:
    """Return the keys by which an element that is there is found."""
    if attribute.type is not _COMPLEX:
        return (comparable(attribute, element),)
    if "value" not in element:
        members = frozenset((name, repr(value)) for name, value in element.items())
        return (members, members - _PRIMARY)
    value = comparable(attribute.by_name["value"], element["value"])
    return ((value, _type_of(attribute, element)), (value,))


_PRIMARY = frozenset({("primary", "True"), ("primary", "False")})


def _type_of(attribute: Attribute, element: Mapping[str, Json]) -> Hashable:
    return comparable(attribute.by_name["type"], element["type"]) if "type" in element else None


def _identities(attribute: Attribute, element: Json) -> tuple[Hashable, ...]:
    """Return the keys by which to look for an element that is the same as this one, the most precise first."""
    keys = _keys(attribute, element)
    if attribute.type is not _COMPLEX or "value" not in element:
        return keys
    if attribute.by_name["value"].mutability is _IMMUTABLE:
        return keys[1:]
    return keys[:1] if "type" in element else keys


def comparable(attribute: Attribute, value: Json) -> Hashable:
    """Return what two values of an attribute have in common exactly if they are the same to a filter."""
    if isinstance(value, str):
        return value if attribute.case_exact else comparison_key(value)
    return repr(value)
