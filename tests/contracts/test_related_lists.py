"""The port ``ResourceStore``: lists that show memberships, on each engine."""

from dataclasses import replace

import pytest

from musterbook.directory.break_glass import break_glass_type
from musterbook.directory.store import MAX_RELATED_ON_PAGE
from musterbook.scim import StoredResource, Tolerance, group_type, user_type
from musterbook.scim.cursor import Cursor
from musterbook.scim.filter_parser import parse_filter
from musterbook.scim.operation import Query
from musterbook.scim.resource import Related
from musterbook.scim.sorting import NO_VALUE, Position, parse_sort
from musterbook.storage import Database
from tests.contracts.engines import Engine
from tests.contracts.groups import adding, change, direct, founded, group, indirect, member
from tests.contracts.sample import ACME, ADA, BOB, GLOBEX, created, id_of, person

CREW, DECK, SHIP = group(11, "Crew"), group(12, "Deck", externalId="D-1"), group(13, "Ship")
USER, GROUP = user_type(), group_type()


@pytest.fixture
async def aboard(database: Database) -> Database:
    """Return a database in which Ada is of the deck, and the deck of the crew."""
    for user in (ADA, BOB):
        await database.resources.commit(created(user))
    for each in (CREW, DECK, SHIP):
        await database.resources.commit(founded(each))
    await change(database, DECK, adding(ADA), 50)
    await change(database, CREW, adding(DECK, BOB), 51)
    return database


def shown(stored: StoredResource) -> tuple[str, tuple[Related, ...] | None]:
    """Return the id of a resource and the memberships that it shows."""
    return stored.id, None if stored.related is None else tuple(stored.related)


GROUPS = {CREW.id: (member(BOB), member(DECK)), DECK.id: (member(ADA),), SHIP.id: ()}
PEOPLE = {ADA.id: (indirect(CREW), direct(DECK)), BOB.id: (direct(CREW),)}

GROUP_FILTERS = {
    None: [CREW.id, DECK.id, SHIP.id],
    'displayName eq "DECK"': [DECK.id],
    'displayName co "e"': [CREW.id, DECK.id],
    'externalId eq "D-1" or displayName eq "crew"': [CREW.id, DECK.id],
    f'members.value eq "{DECK.id.upper()}"': [CREW.id],
    'members.type eq "user"': [CREW.id, DECK.id],
    "not (members pr)": [SHIP.id],
}
USER_FILTERS = {
    None: [ADA.id, BOB.id],
    'userName eq "bob@example.com"': [BOB.id],
    "title pr or active eq true": [ADA.id, BOB.id],
    f'groups.value eq "{CREW.id}"': [ADA.id, BOB.id],
    f'groups[value eq "{CREW.id}" and type eq "indirect"]': [ADA.id],
    'groups.display sw "de"': [ADA.id],
}


@pytest.mark.parametrize("filter_", GROUP_FILTERS, ids=str)
@pytest.mark.parametrize("sort_by", [None, "displayName", "meta.created", "externalId"])
async def test_a_list_of_groups_shows_members(aboard: Database, filter_: str | None, sort_by: str | None) -> None:
    """Whatever finds the page, each group on it shows its members when they are asked for, and none otherwise."""
    parsed = None if filter_ is None else parse_filter(filter_, GROUP, Tolerance())
    sort = None if sort_by is None else parse_sort(sort_by, None, GROUP)
    with_members = await aboard.resources.search(ACME, GROUP, Query(parsed, sort=sort), with_related=True)
    without = await aboard.resources.search(ACME, GROUP, Query(parsed, sort=sort))
    ids = GROUP_FILTERS[filter_]
    assert {shown(stored) for stored in with_members.resources} == {(id_, GROUPS[id_]) for id_ in ids}
    assert without.resources == [replace(stored, related=None) for stored in with_members.resources]
    assert with_members.total_results == without.total_results == len(ids)


