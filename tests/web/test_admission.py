"""Whose turn it is: how many requests of a tenant are worked on at a time, and which of the others is next."""

import asyncio
import random
import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musterbook.scim.errors import UnavailableError
from musterbook.web import admission as module
from musterbook.web.admission import STRANGERS, Admission, Bounds, Place
from musterbook.web.limits import Limit, OverLimitError
from tests.web.wire import PATIENCE_SECONDS

BOUNDS = Bounds(alone=6, shared=2, waiting=5, patience_seconds=PATIENCE_SECONDS)


def let_in(admission: Admission, name: str) -> list[Place]:
    """Return the places of as many requests of a tenant as are let in at once."""
    places = []
    while (place := admission.enter(name)) is not None:
        places.append(place)
    return places


def shared(bounds: Bounds = BOUNDS) -> Admission:
    """Return an admission that has just let in two tenants."""
    admission = Admission(bounds)
    for name in ("acme", "globex"):
        place = admission.enter(name)
        assert place is not None
        admission.leave(place)
    return admission


async def turns(count: int = 5) -> None:
    """Let the event loop take some turns."""
    for _ in range(count):
        await asyncio.sleep(0)


def wait(admission: Admission, name: str) -> "asyncio.Task[Place]":
    """Begin to wait for a turn of the tenant."""
    assert admission.enter(name) is None
    return asyncio.create_task(admission.wait(name))


async def test_who_is_alone_has_the_whole_process() -> None:
    """While one tenant is served, many of its requests may be under way; when another has asked, only its share."""
    admission = Admission(BOUNDS)
    places = let_in(admission, "acme")
    assert len(places) == 6
    assert len(let_in(admission, "globex")) == 2
    for place in places:
        admission.leave(place)
    await turns()
    assert len(let_in(admission, "acme")) == 2


async def test_a_tenant_that_has_been_quiet_leaves_its_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some seconds after the last request of the others, a tenant is alone again."""
    monkeypatch.setattr(module, "SHARED_SECONDS", 0.01)
    admission = shared()
    await asyncio.sleep(0.02)
    assert len(let_in(admission, "globex")) == 6


async def test_strangers_share_a_narrow_lane_and_slow_down_nobody() -> None:
    """Keys that were never seen get one share together, also when nobody else asks; and a tenant stays alone."""
    admission = Admission(BOUNDS)
    assert len(let_in(admission, "acme")) == 6
    assert len(let_in(admission, STRANGERS)) == 2
    admission = Admission(BOUNDS)
    assert len(let_in(admission, STRANGERS)) == 2
    assert len(let_in(admission, "acme")) == 6


async def test_a_place_counts_until_the_next_turn_of_the_loop() -> None:
    """Requests that are answered without ever waiting are let in a few in each turn, not one after the other."""
    admission = shared()
    await turns()
    for _ in range(2):
        place = admission.enter("acme")
        assert place is not None
        admission.leave(place)
    assert admission.enter("acme") is None
    await turns()
    assert len(let_in(admission, "acme")) == 2


async def test_what_waits_is_begun_one_at_a_time_in_order() -> None:
    """First come, first served; the next is begun when the one before has ended."""
    admission = shared()
    await turns()
    direct = let_in(admission, "acme")
    tasks = [wait(admission, "acme") for _ in range(3)]
    for place in direct:
        admission.leave(place)
    for number, task in enumerate(tasks):
        place = await task
        await turns()
        assert [other.done() for other in tasks] == [True] * (number + 1) + [False] * (2 - number)
        admission.leave(place)


async def test_nobody_overtakes_those_who_wait() -> None:
    """While requests of a tenant wait, one that comes is not let in, whatever has become free."""
    admission = shared()
    await turns()
    direct = let_in(admission, "acme")
    tasks = [wait(admission, "acme"), wait(admission, "acme")]
    admission.leave(direct.pop())
    assert admission.enter("acme") is None
    await turns()
    assert [task.done() for task in tasks] == [True, False]
    assert admission.enter("acme") is None
    tasks[1].cancel()


async def test_tenants_take_turns() -> None:
    """Of several tenants with waiting requests each begins one in its turn, one in each turn of the event loop."""
    names = ["acme", "globex", "initech"]
    admission = Admission(Bounds(alone=1, shared=1, waiting=10))
    begun: list[str] = []

    async def work(name: str) -> None:
        place = await admission.wait(name)
        begun.append(name)
        admission.leave(place)

    direct = [place for name in names for place in let_in(admission, name)]
    assert [admission.enter(name) for name in names] == [None, None, None]
    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        for name, count in (("acme", 6), ("globex", 2), ("initech", 2)):
            for _ in range(count):
                group.create_task(work(name))
        await turns()
        for place in direct:
            admission.leave(place)
    assert [Counter(begun[:6]), Counter(begun[6:])] == [Counter(dict.fromkeys(names, 2)), Counter(acme=4)]


async def test_what_waited_leaves_as_long_a_pause_as_it_took() -> None:
    """While others are served, the next of those that wait is begun only after as much time as the last one took."""
    admission = shared()
    await turns()
    direct = let_in(admission, "acme")
    tasks = [wait(admission, "acme") for _ in range(2)]
    for place in direct:
        admission.leave(place)
    place = await tasks[0]
    begun = time.perf_counter()
    await asyncio.sleep(0.02)
    admission.leave(place)
    ended = time.perf_counter()
    await tasks[1]
    # The timers of an event loop count in milliseconds.
    assert time.perf_counter() - ended >= ended - begun - 0.002


async def test_who_is_alone_makes_no_pauses() -> None:
    """Without others, all that fit are begun, one in each turn of the event loop."""
    admission = Admission(BOUNDS)
    direct = let_in(admission, "acme")
    tasks = [wait(admission, "acme") for _ in range(5)]
    await asyncio.sleep(0.01)
    for place in direct:
        admission.leave(place)
    await turns(10)
    assert [task.done() for task in tasks] == [True] * 5


async def test_one_that_takes_long_keeps_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that waits for the network or the database, such as a slow body, does not stop the others."""
    monkeypatch.setattr(module, "SLOW_SECONDS", 0.01)
    admission = shared()
    await turns()
    direct = let_in(admission, "acme")
    tasks = [wait(admission, "acme") for _ in range(3)]
    for place in direct:
        admission.leave(place)
    await tasks[0]
    second = await asyncio.wait_for(tasks[1], PATIENCE_SECONDS)
    # Both are under way: more than its share a tenant does not get.
    await asyncio.sleep(0.03)
    assert not tasks[2].done()
    admission.leave(second)
    await asyncio.wait_for(tasks[2], PATIENCE_SECONDS)


