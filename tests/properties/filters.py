"""Resources and filters of any resource type, drawn from few values so that filters often match."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from hypothesis import strategies as st

from musterbook.scim.filter import (
    CompareOp,
    Comparison,
    Conjunction,
    Disjunction,
    Filter,
    Negation,
    Presence,
    ValuePath,
)
from musterbook.scim.path import BoundPath
from musterbook.scim.resource import Json, Meta, Resource
from musterbook.scim.schema import COMMON_ATTRIBUTES, Attribute, AttributeType, ResourceType, is_hidden

T = TypeVar("T")
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
WORDS = (
    "ada",
    "ADA",
    "Ada Lovelace",
    "lovelace",
    "é",
    "e\u0301",
    "\uff21\uff24\uff21",
    "ß",
    "work",
    "home",
    "İ",
    '"\\',
    "a",
)
"""Case, width, composition, what JSON escapes, and words that hold one another."""
STRINGS = st.sampled_from(WORDS) | st.text(CHARACTERS, min_size=1, max_size=3)
TIMES = st.sampled_from(
    (
        "2024-01-01T00:00:00.000Z",
        "2024-01-01T00:00:00Z",
        "2024-01-01T02:00:00+02:00",
        "2024-01-01T00:00:00.5Z",
        "2023-12-31T24:00:00Z",
        "2023-12-31T23:59:60Z",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999Z",
    )
)
STORED_TIMES = st.sampled_from(("2024-01-01T00:00:00.000Z", "2024-01-01T00:00:00.500Z", "2024-06-01T12:00:00.000Z"))
IDS = st.sampled_from(("019a0000-0000-7000-8000-000000000001", "019a0000-0000-7000-8000-000000000002"))
_STRING_OPS = tuple(CompareOp)
_EQUALITY_OPS = (CompareOp.EQ, CompareOp.NE)
_ORDER_OPS = (*_EQUALITY_OPS, CompareOp.GT, CompareOp.GE, CompareOp.LT, CompareOp.LE)


def single_values(attribute: Attribute) -> st.SearchStrategy[Json]:
    """Return values that one element of ``attribute`` may hold."""
    match attribute.type:
        case AttributeType.BOOLEAN:
            return st.booleans()
        case AttributeType.INTEGER:
            return st.integers(-2, 2)
        case AttributeType.DECIMAL:
            return st.sampled_from((-1.5, 0, 0.5, 2, 1e22))
        case AttributeType.DATE_TIME:
            return TIMES
        case AttributeType.BINARY:
            return st.sampled_from(("YWRh", "QURB"))
        case AttributeType.COMPLEX:
            subs = {sub.name: values(sub) for sub in attribute.sub_attributes}
            return st.fixed_dictionaries({}, optional=subs).filter(bool)
        case _:
            return STRINGS


def values(attribute: Attribute) -> st.SearchStrategy[Json]:
    """Return values that ``attribute`` may hold."""
    single = single_values(attribute)
    return st.lists(single, min_size=1, max_size=3) if attribute.multi_valued else single


def resources(resource_type: ResourceType) -> st.SearchStrategy[Resource]:
    """Return resources of ``resource_type`` as they are stored, with any of its attributes. Build it once."""
    holders = [
        (None, [COMMON_ATTRIBUTES["externalid"], *resource_type.schema.attributes]),
        *((item.schema.id, list(item.schema.attributes)) for item in resource_type.extensions),
    ]
    entries = [
        st.tuples(st.just(urn), st.just(item.name), values(item)) for urn, attributes in holders for item in attributes
    ]
    several = st.lists(_one_of(entries), max_size=10, unique_by=lambda entry: entry[:2])
    return st.builds(
        Resource,
        st.just(resource_type),
        several.map(_attributes),
        IDS,
        st.builds(Meta, STORED_TIMES, STORED_TIMES, st.just(1)),
    )


def _attributes(entries: list[tuple[str | None, str, Json]]) -> dict[str, Json]:
    attributes: dict[str, Json] = {}
    for urn, name, value in entries:
        holder = attributes if urn is None else attributes.setdefault(urn, {})
        holder[name] = value
    return attributes


def is_readable(attribute: Attribute) -> bool:
    """Whether clients may filter by ``attribute``."""
    return not is_hidden(attribute)


def paths(resource_type: ResourceType) -> Iterator[BoundPath]:
    """Yield every path that a filter may begin with, complex attributes as wholes among them."""
    for attribute in (*COMMON_ATTRIBUTES.values(), *resource_type.schema.attributes):
        yield from _paths_of(BoundPath(None, attribute))
    for extension in resource_type.extensions:
        for attribute in extension.schema.attributes:
            yield from _paths_of(BoundPath(extension.schema, attribute))


def _paths_of(path: BoundPath) -> Iterator[BoundPath]:
    attribute = path.attribute
    if attribute is None or not is_readable(attribute):
        return
    yield path
    for sub in attribute.sub_attributes:
        of_the_response = attribute.name == "meta" and sub.name in {"location", "version"}
        of_the_response |= attribute.kept_as_rows and sub.name == "$ref"
        if is_readable(sub) and not of_the_response:
            yield BoundPath(path.extension, attribute, sub)


def ops(attribute: Attribute) -> tuple[CompareOp, ...]:
    """Return the operators that values of ``attribute`` can be compared by."""
    match attribute.type:
        case AttributeType.STRING | AttributeType.REFERENCE:
            return _STRING_OPS
        case AttributeType.BOOLEAN | AttributeType.BINARY:
            return _EQUALITY_OPS
        case _:
            return _ORDER_OPS


def comparisons(path: BoundPath) -> st.SearchStrategy[Comparison]:
    """Return comparisons of ``path``, which ends at an attribute that is not complex."""
    leaf = path.leaf
    assert leaf is not None
    literals = IDS | STRINGS if leaf.name == "id" else single_values(leaf)
    return st.builds(Comparison, st.just(path), st.sampled_from(ops(leaf)), literals)


def _is_complex(path: BoundPath) -> bool:
    return path.leaf is not None and path.leaf.type is AttributeType.COMPLEX


def _expressions(path: BoundPath) -> st.SearchStrategy[Filter]:
    presence = st.builds(Presence, st.just(path))
    return presence if _is_complex(path) else comparisons(path) | presence


def _one_of(strategies: Sequence[st.SearchStrategy[T]]) -> st.SearchStrategy[T]:
    """Return a strategy of all: unlike ``one_of`` it costs the same whether they are three or three hundred."""
    return st.sampled_from(strategies).flatmap(lambda strategy: strategy)


def _combined(leaves: st.SearchStrategy[Filter], max_leaves: int) -> st.SearchStrategy[Filter]:
    def combine(inner: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
        several = st.lists(inner, min_size=2, max_size=3).map(tuple)
        return st.one_of(st.builds(Negation, inner), st.builds(Conjunction, several), st.builds(Disjunction, several))

    return st.recursive(leaves, combine, max_leaves=max_leaves)


def value_filters(path: BoundPath) -> st.SearchStrategy[Filter]:
    """Return filters of the sub-attributes of ``path``, as they stand in its brackets."""
    subs = [item.sub_attribute for item in _paths_of(path) if item.sub_attribute is not None]
    return _combined(_one_of([_expressions(BoundPath(None, sub)) for sub in subs]), 3)


def all_comparisons(resource_type: ResourceType) -> st.SearchStrategy[Comparison]:
    """Return comparisons of any path of ``resource_type``."""
    return _one_of([comparisons(path) for path in paths(resource_type) if not _is_complex(path)])


def value_paths(resource_type: ResourceType) -> st.SearchStrategy[ValuePath]:
    """Return value paths of any complex attribute of ``resource_type``."""
    return _one_of(
        [st.builds(ValuePath, st.just(path), value_filters(path)) for path in paths(resource_type) if _is_complex(path)]
    )


def filters(resource_type: ResourceType, max_leaves: int = 4) -> st.SearchStrategy[Filter]:
    """Return bound filters of ``resource_type``. Build it once: it looks at every attribute of the type."""
    expressions = _one_of([_expressions(path) for path in paths(resource_type)])
    return _combined(st.one_of(expressions, expressions, value_paths(resource_type)), max_leaves)
