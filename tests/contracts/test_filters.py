"""SQL and ``matches`` agree on every filter, every resource and every database (RFC 7644 §3.4.2.2)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from musterbook.directory import ResourceId, TenantId
from musterbook.directory.store import Change, Record
from musterbook.scim import Json, Resource, StoredResource, index_entries, render_document
from musterbook.scim.filter import Conjunction, Disjunction, Filter, Negation, Presence, ValuePath, render_filter
from musterbook.scim.match import matches
from musterbook.scim.operation import Page, Query
from musterbook.scim.path import AttrPath, BoundPath, resolve
from musterbook.storage import Database
from tests.contracts.looks import USER
from tests.contracts.sample import created, first_administrator, id_of, person, setup_link, tenant
from tests.properties.filters import STRINGS, comparisons, filters, resources, value_filters

EMAILS = st.lists(
    st.fixed_dictionaries({}, optional={"value": STRINGS, "type": st.sampled_from(("work", "home"))}).filter(bool),
    min_size=1,
    max_size=3,
)
FINDABLE = st.fixed_dictionaries({}, optional={"userName": STRINGS, "externalId": STRINGS, "emails": EMAILS})
"""The attributes for which columns and indexes exist."""


def merged(resource: Resource, findable: dict[str, Json]) -> Resource:
    """Return the resource with these attributes too."""
    return replace(resource, attributes={**resource.attributes, **findable})


RESOURCES = st.lists(st.builds(merged, resources(USER), FINDABLE), min_size=1, max_size=6)


def bound(name: str, sub: str | None = None) -> BoundPath:
    """Return what an attribute name means."""
    path = resolve(AttrPath(None, name, sub), USER)
    assert path is not None
    return path


FINDABLE_PATHS = [
    bound("id"),
    bound("userName"),
    bound("externalId"),
    bound("emails", "value"),
    bound("meta", "created"),
    bound("meta", "lastModified"),
]


def combine(inner: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    """Return filters made of others."""
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.builds(Negation, inner) | st.builds(Conjunction, several) | st.builds(Disjunction, several)


EMAIL_FILTERS = st.builds(ValuePath, st.just(bound("emails")), value_filters(bound("emails")))
LEAVES: st.SearchStrategy[Filter] = st.one_of(
    *(comparisons(path) for path in FINDABLE_PATHS),
    st.sampled_from(FINDABLE_PATHS).map(Presence),
    EMAIL_FILTERS,
    filters(USER, 1),
)
FILTERS = st.lists(st.recursive(LEAVES, combine, max_leaves=8), min_size=1, max_size=6)
TENANTS = count()


@dataclass(frozen=True, slots=True)
class Stored:
    """What an example has put into the database."""

    tenant_id: TenantId
    resources: Sequence[Resource]


def change_of(tenant_id: TenantId, resource: Resource) -> Change:
    """Return the change that stores ``resource`` as it is."""
    assert resource.id is not None
    assert resource.meta is not None
    sample = created(person(0, "sample", tenant_id=tenant_id))
    stored = StoredResource(resource.id, render_document(resource), resource.meta)
    revision = replace(sample.revision, resource_id=ResourceId(resource.id))
    return replace(sample, record=Record(stored, 1, None), entries=index_entries(resource), revision=revision)


async def store(database: Database, drawn: list[Resource]) -> Stored:
    """Store the drawn resources in a tenant of their own, under ids of their own, without a taken name."""
    tenant_id = TenantId(f"tenant-{next(TENANTS)}")
    link = setup_link(tenant_id, tenant_id.encode())
    await database.tenants.create(tenant(tenant_id, tenant_id), first_administrator(tenant_id), link)
    kept: dict[str | None, Resource] = {}
    for number, resource in enumerate(drawn, start=1):
        numbered = replace(resource, id=id_of(number))
        name = index_entries(numbered).unique_key
        kept.setdefault(name if name is not None else f"{number} has none", numbered)
    await asyncio.gather(*(database.resources.commit(change_of(tenant_id, resource)) for resource in kept.values()))
    return Stored(tenant_id, list(kept.values()))


class TestSqlAgreesWithMatches:
    """Which resources match is decided by ``scim.matches``; SQL may only be faster, never different."""

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(drawn=RESOURCES, asked=FILTERS)
    async def test_a_search_finds_exactly_what_matches(
        self, empty_database: Database, drawn: list[Resource], asked: list[Filter]
    ) -> None:
        """Every filter finds the resources for which ``matches`` is true, in the order of ids, and counts them."""
        stored = await store(empty_database, drawn)
        for filter_ in asked:
            page = await empty_database.resources.search(stored.tenant_id, USER, Query(filter_, 1, 100))
            expected = [change_of(stored.tenant_id, item) for item in stored.resources if matches(filter_, item)]
            found = [change.record.stored for change in expected if change.record is not None]
            assert page == Page(USER, len(found), 1, found), render_filter(filter_)
