"""*A connector.* Decides what every provider's application has: a log of tasks, a memory, a way to fail and to close.

Knows no provider: what a button sends is the business of each. OneLogin has more than this, and its own.
"""

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import Self, TypedDict

from musterbook.simulator.calls import Calls, Demands
from musterbook.simulator.checks import Document, same_user_name
from musterbook.simulator.errors import FailureReason, ProviderFailureError
from musterbook.simulator.inspection import Check, inspect
from musterbook.simulator.memory import Memory
from musterbook.simulator.population import Group, Person
from musterbook.simulator.wire import BaseUrl, Exchange, Habits, Wire, parse_base_url


class TaskState(Enum):
    """How a task ended."""

    DONE = "Done"
    FAILED = "Failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One thing that a provider did: for whom, with which requests, and how it ended."""

    number: int
    action: str
    """What was done, in a few words: ``create user``."""
    subject: str
    """The person's user name or the group's name; empty where the task is about the application as a whole."""
    state: TaskState
    message: str
    """What the administrator reads when it failed; empty otherwise."""
    exchanges: tuple[Exchange, ...]


class ConnectorOptions(TypedDict, total=False):
    """The settings that every simulated application has, each with a default. Their meaning: `ConnectorSettings`."""

    strict: bool
    timeout: float
    tls: ssl.SSLContext | None
    pause: Callable[[float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorSettings:
    """What a simulator has to be told, whatever the provider."""

    strict: bool = True
    """A failure raises, besides being shown."""
    timeout: float = 30.0
    """Seconds for connecting and for each wait for bytes."""
    tls: ssl.SSLContext | None = None
    """How the certificate of an https address is checked. None: against the system's authorities."""
    pause: Callable[[float], None] = time.sleep
    """Waits that many seconds, where the provider waits."""


class Connector:
    """One application at one provider, connected to one SCIM base URL with one token.

    Not for use by several threads at once.

    Raises:
        SettingError: a base URL or token that cannot be used.
    """

    def __init__(
        self, base_url: str, token: str, settings: ConnectorSettings, *, habits: Habits, demands: Demands
    ) -> None:
        self._wire = Wire(
            parse_base_url(base_url),
            token,
            habits=habits,
            custom_headers={},
            timeout=settings.timeout,
            tls=settings.tls,
        )
        self._calls = Calls(self._wire, demands)
        self._strict = settings.strict
        self._memory = Memory()
        self._tasks: list[Task] = []
        self._observers: list[Callable[[Task], None]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection to the application."""
        self._wire.close()

    @property
    def base_url(self) -> BaseUrl:
        """The SCIM base URL, complete."""
        return self._wire.base

    @property
    def memory(self) -> Memory:
        """What was sent with success, which is what the application must hold."""
        return self._memory

    @property
    def tasks(self) -> tuple[Task, ...]:
        """Everything that was done, oldest first."""
        return tuple(self._tasks)

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Every request sent, oldest first."""
        return self._wire.exchanges

    def observe(self, observer: Callable[[Task], None]) -> None:
        """Call ``observer`` with every task from now on, as it ends."""
        self._observers.append(observer)

    def inspect(self) -> tuple[Check, ...]:
        """Read everything back and compare it with the memory, which the provider itself does not.

        Raises:
            ProviderFailureError: the application does not let itself be read.
        """
        return inspect(self._calls, self._memory)

    def _find(
        self, path: str, value: str, read: Callable[[Document], object], *, none_is_404: bool = False
    ) -> Document | None:
        """Return the one resource that a look-up finds, or None; ``read`` gets from it what was looked up.

        Whether the providers compare is not known. Without it, an application that ignores the filter would have one
        person or group written over another.
        """
        found = self._calls.find(path, none_is_404=none_is_404)
        if found is not None and not same_user_name(str(read(found)), value):
            message = f"Asked for {value!r}, the application answered {read(found)!r}."
            raise ProviderFailureError(FailureReason.SOMEBODY_ELSE, message)
        return found

    def _delete(self, path: str) -> None:
        """Delete a resource, which must not be found again."""
        self._calls.delete(path)
        self._memory.deleted.append(path)

    def _attempt(self, action: str, subject: Person | Group | None, work: Callable[[], None]) -> bool:
        """Do one task, log it, and return whether it succeeded.

        Raises:
            ProviderFailureError: it failed, and the application is strict.
        """
        first = len(self._wire)
        try:
            work()
        except ProviderFailureError as error:
            message = self._wire.without_token(self._complaint(action, subject, error))
            self._log(action, subject, message, first)
            if self._strict:
                raise ProviderFailureError(error.reason, message, status=error.status) from error
            return False
        self._log(action, subject, "", first)
        return True

    def _complaint(self, action: str, subject: Person | Group | None, error: ProviderFailureError) -> str:
        """Return what the administrator reads when a task fails."""
        about = name_of(subject)
        return f"Failed to {action}{f' {about}' if about else ''}: {error.message}"

    def _log(self, action: str, subject: Person | Group | None, message: str, first: int) -> None:
        task = Task(
            number=len(self._tasks) + 1,
            action=action,
            subject=name_of(subject),
            state=TaskState.FAILED if message else TaskState.DONE,
            message=message,
            exchanges=self._wire.since(first),
        )
        self._tasks.append(task)
        for observer in self._observers:
            observer(task)


def name_of(subject: Person | Group | None) -> str:
    """Return how a person or a group is called in a log."""
    match subject:
        case Person():
            return subject.user_name
        case Group():
            return subject.name
        case None:
            return ""
