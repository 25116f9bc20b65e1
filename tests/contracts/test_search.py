"""The port ``ResourceStore``: how lists are found and paged, on each engine (RFC 7644 §3.4.2)."""

import asyncio

import pytest

from musterbook.directory import TenantId
from musterbook.directory.store import QueryTooExpensiveError
from musterbook.scim import StoredResource
from musterbook.scim.operation import Page
from musterbook.storage import Database, open_database
from tests.contracts.looks import USER, find, found_ids
from tests.contracts.sample import Person, at, created, id_of, person

PEOPLE = [
    person(1, "Ada@example.com", "ada@example.com", "ada@home.example", external_id="E-1", title="Countess"),
    person(2, "bob@example.com", "Bob@Example.com", external_id="e-1"),
    person(3, "b\u00f6b@example.com", title="Dr"),
    person(4, "50%_off@example.com", "50%_off@example.com", external_id="50%_off"),
    person(5, "zoe\U0001f600@example.com", external_id="E-10", emails=[{"type": "home"}]),
    person(6, "zoe\ud7ff@example.com", nickName="x" * 200),
]

EXPECTED = {
    'userName eq "ada@EXAMPLE.com"': [1],
    'userName eq "B\u00d6B@example.com"': [3],
    'userName eq "bo\u0308b@example.com"': [3],
    'userName ne "bob@example.com"': [1, 3, 4, 5, 6],
    'userName co "EXAMPLE"': [1, 2, 3, 4, 5, 6],
    'userName co "%"': [4],
    'userName co "_"': [4],
    'userName sw "B"': [2, 3],
    'userName sw "50%_"': [4],
    'userName sw "%"': [],
    'userName sw ""': [1, 2, 3, 4, 5, 6],
    'userName sw "zoe\U0001f600"': [5],
    'userName sw "zoe\ud7ff"': [6],
    'userName ew "OFF@example.com"': [4],
    'userName ew ""': [1, 2, 3, 4, 5, 6],
    'userName gt "bob@example.com"': [3, 5, 6],
    'userName ge "bob@example.com"': [2, 3, 5, 6],
    'userName lt "Bob@example.com"': [1, 4],
    'userName le "Bob@example.com"': [1, 2, 4],
    "userName pr": [1, 2, 3, 4, 5, 6],
    'externalId eq "E-1"': [1],
    'externalId eq "e-1"': [2],
    'externalId ne "E-1"': [2, 3, 4, 5, 6],
    'externalId sw "E-1"': [1, 5],
    "externalId pr": [1, 2, 4, 5],
    'not (externalId eq "E-1")': [2, 3, 4, 5, 6],
    'not (externalId pr and userName sw "a")': [2, 3, 4, 5, 6],
    f'id eq "{id_of(3)}"': [3],
    f'id eq "{id_of(3).upper()}"': [],
    f'id gt "{id_of(4)}"': [5, 6],
    'emails.value eq "ADA@home.example"': [1],
    'emails.value co "%"': [4],
    'emails.value sw "bob@"': [2],
    "emails.value pr": [1, 2, 4],
    'emails.value ne "ada@example.com"': [1, 2, 3, 4, 5, 6],
    'not (emails.value eq "ada@example.com")': [2, 3, 4, 5, 6],
    'emails[type eq "work" and value eq "ada@home.example"]': [1],
    'emails[type eq "home" and value eq "ada@home.example"]': [],
    'emails[value eq "ada@example.com" or value eq "bob@example.com"]': [1, 2],
    'userName eq "ada@example.com" or emails.value eq "bob@example.com" or externalId eq "50%_off"': [1, 2, 4],
    'title pr and userName sw "a"': [1],
    'title eq "dr" or userName eq "bob@example.com"': [2, 3],
    f'meta.created gt "{at(2)}" and meta.created le "{at(4)}"': [3, 4],
    f'meta.created eq "{at(2)}"': [2],
    f'meta.lastModified ne "{at(2)}"': [1, 3, 4, 5, 6],
    'meta.created lt "2026-11-23T10:00:02+01:00"': [1],
    'meta.created lt "2026-11-23T09:00:02.0001Z"': [1, 2],
    'meta.resourceType eq "User"': [1, 2, 3, 4, 5, 6],
    'active eq true and not (userName co "example")': [],
}


