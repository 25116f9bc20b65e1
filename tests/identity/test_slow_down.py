"""How often somebody may guess."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from musterbook.directory import render_time
from musterbook.identity.password_store import Tries
from musterbook.identity.slow_down import (
    Counted,
    SlowDown,
    Subject,
    TooManyTriesError,
    address_subject,
    count_try,
    delay_seconds,
)
from tests.directory.world import START, World

ADA = Subject(Counted.NAME, "ada@example.com")
DEVICE = Subject(Counted.DEVICE, "nonce")
OFFICE = address_subject("192.0.2.7")


async def guesses_allowed(world: World, *subjects: Subject, seconds: float, every: float) -> int:
    """Guess in vain for so long, at a rate, and return how many guesses could be made."""
    slow_down = SlowDown(world.database.identity.tries, world.clock)
    allowed = 0
    for _ in range(round(seconds / every)):
        try:
            await slow_down.begin(world.acme, subjects)
            allowed += 1
        except TooManyTriesError:
            pass
        world.clock.move(seconds=every)
    return allowed


async def wait_of(world: World, *subjects: Subject) -> int:
    """Return how many seconds the subjects have to wait; 0: none, and a try was counted."""
    try:
        await SlowDown(world.database.identity.tries, world.clock).begin(world.acme, subjects)
    except TooManyTriesError as error:
        return error.retry_after_seconds
    return 0


@pytest.mark.parametrize("subject", [ADA, DEVICE, Subject(Counted.CODE, "id")])
async def test_ten_thousand_guesses_in_ten_minutes_are_few(world: World, subject: Subject) -> None:
    """Of 10 000 guesses within ten minutes fourteen are made, of a name as of a device or a second factor."""
    assert await guesses_allowed(world, subject, seconds=600, every=0.06) == 14


async def test_a_patient_guesser_has_four_an_hour(world: World) -> None:
    """In the long run a guess costs fifteen minutes, and nobody is ever locked out for longer."""
    await guesses_allowed(world, ADA, seconds=1100, every=1)
    assert await guesses_allowed(world, ADA, seconds=24 * 3600, every=60) == 96
    assert max(delay_seconds(failures, Counted.NAME) for failures in range(10_000)) == 15 * 60


async def test_guesses_at_once_are_counted_one_by_one(world: World) -> None:
    """However many guess at the same moment, no more are let through than one after the other would be."""
    waits = await asyncio.gather(*(wait_of(world, ADA) for _ in range(60)))
    assert 1 <= waits.count(0) <= 5
    assert await guesses_allowed(world, ADA, seconds=0.5, every=0.1) <= 5 - waits.count(0)


async def test_whoever_proves_who_they_are_begins_anew(world: World) -> None:
    """After a right password nothing is held against the name or the device any more."""
    slow_down = SlowDown(world.database.identity.tries, world.clock)
    for subject in (ADA, DEVICE):
        await guesses_allowed(world, subject, seconds=4, every=1)
        await slow_down.succeed(await slow_down.begin(world.acme, [subject]))
        assert await guesses_allowed(world, subject, seconds=5, every=1) == 5


async def test_an_address_is_given_its_try_back_and_no_more(world: World) -> None:
    """A right password does not make a guesser's address innocent: only this one try is not counted."""
    slow_down = SlowDown(world.database.identity.tries, world.clock)
    assert await guesses_allowed(world, OFFICE, seconds=28, every=1) == 28
    for _ in range(10):
        await slow_down.succeed(await slow_down.begin(world.acme, [OFFICE]))
    assert await guesses_allowed(world, OFFICE, seconds=2, every=1) == 2
    assert await wait_of(world, OFFICE) == 0
    assert await wait_of(world, OFFICE) == 2


async def test_a_try_that_told_nothing_is_not_counted(world: World) -> None:
    """Whoever was sent away before the password was looked at may come again as often as that happens."""
    slow_down = SlowDown(world.database.identity.tries, world.clock)
    for _ in range(20):
        await slow_down.give_back(await slow_down.begin(world.acme, [ADA, OFFICE]))
    assert await guesses_allowed(world, ADA, seconds=0.5, every=0.1) == 5


async def test_a_subject_that_waits_costs_the_others_nothing(world: World) -> None:
    """Where one subject has to wait, no try is counted of the others."""
    await guesses_allowed(world, OFFICE, seconds=3, every=0.1)
    assert await wait_of(world, ADA, OFFICE) > 0
    assert await guesses_allowed(world, ADA, seconds=0.5, every=0.1) == 5


async def test_subjects_are_apart(world: World) -> None:
    """What is guessed at one name, device, address or in one tenant slows no other down."""
    await guesses_allowed(world, ADA, seconds=2, every=0.1)
    others = [replace(ADA, name="grace@example.com"), replace(ADA, counted=Counted.RESET), DEVICE, OFFICE]
    assert [await wait_of(world, other) for other in others] == [0, 0, 0, 0]
    elsewhere = SlowDown(world.database.identity.tries, world.clock)
    assert (await elsewhere.begin(world.globex, [ADA])).counts[0][1].failures == 1


async def test_a_day_without_a_failure_is_a_new_day(world: World) -> None:
    """Failures are forgotten a day after the last one."""
    await guesses_allowed(world, ADA, seconds=1100, every=1)
    world.clock.move(seconds=24 * 3600)
    assert await guesses_allowed(world, ADA, seconds=0.5, every=0.1) == 5


async def test_a_clock_that_is_set_back_locks_nobody_out(world: World) -> None:
    """A wait that would be longer than the longest there is, because the clock was set back, is none."""
    await guesses_allowed(world, ADA, seconds=0.5, every=0.1)
    world.clock.move(seconds=-3600)
    assert await wait_of(world, ADA) == 0


def test_each_further_failure_costs_twice_the_time() -> None:
    """Five guesses at a name cost nothing; the next waits for a second, and each after it twice as long."""
    delays = [delay_seconds(failures, Counted.NAME) for failures in range(1, 17)]
    assert delays == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]
    assert [delay_seconds(failures, Counted.ADDRESS) for failures in (29, 30, 31)] == [0, 1, 2]


def test_a_wait_is_told_in_whole_seconds() -> None:
    """Whoever has to wait is told for how long, rounded up, so that coming back then is not too early."""
    blocked = Tries(6, render_time(START + timedelta(seconds=2)), render_time(START))
    for seconds, told in ((0.0, 2), (0.9, 2), (1.1, 1)):
        with pytest.raises(TooManyTriesError) as caught:
            count_try(blocked, Counted.NAME, START + timedelta(seconds=seconds))
        assert caught.value.retry_after_seconds == told
    after = START + timedelta(seconds=2)
    expected = Tries(7, render_time(after + timedelta(seconds=4)), render_time(after))
    assert count_try(blocked, Counted.NAME, after) == expected


@pytest.mark.parametrize(
    "one, other, is_same",
    [
        ("192.0.2.7", "192.0.2.8", False),
        ("192.0.2.7", "::ffff:192.0.2.7", True),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("unknown", "unknown", True),
        ("unknown", "", False),
    ],
)
def test_an_address_is_what_one_subscriber_has(one: str, other: str, *, is_same: bool) -> None:
    """An IPv4 address counts by itself, an IPv6 address as its network of 64 bits; what is none, as it reads."""
    assert (address_subject(one) == address_subject(other)) is is_same


def test_no_name_is_stored() -> None:
    """What is stored of a name does not contain it, and any text has a hash."""
    assert len({ADA.hash, DEVICE.hash, OFFICE.hash, replace(ADA, name="\ud800").hash}) == 4
    assert b"ada" not in ADA.hash
