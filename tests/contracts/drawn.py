"""Filters drawn for the contract tests."""

from hypothesis import strategies as st

from musterbook.scim import ResourceType
from musterbook.scim.filter import Comparison, Conjunction, Disjunction, Filter, Negation, Presence
from musterbook.scim.path import AttrPath, BoundPath, resolve
from tests.properties.filters import ops


def bound(resource_type: ResourceType, name: str, sub: str | None = None) -> BoundPath:
    """Return what an attribute name means."""
    path = resolve(AttrPath(None, name, sub), resource_type)
    assert path is not None
    return path


def compared(path: BoundPath, literals: st.SearchStrategy[str]) -> st.SearchStrategy[Filter]:
    """Return comparisons of ``path`` with these literals, and its presence."""
    assert path.leaf is not None
    comparison = st.builds(Comparison, st.just(path), st.sampled_from(ops(path.leaf)), literals)
    return comparison | st.builds(Presence, st.just(path))


def combine(inner: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    """Return filters made of others."""
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.builds(Negation, inner) | st.builds(Conjunction, several) | st.builds(Disjunction, several)
