"""*musterbook simulate …* Plays an identity provider against a running server and shows what its administrator sees.

OneLogin stands here; the stories of the others are told alike.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from typing import Annotated, Literal, TypeAlias

import httpx2
from cyclopts import App, Parameter
from cyclopts.validators import Number
from rich.text import Text

from musterbook.cli.exit_codes import CommandError, ExitCode
from musterbook.cli.output import Cell, Output, open_output, visible
from musterbook.cli.running import DEFAULTS, Common, guard
from musterbook.cli.stories import MAX_USERS, entra, jumpcloud, okta
from musterbook.cli.waiting import ended_by_sigterm, wait_for_the_end
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
from musterbook.simulator.onelogin.saml import PASSWORD, OneLoginSignIn, read_connector, serve_onelogin
from musterbook.simulator.onelogin.story import MINIMUM_PEOPLE
from musterbook.wiring import SCIM_PATH

_TIMEOUT_SECONDS = 30.0

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
    sign_in: Annotated[str | None, Parameter(metavar="SLUG")] = None,
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
    sign_in
        Then go on, until Ctrl-C, as the OneLogin at which the people of this tenant sign in by SAML.
    """
    output = open_output(as_json=common.json)

    def work() -> None:
        url = common.settings().base_url
        with ExitStack() as stack:
            stack.enter_context(ended_by_sigterm())
            served = None if sign_in is None else stack.enter_context(_people_sign_in(url, sign_in))
            _tell(output, lambda: OneLoginApp(url, key, template=TEMPLATES[template]), users, seed, served)
            if sign_in is not None and served is not None:
                _say_how_to_connect(output, served, sign_in)
                wait_for_the_end()

    return guard(output, work)


def _tell(
    output: Output, connect: Callable[[], OneLoginApp], users: int, seed: int, served: OneLoginSignIn | None
) -> None:
    """Play and tell the story; whom it provisions can sign in at ``served``.

    Raises:
        CommandError: something went wrong.
    """
    tasks: list[Task] = []
    with output.progress(users) as advance:

        def observe(task: Task) -> None:
            tasks.append(task)
            if served is not None:
                served.directory.learn(task)
            if task.action is Action.CREATE:
                advance("joining")
            _say_task(output, task)

        problem = _play(connect, users, seed, observe)
    failed = sum(task.state is ProvisioningState.FAILED for task in tasks)
    requests = sum(len(task.exchanges) for task in tasks)
    told: dict[str, Cell] = {"users": users, "tasks": len(tasks), "failed": failed, "requests": requests}
    output.record({**told, "problem": problem} if output.as_json else told)
    if problem is not None:
        raise CommandError(problem)


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


@contextmanager
def _people_sign_in(base_url: str, slug: str) -> Iterator[OneLoginSignIn]:
    """Run the OneLogin at which a tenant's people sign in; it is told of the tenant by its metadata.

    Raises:
        CommandError: the server does not have them.
    """
    address = f"{base_url.removesuffix(SCIM_PATH)}/saml/{slug}/metadata"
    try:
        answer = httpx2.get(address, timeout=_TIMEOUT_SECONDS, trust_env=False)
    except httpx2.HTTPError as error:
        raise CommandError(f"There is no answer from {address}: {error}") from error
    if answer.status_code != HTTPStatus.OK:
        raise CommandError(f"There are no metadata of the tenant {slug} at {address}.", ExitCode.NOT_FOUND)
    with serve_onelogin(read_connector(answer.content)) as onelogin:
        yield onelogin


def _say_how_to_connect(output: Output, onelogin: OneLoginSignIn, slug: str) -> None:
    """Say how the tenant is connected, and where people go then."""
    issuer = onelogin.addresses.issuer
    output.record({"issuer": issuer, "portal": onelogin.addresses.portal, "password": PASSWORD})
    output.tell(f"\nConnect the tenant:\ncurl -so onelogin.xml {issuer}")
    output.tell(f"musterbook saml set {slug} --metadata onelogin.xml --sign-in optional")
    output.tell("\nThen everybody who is active signs in by their user name and this password. Ctrl-C ends it.")


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
