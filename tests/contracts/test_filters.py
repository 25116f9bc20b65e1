"""SQL and ``matches`` agree on every filter, every resource and every database (RFC 7644 §3.4.2.2)."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count, product

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from musterbook.directory import ResourceId, TenantId
from musterbook.directory.store import Change, Record
from musterbook.scim import Json, Meta, Resource, StoredResource, index_entries, render_document
from musterbook.scim.filter import (
    CompareOp,
    Comparison,
    Conjunction,
    Disjunction,
    Filter,
    Negation,
    Presence,
    ValuePath,
    render_filter,
)
from musterbook.scim.match import matches
from musterbook.scim.operation import Page, Query
from musterbook.scim.path import BoundPath
from musterbook.storage import Database
from tests.contracts.drawn import bound, combine, compared
from tests.contracts.looks import USER
from tests.contracts.sample import created, first_administrator, id_of, person, setup_link, tenant
from tests.properties.filters import filters, ops, resources

NAMES = (
    *("a", "A", "ab", "\uff41B", "b", "c", "\u00e9", "E\u0301", "%", "_", "a%", "a_"),
    *("\ud7ff", "\ue000", "\U0001f600", "\U0010ffff", ""),
)
"""Few, so that they meet: case, width, composition, patterns of SQL, and the edges of the code points."""
TIMES = (
    "2024-01-01T00:00:00Z",
    "2024-01-01T02:00:00.000+02:00",
    "2023-12-31T23:59:60Z",
    "2024-01-01T00:00:00.0001Z",
    "2024-01-01T00:00:00.5Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999Z",
)
_EARLY, _LATE = "2024-01-01T00:00:00.000Z", "2024-01-01T00:00:00.500Z"
IDS = (id_of(0), id_of(3), id_of(3).upper(), id_of(3)[:-1], "")
WORDS = st.sampled_from([name for name in NAMES if name])
EMAILS = st.lists(
    st.fixed_dictionaries({}, optional={"value": WORDS, "type": st.sampled_from(("work", "home"))}).filter(bool),
    min_size=1,
    max_size=3,
)
FINDABLE = st.fixed_dictionaries({}, optional={"userName": WORDS, "externalId": WORDS, "emails": EMAILS})
"""The attributes for which columns and indexes exist."""


def merged(resource: Resource, findable: dict[str, Json]) -> Resource:
    """Return the resource with these attributes too, and without memberships, which are not its own to hold."""
    own = {name: value for name, value in resource.attributes.items() if name != USER.related_attribute}
    return replace(resource, attributes={**own, **findable})


RESOURCES = st.lists(st.builds(merged, resources(USER), FINDABLE), min_size=1, max_size=6)


EMAIL_VALUE = bound(USER, "emails", "value")
NAMED = (bound(USER, "userName"), bound(USER, "externalId"), EMAIL_VALUE)
TIMED = (bound(USER, "meta", "created"), bound(USER, "meta", "lastModified"))
IDENTIFIED = bound(USER, "id")
IS_WORK = Comparison(BoundPath(None, bound(USER, "emails", "type").sub_attribute), CompareOp.EQ, "work")


IN_BRACKETS = [
    compared(BoundPath(None, EMAIL_VALUE.sub_attribute), WORDS),
    compared(BoundPath(None, bound(USER, "emails", "type").sub_attribute), st.sampled_from(("work", "HOME"))),
]
LEAVES: st.SearchStrategy[Filter] = st.one_of(
    *(compared(path, st.sampled_from(NAMES)) for path in NAMED),
    *(compared(path, st.sampled_from(TIMES)) for path in TIMED),
    compared(IDENTIFIED, st.sampled_from(IDS)),
    st.builds(ValuePath, st.just(bound(USER, "emails")), st.recursive(st.one_of(IN_BRACKETS), combine, max_leaves=3)),
    filters(USER, 1),
)
FILTERS = st.lists(st.recursive(LEAVES, combine, max_leaves=8), min_size=1, max_size=6)
TENANTS = count()


@dataclass(frozen=True, slots=True)
class Stored:
    """What an example has put into the database."""

    tenant_id: TenantId
    resources: Sequence[Resource]

    async def found(self, database: Database, filter_: Filter) -> Page:
        """Return the page of those that the database finds."""
        return await database.resources.search(self.tenant_id, USER, Query(filter_, 1, 100))

    def matching(self, filter_: Filter) -> Page:
        """Return the page of those that ``matches`` finds."""
        stored = [stored_form(item) for item in self.resources if matches(filter_, item)]
        return Page(USER, len(stored), 1, stored)


def stored_form(resource: Resource) -> StoredResource:
    """Return a resource as it is stored."""
    assert resource.id is not None
    assert resource.meta is not None
    return StoredResource(resource.id, render_document(resource), resource.meta)


def change_of(tenant_id: TenantId, resource: Resource) -> Change:
    """Return the change that stores ``resource`` as it is."""
    sample = created(person(0, "sample", tenant_id=tenant_id))
    stored = stored_form(resource)
    revision = replace(sample.revision, resource_id=ResourceId(stored.id))
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


PEOPLE_ATTRIBUTES: list[tuple[dict[str, Json], str, str]] = [
    ({"userName": "A", "externalId": "a"}, _EARLY, _LATE),
    ({"userName": "aB", "externalId": "A", "emails": [{"value": "b", "type": "work"}]}, _EARLY, _LATE),
    ({"userName": "b", "emails": [{"value": "A", "type": "home"}, {"value": "c", "type": "work"}]}, _LATE, _LATE),
    ({"userName": "c", "externalId": "", "emails": [{"value": "a"}, {"type": "work"}]}, _EARLY, _EARLY),
    ({"userName": "e\u0301", "externalId": "%", "emails": [{"type": "home"}]}, _EARLY, _LATE),
    ({"userName": "a%b", "externalId": "a_", "emails": [{"value": "a_", "type": "work"}]}, _EARLY, _LATE),
    ({"userName": "\ud7ff_", "externalId": "\ud7ff"}, _EARLY, _EARLY),
    ({"userName": "\ue000", "emails": [{"value": "\U0001f600b", "type": "work"}]}, _EARLY, _EARLY),
    ({"userName": "\U0001f600\U0010ffff", "externalId": "\U0001f600"}, _EARLY, _EARLY),
    ({"displayName": "nameless"}, "2023-12-31T23:59:59.999Z", "2024-01-01T00:00:00.001Z"),
]
PEOPLE = [
    Resource(USER, attributes, id_of(number), Meta(created_at, last_modified, 1))
    for number, (attributes, created_at, last_modified) in enumerate(PEOPLE_ATTRIBUTES, start=1)
]


def every_comparison() -> Iterator[Filter]:
    """Yield every operator with every literal on everything that has a column or an index."""
    for path, literals in (*((path, NAMES) for path in NAMED), *((path, TIMES) for path in TIMED), (IDENTIFIED, IDS)):
        assert path.leaf is not None
        yield Presence(path)
        for op, literal in product(ops(path.leaf), literals):
            yield Comparison(path, op, literal)
            if path is EMAIL_VALUE:
                value = Comparison(BoundPath(None, EMAIL_VALUE.sub_attribute), op, literal)
                yield ValuePath(bound(USER, "emails"), value)
                yield ValuePath(bound(USER, "emails"), Conjunction((IS_WORK, value)))
                yield ValuePath(bound(USER, "emails"), Disjunction((IS_WORK, value)))
                yield ValuePath(bound(USER, "emails"), Negation(value))


class TestSqlAgreesWithMatches:
    """Which resources match is decided by ``scim.matches``; SQL may only be faster, never different."""

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(drawn=RESOURCES, asked=FILTERS)
    async def test_a_search_finds_exactly_what_matches(
        self, empty_database: Database, drawn: list[Resource], asked: list[Filter]
    ) -> None:
        """Every filter finds the resources for which ``matches`` is true, in the order of ids, and counts them."""
        stored = await store(empty_database, drawn)
        assert [await stored.found(empty_database, item) for item in asked] == [stored.matching(item) for item in asked]

    async def test_every_comparison_finds_exactly_what_matches(self, empty_database: Database) -> None:
        """Each operator with each literal, alone and negated, on each attribute that has a column or an index."""
        stored = await store(empty_database, PEOPLE)
        assert len(stored.resources) == len(PEOPLE)
        for filter_ in every_comparison():
            for item in (filter_, Negation(filter_)):
                assert await stored.found(empty_database, item) == stored.matching(item), render_filter(item)
