"""*musterbook demo.* The product in a minute: a server, a tenant, a key, and a simulated OneLogin that uses them.

Everything runs in a temporary folder and on loopback. After each step of the story the directory and its history are
compared with what OneLogin must find; a difference ends the demo with exit code 1.
"""

import asyncio
import signal
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from musterbook.cli.exit_codes import CommandError, ExitCode
from musterbook.cli.output import Output, open_output
from musterbook.cli.running import DEFAULTS, Common, guard
from musterbook.cli.simulation import template_named
from musterbook.directory import Action, HistoryLine, Person, Status, operator_actor
from musterbook.directory.operation import ListHistory, ListPeople
from musterbook.directory.store import HistoryQuery
from musterbook.scim import user_type
from musterbook.settings import Settings
from musterbook.simulator import ExpectedPerson, OneLoginApp, SimulatorError, Step, Template, run_story
from musterbook.web import bind, json_log, serving, url_of
from musterbook.wiring import Services, create_app, open_services

_ENOUGH = 100_000
_SHOWN_LINES = 4


@dataclass(frozen=True, slots=True)
class View:
    """What the directory and its history say at one moment."""

    people: Sequence[Person]
    history: Sequence[HistoryLine]


def demo(
    *,
    once: Annotated[bool, Parameter(negative="")] = False,
    people: int = 25,
    seed: int = 0,
    template: str = "v2-enterprise",
    port: int = 0,
    common: Common = DEFAULTS,
) -> ExitCode:
    """Show it: a server on a temporary database and a simulated OneLogin that provisions people while you watch.

    Parameters
    ----------
    once
        Play the story, check every step, and end.
    people
        How many people take part, from 13.
    seed
        Another number makes other people.
    template
        OneLogin's JSON template: v1-core, v1-enterprise, v2-core or v2-enterprise.
    port
        Port to listen on; 0 takes any free one.
    """
    output = open_output(as_json=common.json)

    def work() -> None:
        chosen = template_named(template)
        with tempfile.TemporaryDirectory(prefix="musterbook-demo-") as folder:
            bound = bind("127.0.0.1", port)
            database_url = f"sqlite:///{Path(folder) / 'demo.db'}"
            settings = Settings(database_url=database_url, base_url=url_of(bound))
            with (
                (Path(folder) / "server.log").open("wb", buffering=0) as log,
                serving(create_app(settings, log=json_log(log)), bound),
                _opened(settings) as (runner, services),
            ):
                stage = _Stage(output, runner, services)
                stage.play(chosen, people, seed)
                if not once:
                    stage.invite(database_url)
                    _wait()

    return guard(output, work)


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


