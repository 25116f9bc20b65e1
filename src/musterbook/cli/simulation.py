"""*musterbook simulate …* Plays an identity provider against a running server and shows what its administrator sees."""

from collections.abc import Callable

from cyclopts import App

from musterbook.cli.exit_codes import CommandError, ExitCode
from musterbook.cli.output import Output, open_output
from musterbook.cli.running import DEFAULTS, Common, guard
from musterbook.simulator import (
    V1_CORE,
    V1_ENTERPRISE,
    V2_CORE,
    V2_ENTERPRISE,
    ApiStatus,
    OneLoginApp,
    ProvisioningState,
    SimulatorError,
    Task,
    Template,
    people,
    run_story,
)
from musterbook.simulator.story import MINIMUM_PEOPLE

app = App(name="simulate", help="Play an identity provider against a running server.")

TEMPLATES: dict[str, Template] = {
    "v1-core": V1_CORE,
    "v1-enterprise": V1_ENTERPRISE,
    "v2-core": V2_CORE,
    "v2-enterprise": V2_ENTERPRISE,
}
MAX_USERS = 100_000


def template_named(name: str) -> Template:
    """Return one of OneLogin's JSON templates.

    Raises:
        CommandError: there is none of this name.
    """
    if name not in TEMPLATES:
        raise CommandError(f"--template is one of: {', '.join(TEMPLATES)}.", ExitCode.USAGE)
    return TEMPLATES[name]


@app.command
def onelogin(
    *,
    key: str,
    users: int = 25,
    seed: int = 0,
    template: str = "v2-enterprise",
    common: Common = DEFAULTS,
) -> ExitCode:
    """Play OneLogin: connect, then take people through joining, renaming, suspension, return and leaving.

    Parameters
    ----------
    key
        The API key, as pasted into OneLogin's field SCIM Bearer Token.
    users
        How many people. With fewer than 13 they only join.
    seed
        Another number makes other people.
    template
        OneLogin's JSON template: v1-core, v1-enterprise, v2-core or v2-enterprise.
    """
    output = open_output(as_json=common.json)

    def work() -> ExitCode:
        if not 1 <= users <= MAX_USERS:
            raise CommandError(f"--users is a number from 1 to {MAX_USERS}.", ExitCode.USAGE)
        chosen = template_named(template)
        url = common.settings().base_url
        tasks: list[Task] = []

        def observe(task: Task) -> None:
            tasks.append(task)
            say_task(output, task)

        def connect() -> OneLoginApp:
            return OneLoginApp(url, key, template=chosen)

        output.say(f"OneLogin at {url}, {users} people, template {template}")
        problem = _play(connect, users, seed, observe)
        failed = sum(task.state is ProvisioningState.FAILED for task in tasks)
        requests = sum(len(task.exchanges) for task in tasks)
        output.record({"users": users, "tasks": len(tasks), "failed": failed, "requests": requests, "problem": problem})
        return ExitCode.DONE if problem is None else ExitCode.FAILED

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


def say_task(output: Output, task: Task) -> None:
    """Tell one line of OneLogin's activity."""
    subject = "" if task.user is None else f" {task.user.firstname.strip()} {task.user.lastname.strip()}"
    calls = ", ".join(f"{exchange.method} {exchange.status or 'no answer'}" for exchange in task.exchanges)
    message = f": {task.message}" if task.state is ProvisioningState.FAILED else ""
    output.say(f"  {task.state.value:<12} {task.action.value:<20}{subject}  [{calls}]{message}")
