"""SQL and ``matches`` agree on every filter that asks for memberships, too (RFC 7644 §3.4.2.2)."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count, product

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from musterbook.directory import TenantId
from musterbook.scim import ResourceType, StoredResource, group_type, read_document, user_type
from musterbook.scim.filter import CompareOp, Comparison, Conjunction, Filter, Negation, Presence, ValuePath
from musterbook.scim.match import matches
from musterbook.scim.members import MembersEdit
from musterbook.scim.operation import Page, Query
from musterbook.scim.path import BoundPath
from musterbook.scim.resource import Related
from musterbook.scim.sorting import Sort, sort_key
from musterbook.storage import Database
from tests.contracts.drawn import bound, combine, compared
from tests.contracts.groups import Group, change, founded, group
from tests.contracts.sample import Person, created, first_administrator, id_of, person, setup_link, tenant
from tests.properties.filters import ops

PEOPLE, GROUPS = range(1, 4), range(4, 8)
IDS = (*map(id_of, (1, 3, 4, 5, 7)), id_of(3).upper(), id_of(4).upper(), id_of(99), id_of(0), "", "x")
WORDS = ("Crew", "crew", "deck", "D", "e\u0301", "\u00e9", "")
KINDS = ("User", "group", "Direct", "indirect", "")
NAMES = st.none() | st.sampled_from([word for word in WORDS if word])
MEMBERSHIPS = st.dictionaries(
    st.tuples(st.sampled_from(GROUPS), st.sampled_from([*PEOPLE, *GROUPS])), NAMES, max_size=10
)
"""(group, member) to the name under which the member was added: circles and all."""
TENANTS = count()


def leaves(resource_type: ResourceType) -> st.SearchStrategy[Filter]:
    """Return filters of the memberships of a type, and a few others that they are combined with."""
    name = resource_type.related_attribute
    assert name is not None
    literals = {"value": st.sampled_from(IDS), "type": st.sampled_from(KINDS), "display": st.sampled_from(WORDS)}
    subs = {sub: bound(resource_type, name, sub) for sub in literals}
    in_brackets = [compared(BoundPath(None, path.sub_attribute), literals[sub]) for sub, path in subs.items()]
    return st.one_of(
        *(compared(path, literals[sub]) for sub, path in subs.items()),
        st.builds(ValuePath, st.just(bound(resource_type, name)), st.recursive(st.one_of(in_brackets), combine)),
        st.just(Presence(bound(resource_type, name))),
        compared(bound(resource_type, "id"), st.sampled_from(IDS)),
        compared(bound(resource_type, "displayName"), st.sampled_from(WORDS)),
    )


def queries(resource_type: ResourceType) -> st.SearchStrategy[Query]:
    """Return queries by memberships, some of them sorted by memberships as well."""
    name = resource_type.related_attribute
    assert name is not None
    paths = [bound(resource_type, name, sub) for sub in ("value", "display")]
    sorts = st.none() | st.builds(Sort, st.sampled_from(paths), st.booleans())
    filters = st.recursive(leaves(resource_type), combine, max_leaves=6)
    return st.builds(Query, filters, st.integers(1, 3), st.integers(0, 5), sorts)


@dataclass(frozen=True, slots=True)
class Aboard:
    """Who is aboard, and in which groups."""

    tenant_id: TenantId
    unique_names: bool
    memberships: dict[tuple[int, int], str | None]

    @property
    def people(self) -> list[Person]:
        """Everybody."""
        return [person(number, f"user{number}", displayName="Deck", tenant_id=self.tenant_id) for number in PEOPLE]

    @property
    def groups(self) -> list[Group]:
        """All groups, as they are before anybody is a member."""
        names = ("Crew", "Deck", "E\u0301", "D")
        groups = [group(number, name, tenant_id=self.tenant_id) for number, name in zip(GROUPS, names, strict=True)]
        return [replace(each, has_unique_name=self.unique_names) for each in groups]

    async def store(self, database: Database) -> None:
        """Store everything."""
        link = setup_link(self.tenant_id, self.tenant_id.encode())
        new = tenant(self.tenant_id, self.tenant_id)
        await database.tenants.create(new, first_administrator(self.tenant_id), link)
        changes = [*map(created, self.people), *map(founded, self.groups)]
        await asyncio.gather(*map(database.resources.commit, changes))
        for (group_, member), name in self.memberships.items():
            edit = MembersEdit(added={id_of(member): name})
            await change(database, group(group_, "", tenant_id=self.tenant_id), edit, 8)

    def expected(self, resource_type: ResourceType) -> list[StoredResource]:
        """Return all resources of a type with their memberships."""
        if resource_type.name == "User":
            people = (user.record.stored for user in self.people)
            return [replace(stored, related=self._groups_of(number)) for number, stored in enumerate(people, start=1)]
        return [self._with_members(each) for each in self.groups]

    def _with_members(self, of: Group) -> StoredResource:
        members = {member: name for (group_, member), name in self.memberships.items() if id_of(group_) == of.id}
        kinds = {member: "User" if member in PEOPLE else "Group" for member in members}
        related = tuple(Related(id_of(key), kinds[key], kinds[key], members[key]) for key in sorted(members))
        changes = len(members)
        now = replace(of, version=1 + changes, revision=1 + changes, second=8 if changes else of.second)
        return replace(now.record.stored, related=related)

    def _groups_of(self, member: int) -> tuple[Related, ...]:
        direct = {group_ for group_, inside in self.memberships if inside == member}
        found = set(direct)
        while more := {group_ for group_, inside in self.memberships if inside in found} - found:
            found |= more
        names = {number: of.attributes["displayName"] for number, of in zip(GROUPS, self.groups, strict=True)}
        kinds = {number: "direct" if number in direct else "indirect" for number in found}
        return tuple(Related(id_of(number), "Group", kinds[number], names[number]) for number in sorted(found))

    def page(self, resource_type: ResourceType, query: Query, *, with_related: bool) -> Page:
        """Return the page that ``matches`` and ``sort_key`` give."""
        found = self.expected(resource_type)
        if query.filter is not None:
            found = [stored for stored in found if matches(query.filter, read_document(resource_type, stored))]
        if query.sort is not None:
            key = sort_key(query.sort)
            found.sort(key=lambda stored: key(read_document(resource_type, stored)), reverse=query.sort.descending)
        shown: Sequence[StoredResource] = found[query.start_index - 1 :][: query.count]
        if not with_related:
            shown = [replace(stored, related=None) for stored in shown]
        return Page(resource_type, len(found), query.start_index, shown)


def aboard(*, unique_names: bool, memberships: dict[tuple[int, int], str | None]) -> Aboard:
    """Return a tenant of its own."""
    return Aboard(TenantId(f"tenant-{next(TENANTS)}"), unique_names, memberships)


SETTINGS = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
USER = user_type()
GROUP, SHARING_GROUP = group_type(), group_type(unique_names=False)


async def check(database: Database, who: Aboard, resource_type: ResourceType, asked: Sequence[Query]) -> None:
    """Check that the database gives the pages that ``matches`` gives, with memberships and without."""
    await who.store(database)
    for query, with_related in product(asked, (False, True)):
        page = await database.resources.search(who.tenant_id, resource_type, query, with_related=with_related)
        found = replace(page, resources=[_tuples(stored) for stored in page.resources])
        assert found == who.page(resource_type, query, with_related=with_related), query


def _tuples(stored: StoredResource) -> StoredResource:
    return stored if stored.related is None else replace(stored, related=tuple(stored.related))


class TestSqlAgreesWithMatches:
    """Memberships decide which resources are found as if each held them; SQL may only be faster."""

    @SETTINGS
    @given(memberships=MEMBERSHIPS, asked=st.lists(queries(GROUP), min_size=1, max_size=5))
    async def test_groups_by_their_members(
        self, empty_database: Database, memberships: dict[tuple[int, int], str | None], asked: list[Query]
    ) -> None:
        """Groups are found by who is in them, directly, whatever the filter and the order."""
        await check(empty_database, aboard(unique_names=True, memberships=memberships), GROUP, asked)

    @SETTINGS
    @given(memberships=MEMBERSHIPS, asked=st.lists(queries(SHARING_GROUP), min_size=1, max_size=5))
    async def test_groups_that_may_share_their_names(
        self, empty_database: Database, memberships: dict[tuple[int, int], str | None], asked: list[Query]
    ) -> None:
        """Where names are not unique they are found by another index, as well."""
        await check(empty_database, aboard(unique_names=False, memberships=memberships), SHARING_GROUP, asked)

    @SETTINGS
    @given(memberships=MEMBERSHIPS, asked=st.lists(queries(USER), min_size=1, max_size=5))
    async def test_people_by_their_groups(
        self, empty_database: Database, memberships: dict[tuple[int, int], str | None], asked: list[Query]
    ) -> None:
        """People are found by the groups that they are in, directly or by way of others."""
        await check(empty_database, aboard(unique_names=True, memberships=memberships), USER, asked)

    async def test_every_comparison(self, empty_database: Database) -> None:
        """Each operator with each literal on each part of a membership, alone, in brackets and negated."""
        memberships = {(4, 1): None, (5, 4): "Crew", (6, 5): "deck", (4, 6): None, (7, 2): "\u00e9", (7, 4): None}
        who = aboard(unique_names=True, memberships=memberships)
        await who.store(empty_database)
        for resource_type in (GROUP, USER):
            for filter_ in _every_comparison(resource_type):
                query = Query(filter_)
                page = await empty_database.resources.search(who.tenant_id, resource_type, query)
                assert page == who.page(resource_type, query, with_related=False), filter_


def _every_comparison(resource_type: ResourceType) -> Iterator[Filter]:
    name = resource_type.related_attribute
    assert name is not None
    whole = bound(resource_type, name)
    for sub, literals in (("value", IDS), ("type", KINDS), ("display", WORDS)):
        path = bound(resource_type, name, sub)
        assert path.leaf is not None
        yield from (Presence(whole), Negation(Presence(whole)), Presence(path), Negation(Presence(path)))
        for op, literal in product(ops(path.leaf), literals):
            alone = Comparison(path, op, literal)
            inside = Comparison(BoundPath(None, path.sub_attribute), op, literal)
            is_direct = Comparison(
                BoundPath(None, bound(resource_type, name, "type").sub_attribute), CompareOp.EQ, "direct"
            )
            both = Conjunction((is_direct, inside))
            yield from (alone, Negation(alone), ValuePath(whole, inside), ValuePath(whole, both))