class TestSearchContract:
    """What every search keeps."""

    @pytest.fixture
    async def people(self, database: Database) -> Database:
        """Return the database with six people in it."""
        for user in PEOPLE:
            await database.resources.commit(created(user))
        return database

    async def test_filters_find_who_matches(self, people: Database) -> None:
        """Each filter finds exactly the people who match it, in the order of their ids, whatever serves it."""
        found = {filter_: await found_ids(people, filter_) for filter_ in EXPECTED}
        assert found == {filter_: [id_of(number) for number in numbers] for filter_, numbers in EXPECTED.items()}

    @pytest.mark.parametrize(
        "filter_",
        [
            None,
            'userName co "example"',
            'userName sw "" and title pr or not (title pr)',
            'emails.value sw "" or userName pr',
            'userName sw "a" or userName sw "b" or userName sw "z" or userName sw "5"',
        ],
        ids=str,
    )
    @pytest.mark.parametrize(
        "start_index, count, numbers",
        [
            (1, 100, [1, 2, 3, 4, 5, 6]),
            (1, 2, [1, 2]),
            (3, 2, [3, 4]),
            (5, 10, [5, 6]),
            (6, 1, [6]),
            (7, 5, []),
            (2**62, 5, []),
            (1, 0, []),
            (4, 0, []),
        ],
    )
    async def test_a_page_is_a_part_of_the_whole_with_the_true_total(
        self, people: Database, filter_: str | None, start_index: int, count: int, numbers: list[int]
    ) -> None:
        """A page holds what it is asked for and the total of all; past the end, and for count 0, it holds nothing."""
        page = await find(people, filter_, start_index=start_index, count=count)
        resources = [PEOPLE[number - 1].record.stored for number in numbers]
        assert page == Page(USER, 6, start_index, resources)

    async def test_a_tenant_without_resources_has_an_empty_page(self, database: Database) -> None:
        """Where there is nothing, the total is 0; break-glass accounts are not listed."""
        for filter_ in (None, "userName pr", 'title eq "x"', 'userName eq "root@example.com"'):
            assert await find(database, filter_) == Page(USER, 0, 1, [])
        assert await find(database, None, tenant_id=TenantId("unknown")) == Page(USER, 0, 1, [])


MANY = 1100
"""More than any portion of rows that an engine looks at in one statement."""


class TestManyRows:
    """Searches that need more than one portion of rows."""

    @pytest.fixture
    async def many(self, database: Database) -> Database:
        """Return the database with so many people that no portion holds them all."""
        await asyncio.gather(*(database.resources.commit(created(_numbered(number))) for number in range(1, MANY + 1)))
        return database

    async def test_pages_put_together_are_the_whole(self, many: Database) -> None:
        """Walking pages of 333 gives every match once, in order, with the same total on each page."""
        steps = {
            None: 1,
            'userName co "user"': 1,
            'userName sw "user" and title eq "seven"': 7,
            'title eq "Seven"': 7,
            'userName ew "0" and not (title eq "nothing")': 10,
            'userName ew "0"': 10,
        }
        found = {filter_: await self._walk(many, filter_) for filter_ in steps}
        assert found == {filter_: self._every(step) for filter_, step in steps.items()}

    @staticmethod
    async def _walk(database: Database, filter_: str | None) -> list[StoredResource]:
        found: list[StoredResource] = []
        totals = set()
        while (page := await find(database, filter_, start_index=len(found) + 1, count=333)).resources:
            totals.add(page.total_results)
            found += page.resources
        assert totals == {len(found)}
        return found

    @staticmethod
    def _every(step: int) -> list[StoredResource]:
        return [_numbered(number).record.stored for number in range(step, MANY + 1, step)]

    async def test_a_search_that_takes_too_long_is_refused(self, many: Database, database_url: str) -> None:
        """A filter that no index serves is stopped when its time is over; one that an index serves is not."""
        hasty = await open_database(database_url, search_seconds=0.002)
        try:
            with pytest.raises(QueryTooExpensiveError):
                await find(hasty, 'title eq "seven"')
        finally:
            await hasty.close()
        assert await found_ids(many, 'userName eq "user7"') == [id_of(7)]


def _numbered(number: int) -> Person:
    return person(number, f"user{number}", title="Seven" if number % 7 == 0 else "Other")
