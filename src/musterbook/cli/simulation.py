"""*musterbook simulate …* Plays an identity provider against a running server and shows what its administrator sees.

OneLogin stands here; the stories of the others are told alike.
"""

from collections.abc import Callable
from typing import Annotated, Literal, TypeAlias

from cyclopts import App, Parameter
from cyclopts.validators import Number
from rich.text import Text

from musterbook.cli.exit_codes import CommandError, ExitCode
from musterbook.cli.output import Cell, Output, open_output, visible
from musterbook.cli.running import DEFAULTS, Common, guard
from musterbook.cli.stories import MAX_USERS, entra, jumpcloud, okta
from musterbook.simulator import (
    V1_CORE,
    V1_ENTERPRISE,
    V2_CORE,
    V2_ENTERPRISE,
    Action,
    ApiStatus,
    OneLoginApp,
    ProvisioningState,
    SimulatorError,
    Task,
    Template,
    people,
    run_story,
)
from musterbook.simulator.onelogin.story import MINIMUM_PEOPLE

app = App(name="simulate", help="Play an identity provider against a running server.")
for story in (okta, entra, jumpcloud):
    app.command(story)

TemplateName: TypeAlias = Literal["v1-core", "v1-enterprise", "v2-core", "v2-enterprise"]
TEMPLATES: dict[TemplateName, Template] = {
    "v1-core": V1_CORE,
    "v1-enterprise": V1_ENTERPRISE,
    "v2-core": V2_CORE,
    "v2-enterprise": V2_ENTERPRISE,
}
_STYLES = {
    ProvisioningState.PROVISIONED: "green",
    ProvisioningState.PENDING: "yellow",
    ProvisioningState.FAILED: "red",
}


@app.command
def onelogin(
    *,
    key: str,
    users: Annotated[int, Parameter(validator=Number(gte=1, lte=MAX_USERS))] = 25,
    seed: int = 0,
    template: TemplateName = "v2-enterprise",
    common: Common = DEFAULTS,
) -> ExitCode:
    """Play OneLogin: connect, then take people through joining, renaming, suspension, return and leaving.

    The server is the one at --base-url, which may be its root or its SCIM base URL.

    Parameters
    ----------
    key
        The API key, as pasted into OneLogin's field SCIM Bearer Token.
    users
        How many people. Fewer than 13 only join.
    seed
        Another number makes other people.
    template
        Which of OneLogin's JSON templates the application uses.
    """
    output = open_output(as_json=common.json)

    def work() -> None:
        url = common.settings().base_url
        tasks: list[Task] = []
        with output.progress(users) as advance:

            def observe(task: Task) -> None:
                tasks.append(task)
                if task.action is Action.CREATE:
                    advance("joining")
                _say_task(output, task)

            problem = _play(lambda: OneLoginApp(url, key, template=TEMPLATES[template]), users, seed, observe)
        failed = sum(task.state is ProvisioningState.FAILED for task in tasks)
        requests = sum(len(task.exchanges) for task in tasks)
        told: dict[str, Cell] = {"users": users, "tasks": len(tasks), "failed": failed, "requests": requests}
        output.record({**told, "problem": problem} if output.as_json else told)
        if problem is not None:
            raise CommandError(problem)

    return guard(output, work)


def _play(connect: Callable[[], OneLoginApp], users: int, seed: int, observe: Callable[[Task], None]) -> str | None:
    """Return what went wrong, or ``None``."""
    try:
        if users >= MINIMUM_PEOPLE:
            for _ in run_story(connect, users, observe, seed=seed):
                pass
            return None
        with connect() as application:
            application.observe(observe)
            if application.enable() is not ApiStatus.ENABLED:
                return application.api_message
            for user in people(users, seed):
                application.assign(user)
    except SimulatorError as error:
        return str(error)
    return None


def _say_task(output: Output, task: Task) -> None:
    """Tell one line of OneLogin's activity."""
    if output.as_json:
        return
    calls = ", ".join(f"{exchange.method} {exchange.status or 'no answer'}" for exchange in task.exchanges)
    line = Text(f"{task.state.value:<12} ", style=_STYLES.get(task.state, ""))
    line.append(f"{task.action.value:<26} ", style="default")
    if task.user is not None:
        line.append(visible(f"{task.user.firstname.strip()} {task.user.lastname.strip()} "), style="bold default")
    line.append(f"[{calls}]", style="dim default")
    if task.message and task.state is not ProvisioningState.PROVISIONED:
        line.append(f"\n{'':13}{visible(task.message)}", style="default")
    output.out.print(line)
