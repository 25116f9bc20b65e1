"""The people whom the simulator invents."""

import pytest

from musterbook.simulator import people
from musterbook.simulator.onelogin.user import OneLoginUser


def test_ada_and_grace() -> None:
    """The first two are Ada and Grace; a family name may begin with a space, as in a real request."""
    ada, grace = people(2, seed=5)
    assert (ada, grace.firstname, grace.lastname) == (
        OneLoginUser(
            id=41_000_001,
            firstname="Ada",
            lastname="Merriweather",
            email="ada.merriweather@example.com",
            username="ada.merriweather@example.com",
            title="Captain",
            department="Deck",
            phone="+1 555 0100",
        ),
        "Grace",
        " Holloway",
    )


def test_display_name() -> None:
    """OneLogin's display name is the first and the last name with a space between."""
    assert [user.display_name for user in people(2)] == ["Ada Merriweather", "Grace  Holloway"]


def test_the_same_seed_gives_the_same_people() -> None:
    """A seed decides everybody, also in a longer run; another seed gives others."""
    assert people(40, seed=3)[:25] == people(25, seed=3)
    assert people(25, seed=3)[2:] != people(25, seed=4)[2:]


@pytest.mark.parametrize("seed", [0, 1, 99])
def test_nobody_is_there_twice(seed: int) -> None:
    """Ids, user names and e-mail addresses are unique without regard to case, and the addresses are of example.com."""
    crew = people(2_000, seed)
    assert len({user.id for user in crew}) == 2_000
    assert len({user.username.casefold() for user in crew}) == 2_000
    assert len({user.email.casefold() for user in crew}) == 2_000
    assert [user for user in crew if not (user.email.isascii() and user.email.endswith("@example.com"))] == []


def test_names_of_many_scripts() -> None:
    """Among a few dozen people there are names in other scripts than Latin, and names that begin with a space."""
    crew = people(60)
    assert any("\u0400" <= user.firstname[0] <= "\u04ff" for user in crew)
    assert any("\u4e00" <= user.lastname.strip()[0] <= "\u9fff" for user in crew)
    assert any(user.lastname.startswith(" ") for user in crew[2:])
    assert [user for user in crew if not user.firstname.strip() or not user.lastname.strip()] == []


@pytest.mark.parametrize("count", [0, 1])
def test_few_people(count: int) -> None:
    """As many people come as are asked for, also none."""
    assert len(people(count)) == count