@pytest.mark.parametrize("filter_", USER_FILTERS, ids=str)
@pytest.mark.parametrize("sort_by", [None, "userName", "nickName"])
async def test_a_list_of_people_shows_groups(aboard: Database, filter_: str | None, sort_by: str | None) -> None:
    """Whatever finds the page, each person on it shows their groups when they are asked for, and none otherwise."""
    parsed = None if filter_ is None else parse_filter(filter_, USER, Tolerance())
    sort = None if sort_by is None else parse_sort(sort_by, None, USER)
    with_groups = await aboard.resources.search(ACME, USER, Query(parsed, sort=sort), with_related=True)
    without = await aboard.resources.search(ACME, USER, Query(parsed, sort=sort))
    ids = USER_FILTERS[filter_]
    assert [shown(stored) for stored in with_groups.resources] == [(id_, PEOPLE[id_]) for id_ in ids]
    assert without.resources == [replace(stored, related=None) for stored in with_groups.resources]


async def test_a_tenant_without_groups_shows_empty_lists(aboard: Database) -> None:
    """Where nobody is in a group everybody shows an empty list; an empty page stays empty."""
    other = person(70, "other@example.com", tenant_id=GLOBEX)
    await aboard.resources.commit(created(other))
    page = await aboard.resources.search(GLOBEX, USER, Query(), with_related=True)
    assert [shown(stored) for stored in page.resources] == [(other.id, ())]
    for query in (Query(count=0), Query(start_index=9)):
        page = await aboard.resources.search(ACME, GROUP, query, with_related=True)
        assert (page.total_results, page.resources) == (3, [])


async def test_other_types_show_empty_lists(aboard: Database) -> None:
    """What is neither a person of the tenant nor a group has no memberships."""
    page = await aboard.resources.search(ACME, break_glass_type(), Query(), with_related=True)
    assert [shown(stored) for stored in page.resources] == [(id_of(0), ())]


_PEOPLE = """
INSERT INTO resources (
    tenant_id, resource_type, id, document, version, created_at, last_modified, revision
)
WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < {count})
SELECT '{tenant}', 'User', 'person-' || number, '{{}}', 1, '', '', 1 FROM numbers
"""
_MEMBERS = """
INSERT INTO members (tenant_id, group_id, member_id, member_type)
WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < {count})
SELECT '{tenant}', '{group}', 'person-' || number, 'User' FROM numbers
"""
SIZES = {21: 30_000, 22: 20_000, 23: 1, 24: 40_000, 25: MAX_RELATED_ON_PAGE + 1, 26: 2, 27: 3}


PAGES = {1: [21, 22], 2: [22, 23], 3: [23, 24], 4: [24], 5: [25], 6: [26, 27]}


async def test_a_page_ends_before_the_group_that_is_too_much(database: Database, engine: Engine) -> None:
    """A page shows at most so many members, but a whole group at least; the total is that of all groups. By cursors no
    group is left out, on the way forth and back.
    """
    await engine.execute(_PEOPLE.format(tenant=ACME, count=MAX_RELATED_ON_PAGE + 1))
    for number, size in SIZES.items():
        large = group(number, f"Group {number}")
        await database.resources.commit(founded(large))
        await engine.execute(_MEMBERS.format(tenant=ACME, group=large.id, count=size))
    for start_index, numbers in PAGES.items():
        page = await database.resources.search(ACME, GROUP, Query(start_index=start_index), with_related=True)
        sizes = {stored.id: len(stored.related or ()) for stored in page.resources}
        assert sizes == {id_of(number): SIZES[number] for number in numbers}
        assert (page.total_results, page.start_index) == (len(SIZES), start_index)
        without = await database.resources.search(ACME, GROUP, Query(start_index=start_index))
        assert [stored.id for stored in without.resources] == [id_of(number) for number in SIZES][start_index - 1 :]
    for backward in (False, True):
        walked: list[str] = []
        cursor: Cursor | None = Cursor(backward=backward)
        while cursor is not None:
            page = await database.resources.search(ACME, GROUP, Query(cursor=cursor), with_related=True)
            assert [len(stored.related or ()) for stored in page.resources] == [
                SIZES[number] for number in SIZES for stored in page.resources if stored.id == id_of(number)
            ]
            shown = [stored.id for stored in page.resources]
            walked = [*shown, *walked] if backward else [*walked, *shown]
            end = Position(NO_VALUE, "Group", shown[0 if backward else -1])
            cursor = Cursor(end, backward) if page.continues else None
        assert walked == [id_of(number) for number in SIZES]