async def test_the_row_is_not_endless() -> None:
    """Beyond a number of waiting requests the tenant gets 429 at once; another tenant does not notice."""
    admission = shared()
    await turns()
    let_in(admission, "acme")
    tasks = [wait(admission, "acme") for _ in range(5)]
    await turns()
    with pytest.raises(OverLimitError) as refusal:
        await wait(admission, "acme")
    assert (refusal.value.status, refusal.value.limit, refusal.value.retry_after_seconds) == (429, Limit.QUEUE, 1)
    assert len(let_in(admission, "globex")) == 2
    for task in tasks:
        task.cancel()


async def test_nobody_waits_for_ever() -> None:
    """A request that did not get its turn in time is a 429, and the ones that come after it are served."""
    admission = shared(Bounds(alone=6, shared=2, waiting=5, patience_seconds=0.01))
    await turns()
    direct = let_in(admission, "acme")
    with pytest.raises(OverLimitError) as refusal:
        await wait(admission, "acme")
    assert (refusal.value.status, refusal.value.limit, refusal.value.retry_after_seconds) == (429, Limit.PATIENCE, 1)
    for place in direct:
        admission.leave(place)
    await turns()
    assert len(let_in(admission, "acme")) == 2


async def test_one_that_is_called_off_gives_its_turn_to_the_next() -> None:
    """A request that is cancelled while it waits, or in the moment in which its turn comes, takes no place along."""
    admission = shared()
    await turns()
    direct = let_in(admission, "acme")
    tasks = [wait(admission, "acme") for _ in range(3)]
    await turns()
    tasks[0].cancel()
    await turns()
    admission._begin(admission._lanes["acme"])  # skips the first
    admission._begin(admission._lanes["acme"])  # the turn of the second
    tasks[1].cancel()
    for place in direct:
        admission.leave(place)
    place = await asyncio.wait_for(tasks[2], PATIENCE_SECONDS)
    assert [task.cancelled() for task in tasks] == [True, True, False]
    admission.leave(place)
    await turns()
    assert len(let_in(admission, "acme")) == 2


async def test_while_the_database_is_away_nobody_waits_to_learn_it() -> None:
    """What waits behind a request that found the database away is told the same at once: 503, and when to return."""
    admission = shared()
    await turns()
    direct = let_in(admission, "acme")
    tasks = [wait(admission, "acme") for _ in range(3)]
    await turns()
    tasks[0].cancel()
    admission.dismiss(direct[0])
    for task in tasks[1:]:
        with pytest.raises(UnavailableError) as refusal:
            await task
        assert (refusal.value.detail, refusal.value.retry_after_seconds) == ("The database cannot be reached.", 5)
    for place in direct:
        admission.leave(place)
    await turns()
    assert len(let_in(admission, "acme")) == 2


async def test_quiet_tenants_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory holds the tenants that are being served, and a limited number of others."""
    monkeypatch.setattr(module, "FEW_LANES", 10)
    admission = Admission(BOUNDS)
    kept = admission.enter("kept")
    for number in range(1000):
        place = admission.enter(f"tenant-{number}")
        assert place is not None
        admission.leave(place)
        await asyncio.sleep(0)
    assert len(admission._lanes) <= 50
    assert kept is admission._lanes["kept"].direct


@given(st.integers(1, 4), st.integers(0, 4), st.lists(st.sampled_from("ab"), max_size=40), st.randoms())
def test_every_request_is_served_within_the_bounds(
    shared_places: int, more: int, names: list[str], chance: random.Random
) -> None:
    """However requests come and go, all get their turn, and never more of a tenant are under way than fit."""
    bounds = Bounds(alone=shared_places + more, shared=shared_places, waiting=100)
    under_way: Counter[str] = Counter()
    served: Counter[str] = Counter()

    async def serve(admission: Admission, name: str) -> None:
        place = admission.enter(name) or await admission.wait(name)
        served[name] += 1
        under_way[name] += 1
        assert under_way[name] <= bounds.alone
        await turns(chance.randrange(3))
        under_way[name] -= 1
        admission.leave(place)

    async def run() -> None:
        admission = Admission(bounds)
        async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
            for name in names:
                group.create_task(serve(admission, name))
                await turns(chance.randrange(2))

    asyncio.run(run())
    assert served == Counter(names)
