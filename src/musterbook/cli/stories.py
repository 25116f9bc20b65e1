"""*musterbook simulate okta|entra|jumpcloud* Plays a provider's story against a running server and tells it.

Shows what the provider's administrator sees, task by task, and ends with the simulator's checks of what the directory
then holds. OneLogin's story is told by its own command.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias, TypeVar

from cyclopts import Parameter
from cyclopts.validators import Number
from rich.text import Text

from musterbook.cli.exit_codes import CommandError, ExitCode
from musterbook.cli.output import Cell, Output, open_output, visible
from musterbook.cli.running import DEFAULTS, Common, guard
from musterbook.simulator import SimulatorError
from musterbook.simulator.connector import Connector, Task, TaskState
from musterbook.simulator.entra import EntraApp, entra_story
from musterbook.simulator.inspection import Check
from musterbook.simulator.jumpcloud import JumpCloudApp, jumpcloud_story
from musterbook.simulator.okta import Application, OktaApp, okta_story
from musterbook.simulator.scenes import MINIMUM_PEOPLE, Cast, PlayedScene, Scene, conclude, invent_cast, play

MAX_USERS = 100_000
_MAX_GROUPS = 1000
_STATE_WIDTH = 7
_ACTION_WIDTH = 20

Users: TypeAlias = Annotated[int, Parameter(validator=Number(gte=MINIMUM_PEOPLE, lte=MAX_USERS))]
Groups: TypeAlias = Annotated[int, Parameter(validator=Number(gte=1, lte=_MAX_GROUPS))]
ApplicationName: TypeAlias = Literal["oin", "aiw"]
App = TypeVar("App", bound=Connector)


@dataclass(frozen=True, slots=True)
class _Ending:
    """How a story ended."""

    scenes: int
    checks: tuple[Check, ...]
    problem: str | None
    """What went wrong first, or None."""


def okta(
    *,
    key: str,
    application: Annotated[ApplicationName, Parameter(name="--app")] = "oin",
    users: Users = 25,
    groups: Groups = 3,
    seed: int = 0,
    common: Common = DEFAULTS,
) -> ExitCode:
    """Play Okta: people are assigned, change, lose the application and get it back; groups are pushed and unlinked.

    The server is the one at --base-url, which may be its root or its SCIM base URL.

    Parameters
    ----------
    key
        The API key, as pasted into Okta's form.
    application
        How the application came into Okta: oin from its catalogue, aiw made by its wizard.
    users
        How many people.
    groups
        How many groups.
    seed
        Another number makes other people.
    """
    kind = Application(application)
    return _tell(common, (users, groups, seed), lambda url: OktaApp(url, key, application=kind), okta_story)


def entra(
    *,
    key: str,
    compliant: bool = False,
    users: Users = 25,
    groups: Groups = 3,
    seed: int = 0,
    common: Common = DEFAULTS,
) -> ExitCode:
    """Play Entra ID: people are provisioned, change, are disabled and deleted; groups come, change and go.

    The server is the one at --base-url, which may be its root or its SCIM base URL.

    Parameters
    ----------
    key
        The API key, as pasted into Entra ID's field Secret Token.
    compliant
        The Tenant URL has the flag aadOptscim062020, which changes the shape of the requests.
    users
        How many people.
    groups
        How many groups.
    seed
        Another number makes other people.
    """
    return _tell(common, (users, groups, seed), lambda url: EntraApp(url, key, compliant=compliant), entra_story)


def jumpcloud(*, key: str, users: Users = 25, groups: Groups = 3, seed: int = 0, common: Common = DEFAULTS) -> ExitCode:
    """Play JumpCloud: a test user comes and goes, people join, change and lose access; groups are bound and unbound.

    The server is the one at --base-url, which may be its root or its SCIM base URL.

    Parameters
    ----------
    key
        The API key, as pasted into JumpCloud's field Token Key.
    users
        How many people.
    groups
        How many groups.
    seed
        Another number makes other people.
    """
    return _tell(common, (users, groups, seed), lambda url: JumpCloudApp(url, key), jumpcloud_story)


def _tell(
    common: Common,
    size: tuple[int, int, int],
    connect: Callable[[str], App],
    write: Callable[[App, Cast], Sequence[Scene]],
) -> ExitCode:
    """Play a story, tell it, and say at the end whether everything is as it must be."""
    output = open_output(as_json=common.json)

    def work() -> None:
        url = common.settings().base_url
        cast = invent_cast(*size)
        try:
            connector = connect(url)
        except SimulatorError as error:
            raise CommandError(str(error), ExitCode.USAGE) from error
        with connector:
            connector.observe(lambda task: _say_task(output, task))
            ending = _play(output, connector, write(connector, cast))
        told: dict[str, Cell] = {
            "users": len(cast.people),
            "groups": len(cast.groups),
            "scenes": ending.scenes,
            "tasks": len(connector.tasks),
            "requests": len(connector.exchanges),
            "checks": sum(check.problem is None for check in ending.checks),
        }
        output.record({**told, "problem": ending.problem} if output.as_json else told)
        if ending.problem is not None:
            raise CommandError(ending.problem)

    return guard(output, work)


def _play(output: Output, connector: Connector, scenes: Sequence[Scene]) -> _Ending:
    """Play and tell the scenes, then the checks."""
    played = 0
    try:
        for scene in play(connector, scenes):
            _say_scene(output, scene)
            played = scene.number
        checks = conclude(connector)
    except SimulatorError as error:
        return _Ending(played, (), str(error))
    for check in checks:
        _say_check(output, check)
    broken = next((check for check in checks if check.problem is not None), None)
    return _Ending(played, checks, None if broken is None else f"{broken.title}: {broken.problem}.")


def _say_task(output: Output, task: Task) -> None:
    """Tell one task: how it ended, what it was, for whom, and with which requests."""
    if output.as_json:
        return
    calls = ", ".join(f"{exchange.method} {exchange.status or 'no answer'}" for exchange in task.exchanges)
    style = "green" if task.state is TaskState.DONE else "red"
    line = Text(f"{task.state.value:<{_STATE_WIDTH}}", style=style)
    line.append(f"{task.action:<{_ACTION_WIDTH}} ", style="default")
    if task.subject:
        line.append(f"{visible(task.subject)} ", style="bold default")
    line.append(f"[{calls}]", style="dim default")
    if task.message:
        line.append(f"\n{'':{_STATE_WIDTH}}{visible(task.message)}", style="default")
    output.out.print(line)


def _say_scene(output: Output, scene: PlayedScene) -> None:
    """Tell what the scene that has just been played was about."""
    if not output.as_json:
        title = (f"{scene.number:>2} {scene.scene.title}. ", "bold")
        output.out.print(Text.assemble(title, f"{scene.scene.did} {scene.scene.expectation}\n"))


def _say_check(output: Output, check: Check) -> None:
    """Tell one check at the end."""
    if not output.as_json:
        held = check.problem is None
        mark = ("Holds  ", "green") if held else ("Broken ", "red")
        output.out.print(Text.assemble(mark, check.title, "" if held else f": {visible(check.problem or '')}"))