def _wait() -> None:
    """Return when the process is asked to end."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        threading.Event().wait()


class _Stage:
    """The tenant in which the story plays, and the view of the directory from inside."""

    def __init__(self, output: Output, runner: asyncio.Runner, services: Services) -> None:
        self._output = output
        self._runner = runner
        self._services = services
        created = runner.run(services.tenants.create("acme", "Acme", "admin@acme.example", "demo"))
        self._tenant_id = created.tenant.id
        self._actor = operator_actor(created.tenant.id, "demo")

    def play(self, template: Template, people: int, seed: int) -> None:
        """Tell the story step by step.

        Raises:
            CommandError: the directory is not as OneLogin must find it.
        """
        url = self._services.settings.base_url
        secret = self._runner.run(self._services.keys.issue(self._tenant_id, label="Demo", idp="onelogin")).secret
        self._output.say(f"Musterbook listens on {url}, with the tenant acme and an API key for OneLogin.")
        before = self._view()
        try:
            for step in run_story(lambda: OneLoginApp(url, secret, template=template), people, seed=seed):
                after = self._view()
                self._tell(step, before, after)
                check(step, before, after)
                before = after
        except (SimulatorError, ValueError) as error:
            raise CommandError(str(error)) from error
        statuses = Counter(person.status.value for person in before.people)
        self._output.record({"steps": step.number, "people": len(before.people), **statuses, "checked": True})

    def invite(self, database_url: str) -> None:
        """Say what can be looked at now."""
        base_url = self._services.settings.base_url
        self._output.record(
            {
                "scim_base_url": self._services.service.base_url,
                "health": f"{base_url}/readyz",
                "metrics": f"{base_url}/metrics",
                "database": database_url,
            }
        )
        self._output.say(f"Look around in another terminal: musterbook user list acme --database {database_url}")
        self._output.say("Ctrl-C ends it and removes the database.")

    def _view(self) -> View:
        async def look() -> View:
            directory = self._services.directory
            listed = await directory.perform(self._actor, ListPeople(user_type(), limit=_ENOUGH))
            told = await directory.perform(self._actor, ListHistory(HistoryQuery(limit=_ENOUGH)))
            return View(listed.people, told.lines)

        return self._runner.run(look())

    def _tell(self, step: Step, before: View, after: View) -> None:
        say = self._output.say
        say(f"\n{step.number}. {step.title}\n   {step.what_onelogin_did}")
        calls = Counter(f"{exchange.method} {exchange.status}" for exchange in step.requests)
        say("   OneLogin sent: " + (", ".join(f"{count} {call}" for call, count in calls.items()) or "nothing"))
        lines = list(reversed(after.history[: len(after.history) - len(before.history)]))
        for line in lines[:_SHOWN_LINES]:
            say(f"   History: {_told(line)}")
        if len(lines) > _SHOWN_LINES:
            say(f"            … and {len(lines) - _SHOWN_LINES} more lines")
        statuses = Counter(person.status.value for person in after.people)
        counts = ", ".join(f"{count} {status}" for status, count in sorted(statuses.items())) or "nobody"
        say(f"   Directory: {counts}{'' if lines else '; nothing changed'}")


def _told(line: HistoryLine) -> str:
    """Return one line of the history as a sentence."""
    revision = line.revision
    text = f"{revision.actor_name} {revision.action.value} {line.user_name}"
    if revision.action not in {Action.UPDATED, Action.REACTIVATED}:
        return text
    shown = [f"{item.path}: {item.before} → {item.after}" for item in line.changes if not item.path.startswith("acc")]
    return f"{text} ({', '.join(shown[:_SHOWN_LINES])})"


def check(step: Step, before: View, after: View) -> None:
    """Compare the directory after ``step`` with what OneLogin must find.

    Raises:
        CommandError: they differ.
    """
    if step.changes_nothing and len(after.history) != len(before.history):
        raise CommandError(f"Step {step.number} ({step.title}) must change nothing, and left lines in the history.")
    found = {person.user_name: person for person in after.people}
    expected = [person for person in step.expected_people() if person.present]
    if found.keys() != {person.user_name for person in expected}:
        differing = ", ".join(sorted(found.keys() ^ {person.user_name for person in expected}))
        raise CommandError(f"Step {step.number} ({step.title}): the directory and OneLogin differ in {differing}.")
    for person in expected:
        problem = _difference(found[person.user_name], person)
        if problem is not None:
            raise CommandError(f"Step {step.number} ({step.title}): {person.user_name} {problem}.")


def _difference(person: Person, expected: ExpectedPerson) -> str | None:
    """Return how a person differs from what is expected, or ``None``."""
    status = Status.ACTIVE if expected.active else Status.SUSPENDED
    compared = (
        ("id", person.id, expected.scim_id),
        ("status", person.status, status),
        ("given name", person.given_name, expected.trimmed_given_name),
        ("family name", person.family_name, expected.trimmed_family_name),
        ("display name", person.display_name, expected.joined_as),
    )
    for name, is_, should_be in compared:
        if is_ != should_be:
            return f"has the {name} {is_!r} instead of {should_be!r}"
    return None
