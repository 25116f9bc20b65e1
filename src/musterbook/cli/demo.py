"""*musterbook demo.* The product in a minute: a server, a tenant, a key, and a simulated OneLogin that uses them.

Everything runs in a temporary folder and on loopback, and goes when the demo ends.
"""

import asyncio
import shlex
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from musterbook.cli.exit_codes import CommandError, ExitCode
from musterbook.cli.output import Output, open_output
from musterbook.cli.running import DEFAULTS, Common, Flag, guard
from musterbook.cli.simulation import TEMPLATES, TemplateName
from musterbook.cli.stage import TENANT, Play, Stage
from musterbook.cli.waiting import ended_by_sigterm, wait_for_the_end
from musterbook.settings import Settings
from musterbook.simulator.onelogin.saml import PASSWORD, OneLoginSignIn, SamlConnector, serve_onelogin
from musterbook.simulator.onelogin.story import MINIMUM_PEOPLE
from musterbook.web import bind, json_log, serving, url_of
from musterbook.wiring import SCIM_PATH, Services, create_app, open_services

_MAX_PEOPLE = 1000
_PAUSE_SECONDS = 0.5
"""Long enough to see what a step did, short enough not to wait for the next."""


@dataclass(frozen=True, slots=True)
class Theatre:
    """The running server, with its rooms seen from inside."""

    settings: Settings
    log: Path
    runner: asyncio.Runner
    services: Services
    onelogin: OneLoginSignIn
    """Where the tenant's people sign in."""


def demo(
    *,
    once: Flag = False,
    people: Annotated[int, Parameter(validator=Number(gte=MINIMUM_PEOPLE, lte=_MAX_PEOPLE))] = 25,
    seed: int = 0,
    template: TemplateName = "v2-enterprise",
    port: Annotated[int, Parameter(validator=Number(gte=0, lte=65535))] = 0,
    common: Common = DEFAULTS,
) -> ExitCode:
    """Show it: a server on a temporary database, and a simulated OneLogin that provisions people while you watch.

    The server then keeps running, for you to look around, until Ctrl-C. --database and --base-url change nothing here.

    Parameters
    ----------
    once
        Play the story, check every step, and end.
    people
        How many people take part.
    seed
        Another number makes other people.
    template
        Which of OneLogin's JSON templates the application uses.
    port
        The port to listen on; 0 takes any free one.
    """
    output = open_output(as_json=common.json)

    def work() -> None:
        pause = _PAUSE_SECONDS if output.is_live and not once else 0.0
        with ended_by_sigterm(), running_server(port) as theatre:
            stage = Stage(output, theatre.runner, theatre.services, theatre.onelogin)
            stage.perform(Play(template=TEMPLATES[template], people=people, seed=seed, pause_seconds=pause))
            if not once:
                _invite(output, theatre, stage)
                wait_for_the_end()

    return guard(output, work)


@contextmanager
def running_server(port: int) -> Iterator[Theatre]:
    """Serve from an empty database in a temporary folder while the context lasts.

    Raises:
        CommandError: the port is taken.
    """
    try:
        bound = bind("127.0.0.1", port)
    except OSError as error:
        raise CommandError(f"Cannot listen on port {port}: {error.strerror}.") from error
    with tempfile.TemporaryDirectory(prefix="musterbook-demo-") as folder:
        settings = Settings(database_url=f"sqlite:///{Path(folder) / 'demo.db'}", base_url=url_of(bound))
        log = Path(folder) / "server.log"
        with (
            bound,
            log.open("wb", buffering=0) as sink,
            serving(create_app(settings, log=json_log(sink)), bound),
            _opened(settings) as (runner, services),
            serve_onelogin(connector_of(settings.base_url)) as onelogin,
        ):
            yield Theatre(settings, log, runner, services, onelogin)


def connector_of(base_url: str) -> SamlConnector:
    """Return what OneLogin's administrator enters of the tenant: the addresses that its metadata name."""
    saml = f"{base_url}/saml/{TENANT}"
    return SamlConnector(
        audience=f"{saml}/metadata", acs_url=f"{saml}/acs", slo_url=f"{saml}/slo", name="Musterbook (demo)"
    )


@contextmanager
def _opened(settings: Settings) -> Iterator[tuple[asyncio.Runner, Services]]:
    """Open the rooms beside the server's, as a command does while a server runs."""
    with asyncio.Runner() as runner:
        context = open_services(settings)
        services = runner.run(context.__aenter__())
        try:
            yield runner, services
        finally:
            runner.run(context.__aexit__(None, None, None))


def _invite(output: Output, theatre: Theatre, stage: Stage) -> None:
    """Say what can be looked at now."""
    base_url, database_url = theatre.settings.base_url, theatre.settings.database_url
    output.tell("\nThe server keeps running:")
    output.record(
        {
            "scim_base_url": base_url + SCIM_PATH,
            "sign_in_url": f"{base_url}/login/{TENANT}",
            "onelogin_portal": theatre.onelogin.addresses.portal,
            "setup_url": stage.setup_url,
            "health": f"{base_url}/readyz",
            "metrics": f"{base_url}/metrics",
            "log": str(theatre.log),
            "database": database_url,
        }
    )
    output.tell(f"\nSign in at OneLogin by the user name of anybody in the list; every password is: {PASSWORD}")
    output.tell("\nLook around in another terminal:")
    for command in (f"user list {TENANT}", f"history list {TENANT} --limit 20", f"key list {TENANT}"):
        output.tell(f"{_called_as()} {command} --database {shlex.quote(database_url)}")
    output.tell("\nCtrl-C ends it and removes everything.")


def _called_as() -> str:
    """Return how this command was called, so that what is printed can be copied."""
    called = Path(sys.argv[0])
    return shlex.quote(sys.argv[0]) if called.name == "musterbook" else "musterbook"
