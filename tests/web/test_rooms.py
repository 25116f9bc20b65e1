"""Opening the rooms: once, for everybody who waits, and again after a failure."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from musterbook.directory.store import StoreUnavailableError
from musterbook.web import NotReadyError, Services
from musterbook.web.rooms import Rooms
from tests.web.site import Site


class Door:
    """An opening that a test holds open or shut, and that counts."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.may_open = asyncio.Event()
        self.failures: list[Exception] = []
        self.opened = 0
        self.closed = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Services]:
        """Open when it may, or fail."""
        await self.may_open.wait()
        self.opened += 1
        if self.failures:
            raise self.failures.pop()
        try:
            yield self.services
        finally:
            self.closed += 1


@pytest.fixture
def door(site: Site) -> Door:
    """Return an opening to real rooms."""
    return Door(site.services)


async def test_those_who_come_together_share_one_opening(door: Door) -> None:
    """Requests that come while the rooms are being opened wait for the same opening; later ones wait for nothing."""
    rooms = Rooms(door.open)
    waiting = [asyncio.create_task(rooms.open()) for _ in range(20)]
    await asyncio.sleep(0)
    door.may_open.set()
    assert [await task for task in waiting] == [door.services] * 20
    assert await rooms.open() is rooms.opened is door.services
    assert door.opened == 1


async def test_a_failure_is_everybody_s_and_the_next_tries_again(door: Door) -> None:
    """Where the database is away all who wait learn it at once, not one after the other; the next call tries again."""
    rooms = Rooms(door.open)
    door.failures.append(StoreUnavailableError())
    waiting = [asyncio.create_task(rooms.open()) for _ in range(20)]
    door.may_open.set()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {StoreUnavailableError}
    assert door.opened == 1
    assert await rooms.open() is door.services


async def test_who_gives_up_does_not_end_the_opening(door: Door) -> None:
    """A probe that waits two seconds does not keep a database from being opened that needs three."""
    rooms = Rooms(door.open)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await rooms.open()
    door.may_open.set()
    assert await rooms.open() is door.services
    assert door.opened == 1


async def test_closing_closes_what_was_opened_for_good(door: Door) -> None:
    """Closing waits for an opening under way, closes it once, and nothing opens again."""
    rooms = Rooms(door.open)
    opening = asyncio.create_task(rooms.open())
    await asyncio.sleep(0)
    closing = asyncio.create_task(rooms.close())
    await asyncio.sleep(0)
    door.may_open.set()
    assert await opening is door.services
    await closing
    await rooms.close()
    assert (door.opened, door.closed, rooms.opened) == (1, 1, None)
    with pytest.raises(NotReadyError):
        await rooms.open()
