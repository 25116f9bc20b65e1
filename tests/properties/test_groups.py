"""What holds of groups after any sequence of changes, on each database: members, versions, and the history of both."""

import asyncio
import itertools
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from musterbook.directory import Action, HistoryLine
from musterbook.storage import migrate_database
from tests.directory.groups import Groups
from tests.directory.world import open_world_in
from tests.properties.crews import STEPS, Crews, Step

NUMBERS = itertools.count(2)
"""Of the worlds, which all stand in one database: each example gets tenants of its own."""


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of a migrated database."""
    url = f"sqlite:///{tmp_path}/worlds.db"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_database")
    asyncio.run(migrate_database(url))
    return url


def replay(lines: list[HistoryLine]) -> set[str]:
    """Return the members that result from applying each difference to the one before."""
    members: set[str] = set()
    for line in lines:
        came, left = set(line.revision.members_added), set(line.revision.members_removed)
        assert (came & members, left - members) == (set(), set())
        assert [*line.revision.members_added] == sorted(came)
        assert [*line.revision.members_removed] == sorted(left)
        members = (members - left) | came
        assert line.revision.action is not Action.DEPROVISIONED or not members
    return members


# The fixture is an address; each example makes its own world there.
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_groups_are_what_was_done_to_them(database_url: str, steps: list[Step]) -> None:
    """Members, versions and what people show are those of a model, a refusal changes nothing, and replaying the
    revisions of a group gives its members.
    """

    async def live() -> None:
        async with open_world_in(database_url, next(NUMBERS)) as world:
            crews = Crews(world, Groups(world.directory, world.client))
            for step in steps:
                await crews.live(step)
            await crews.check()
            for id_, crew in crews.crews.items():
                lines = await world.history(id_)
                assert replay(lines) == crew.members
                assert [line.revision.number for line in lines] == list(range(1, len(lines) + 1))
                assert lines[-1].revision.version == crew.version

    asyncio.run(live())
