"""*The stage of the demo.* Plays the story of the simulated OneLogin, tells each step, and checks it.

Knows the rooms from inside and the story from outside. After each step the directory and its history are compared with
what OneLogin must find; a difference ends the play.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.text import Text

from musterbook.cli.exit_codes import CommandError
from musterbook.cli.output import Cell, Output, visible
from musterbook.cli.sign_in_act import Scene, SignInAct
from musterbook.cli.telling import told_action, told_changes
from musterbook.directory import HistoryLine, Person, Status, operator_actor
from musterbook.directory.operation import ChangeSignInSettings, ListHistory, ListPeople, SetSamlConnection
from musterbook.directory.store import HistoryQuery
from musterbook.scim import user_type
from musterbook.simulator import Action, ExpectedPerson, OneLoginApp, SimulatorError, Step, Task, Template, run_story
from musterbook.simulator.onelogin.saml import OneLoginSignIn
from musterbook.wiring import Services

TENANT = "acme"
_ENOUGH = 100_000
_SHOWN_LINES = 4
_WIDTH = 100
_INDENT = 4
_LABEL_WIDTH = 11
_MAX_CHANGES = 200


@dataclass(frozen=True, slots=True)
class View:
    """What the directory and its history say at one moment."""

    people: Sequence[Person]
    history: Sequence[HistoryLine]


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """How the story is played."""

    template: Template
    people: int
    seed: int
    pause_seconds: float = 0.0
    """How long whoever watches has for each step."""
    shown_steps: frozenset[int] | None = None
    """Which steps are told; ``None``: all."""


class Stage:
    """The tenant in which the story plays, and the view of the directory from inside."""

    def __init__(self, output: Output, runner: asyncio.Runner, services: Services, onelogin: OneLoginSignIn) -> None:
        """Make the tenant, whose people sign in at ``onelogin``."""
        self._output = output
        self._runner = runner
        self._services = services
        self._onelogin = onelogin
        created = runner.run(services.tenants.create(TENANT, "Acme", "admin@acme.example", "demo"))
        self._tenant_id = created.tenant.id
        self._actor = operator_actor(created.tenant.id, "demo")
        self.setup_url = f"{services.settings.base_url}/setup/{created.setup_token}"

    def perform(self, play: Play) -> None:
        """Tell the story step by step.

        Raises:
            CommandError: the directory is not as OneLogin must find it.
        """
        secret = self._runner.run(self._services.keys.issue(self._tenant_id, label="Demo", idp="onelogin")).secret
        self._write(Text(f"A server runs, with the tenant {TENANT} and an API key for OneLogin."), indent=0)
        before = self._look()
        count = 0
        try:
            for scene in self._scenes(play, secret):
                after = self._look()
                check(scene.step, before, after)
                self._tell(scene, before, after, play)
                before, count = after, scene.step.number
        except (SimulatorError, ValueError) as error:
            raise CommandError(str(error)) from error
        self._conclude(count, before)

    def _scenes(self, play: Play, secret: str) -> Iterator[Scene]:
        """Yield the steps of the story, with a bar while many people join, then the scenes of signing in."""
        base_url = self._services.settings.base_url

        def connect() -> OneLoginApp:
            return OneLoginApp(base_url, secret, template=play.template)

        def observe(task: Task) -> None:
            self._onelogin.directory.learn(task)
            if task.action is Action.CREATE:
                advance("    joining")

        story = run_story(connect, play.people, observe, seed=play.seed)
        last: Step | None = None
        while True:
            with self._output.progress(play.people) as advance:
                step = next(story, None)
            if step is None:
                break
            last = step
            yield Scene(step, ())
        if last is not None:
            act = SignInAct(base_url, TENANT, self._onelogin, connect, self._change)
            yield from act.scenes(last)

    def _change(self, operation: SetSamlConnection | ChangeSignInSettings) -> None:
        """Change what the tenant has settled about signing in."""
        self._runner.run(self._services.directory.perform(self._actor, operation))

    def _look(self) -> View:
        async def look() -> View:
            directory = self._services.directory
            listed = await directory.perform(self._actor, ListPeople(user_type(), limit=_ENOUGH))
            told = await directory.perform(self._actor, ListHistory(HistoryQuery(limit=_ENOUGH)))
            return View(listed.people, told.lines)

        return self._runner.run(look())

    # Telling

    def _tell(self, scene: Scene, before: View, after: View, play: Play) -> None:
        step = scene.step
        calls = Counter(f"{exchange.method} {exchange.status}" for exchange in step.requests)
        lines = list(reversed(after.history[: len(after.history) - len(before.history)]))
        if self._output.as_json:
            told: dict[str, Cell] = {"step": step.number, "title": step.title, "requests": dict(calls)}
            told |= {"browser": dict(Counter(scene.visits))} if scene.visits else {}
            self._output.json_line({**told, "history": len(lines), "people": _statuses(after), "checked": True})
            return
        if play.shown_steps is not None and step.number not in play.shown_steps:
            return
        self._output.out.print()
        self._write(Text(step.title, style="bold"), (f"{step.number:>2}", "bold cyan"))
        self._write(Text(step.what_onelogin_did, style="dim"))
        sent = _counted(calls)
        if sent or not scene.visits:
            self._write_labelled("OneLogin", Text(f"sent {sent}" if sent else "sent nothing"))
        if scene.visits:
            self._write_labelled("Browser", Text(f"sent {_counted(Counter(scene.visits))}"))
        shown = [_told(line) for line in lines[:_SHOWN_LINES]]
        if len(lines) > _SHOWN_LINES:
            shown.append(Text(f"… and {len(lines) - _SHOWN_LINES} more", style="dim"))
        for label, text in zip(
            ("History", *[""] * len(shown)), shown or [Text("unchanged", style="dim")], strict=False
        ):
            self._write_labelled(label, text)
        self._write_labelled("Directory", Text(_told_statuses(after)))
        self._write(Text(step.expectation, style="green"), (" ✓", "bold green"))
        time.sleep(play.pause_seconds)

    def _conclude(self, steps: int, view: View) -> None:
        if self._output.as_json:
            people = _statuses(view)
            told = {"steps": steps, "people": len(view.people), **people, "history": len(view.history)}
            self._output.json_line({**told, "checked": True})
            return
        self._output.out.print()
        self._write(
            Text(
                f"All {steps} steps ended as they must. The directory holds {len(view.people)} people, "
                f"the history {len(view.history)} lines.",
                style="bold",
            ),
            (" ✓", "bold green"),
        )

    def _write_labelled(self, label: str, text: Text) -> None:
        self._write(text, (f"{'':{_INDENT}}{label:<{_LABEL_WIDTH}}", "dim"), indent=_INDENT + _LABEL_WIDTH)

    def _write(self, text: Text, beginning: tuple[str, str] = ("", ""), *, indent: int = _INDENT) -> None:
        """Write a paragraph, its first line after ``beginning`` (text, style) and all lines at the same indent."""
        out = self._output.out
        if self._output.as_json:
            return
        first = Text.assemble(beginning)
        first.pad_right(indent - first.cell_len)
        for line in text.wrap(out, min(out.width, _WIDTH) - indent):
            line.rstrip()
            out.print(first + line)
            first = Text(" " * indent)


def _counted(calls: Counter[str]) -> str:
    return ", ".join(f"{count}x {call}" for call, count in calls.items())


def _told(line: HistoryLine) -> Text:
    """Return one line of the history as a sentence."""
    text = Text(f"{line.revision.actor_name} {told_action(line.revision.action)} ")
    text.append(visible(line.user_name), style="bold")
    changes = told_changes(line)
    # Those of a connection are as long as certificates.
    if changes and len(changes) <= _MAX_CHANGES:
        text.append(visible(f" ({changes})"), style="dim")
    return text


def _statuses(view: View) -> dict[str, int]:
    return dict(sorted(Counter(person.status.value for person in view.people).items()))


def _told_statuses(view: View) -> str:
    return ", ".join(f"{count} {status}" for status, count in _statuses(view).items()) or "nobody"


# Checking


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
