"""*A story, scene by scene.* Decides how a provider's story is played, and when it has gone wrong.

Knows no provider: which scenes there are is the business of each. After every scene it can be seen what the provider
remembers then, which is what the directory must hold. OneLogin's story is older and has its own.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TypeVar

from musterbook.simulator.connector import Connector, Task, TaskState
from musterbook.simulator.errors import ProviderFailureError, StoryError
from musterbook.simulator.inspection import Check
from musterbook.simulator.memory import Memory
from musterbook.simulator.population import Group, Person, invent_groups, invent_people

MINIMUM_PEOPLE = 8
"""Each part of a story has its own people."""

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One scene of a story, before it is played."""

    title: str
    did: str
    """What the provider does, and why."""
    expectation: str
    """What must be so afterwards."""
    play: Callable[[], object]
    changes_nothing: bool = False
    """Whether the directory and its history must be exactly as before."""
    refused: int = 0
    """How many tasks must fail because the application says 409."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedScene:
    """One scene of a story, after it was played."""

    number: int
    scene: Scene
    tasks: tuple[Task, ...] = field(repr=False)
    memory: Memory = field(repr=False)
    """What the directory must hold now."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Who takes part: people and groups, as they are before the story begins."""

    people: tuple[Person, ...]
    groups: tuple[Group, ...]


def invent_cast(people: int, groups: int, seed: int = 0) -> Cast:
    """Return the people and groups of a story.

    Raises:
        ValueError: fewer than `MINIMUM_PEOPLE` people, or no group.
    """
    if people < MINIMUM_PEOPLE or groups < 1:
        raise ValueError(f"The story needs at least {MINIMUM_PEOPLE} people and one group.")
    crew = invent_people(people, seed)
    return Cast(crew, invent_groups(groups, crew, seed))


def play(connector: Connector, scenes: Sequence[Scene]) -> Iterator[PlayedScene]:
    """Play the scenes one at a time: the next one begins when it is asked for.

    Raises:
        StoryError: a scene ended differently than it must.
    """
    for number, scene in enumerate(scenes, 1):
        tasks = _played(connector, number, scene)
        yield PlayedScene(number=number, scene=scene, tasks=tasks, memory=connector.memory.snapshot())


def conclude(connector: Connector) -> tuple[Check, ...]:
    """Return the checks at the end of a story.

    Raises:
        StoryError: the application does not let itself be read.
    """
    try:
        return connector.inspect()
    except ProviderFailureError as error:
        raise StoryError(f"At the end: {error}") from error


def each(items: Sequence[_Item], act: Callable[[_Item], object]) -> None:
    """Do the same with everybody."""
    for item in items:
        act(item)


def expect_refusal(act: Callable[[], object]) -> None:
    """Do what must be refused. Whether it was, and for the right reason, is seen in its task."""
    with suppress(ProviderFailureError):
        act()


def _played(connector: Connector, number: int, scene: Scene) -> tuple[Task, ...]:
    first = len(connector.tasks)
    try:
        scene.play()
    except ProviderFailureError as error:
        raise StoryError(f"Scene {number} ({scene.title}): {error}") from error
    tasks = connector.tasks[first:]
    failed = [task for task in tasks if task.state is TaskState.FAILED]
    refused = [task for task in failed if task.exchanges and task.exchanges[-1].status == HTTPStatus.CONFLICT]
    if len(failed) > len(refused):
        raise StoryError(f"Scene {number} ({scene.title}): {failed[-1].message}")
    if len(refused) != scene.refused:
        raise StoryError(f"Scene {number} ({scene.title}): {len(refused)} tasks were refused, not {scene.refused}.")
    return tasks
