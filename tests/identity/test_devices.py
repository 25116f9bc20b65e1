"""In which browsers somebody has signed in before."""

import pytest

from musterbook.identity.devices import KNOWN_DAYS, Devices
from tests.directory.world import SetClock, World, repeatable_bytes

NAME = "ada@example.com"
OLD, CURRENT = b"o" * 32, b"c" * 32


@pytest.fixture
def devices(world: World) -> Devices:
    """Return the devices of all tenants."""
    return Devices((CURRENT,), world.clock, world.random_bytes)


def test_a_browser_is_known_for_one_name_of_one_tenant(world: World, devices: Devices) -> None:
    """What a browser keeps is recognised for its name and tenant, as one device, and for no other."""
    kept, other = devices.issue(world.acme, NAME), devices.issue(world.acme, NAME)
    number = devices.recognise(kept, world.acme, NAME)
    assert number is not None
    assert number != devices.recognise(other, world.acme, NAME)
    strangers = [(world.globex, NAME), (world.acme, "grace@example.com"), (world.acme, ""), (world.acme, "\ud800")]
    assert [devices.recognise(kept, *stranger) for stranger in strangers] == [None] * 4
    assert "ada" not in kept
    assert len(kept) <= 256


def test_a_browser_is_known_for_half_a_year(world: World, devices: Devices) -> None:
    """After its end it is unknown."""
    kept = devices.issue(world.acme, NAME)
    world.clock.move(seconds=KNOWN_DAYS * 86_400 - 1)
    assert devices.recognise(kept, world.acme, NAME) is not None
    world.clock.move(seconds=1)
    assert devices.recognise(kept, world.acme, NAME) is None


@pytest.mark.parametrize("part", range(4))
def test_nothing_of_it_can_be_changed(world: World, devices: Devices, part: int) -> None:
    """A changed version, number, end or signature is not recognised."""
    parts = devices.issue(world.acme, NAME).split(".")
    parts[part] = ("9" if parts[part][0] != "9" else "8") + parts[part][1:]
    assert devices.recognise(".".join(parts), world.acme, NAME) is None


@pytest.mark.parametrize("text", [None, "", "...", "d1.a.b.c", "d1.a.9.c.d", "é", "x" * 300])
def test_what_was_never_given_out_is_unknown(world: World, devices: Devices, text: str | None) -> None:
    """Any other text is unknown, and no error."""
    assert devices.recognise(text, world.acme, NAME) is None


def test_a_key_can_be_replaced(world: World) -> None:
    """What was signed by an older key is recognised while that is still given."""
    clock = SetClock()
    kept = Devices((OLD,), clock, repeatable_bytes()).issue(world.acme, NAME)
    known = [Devices(keys, clock, repeatable_bytes()) for keys in ((CURRENT, OLD), (CURRENT,))]
    assert [each.recognise(kept, world.acme, NAME) is not None for each in known] == [True, False]
