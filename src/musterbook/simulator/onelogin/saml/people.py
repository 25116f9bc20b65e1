"""*Who may sign in.* Decides whom OneLogin knows, and who is signed in there.

Knows people and sessions; knows no message. The people are those of the provisioning side: whoever it creates in the
application can sign in here, and whoever is suspended in OneLogin, or has lost the application, cannot.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

from musterbook.simulator.onelogin.state import Action, ProvisioningState, Task
from musterbook.simulator.onelogin.user import OneLoginUser, UserStatus

PASSWORD = "correct horse"  # noqa: S105  everybody's, and no secret
_TOKEN_BYTES = 24


@dataclass(frozen=True, slots=True)
class OneLoginSession:
    """Somebody who is signed in at OneLogin."""

    user_id: int
    index: str
    """What an application is told of it."""
    token: str = field(repr=False)
    """The browser's cookie."""


class SignInError(Exception):
    """Somebody is not let in; ``str()`` is what the page says."""


class Directory:
    """The people that OneLogin knows, and their sessions."""

    def __init__(self, people: Iterable[OneLoginUser]) -> None:
        """Know these people to begin with; all have the application."""
        self.people = {person.id: person for person in people}
        self._without_access: set[int] = set()
        self._sessions: dict[str, OneLoginSession] = {}

    def learn(self, task: Task) -> None:
        """Follow what the provisioning side has done: ``OneLoginApp.observe`` takes this method."""
        if task.user is None:
            return
        self.people[task.user.id] = task.user
        if task.user.status is not UserStatus.ACTIVE:
            self._sessions = {token: each for token, each in self._sessions.items() if each.user_id != task.user.id}
        if task.action is Action.DELETE and task.state is ProvisioningState.PROVISIONED:
            self._without_access.add(task.user.id)
        else:
            self._without_access.discard(task.user.id)

    def sign_in(self, username: str, password: str) -> OneLoginSession:
        """Sign somebody in by user name or e-mail address.

        Raises:
            SignInError: they are not known, or suspended, or the password is another.
        """
        wanted = username.strip().casefold()
        found = (person for person in self.people.values() if wanted in _names(person))
        person = next(found, None)
        if person is None or not secrets.compare_digest(PASSWORD.encode(), password.encode()):
            raise SignInError("The username or the password is wrong.")
        if person.status is not UserStatus.ACTIVE:
            raise SignInError("Your account is suspended. Please ask your administrator.")
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        session = OneLoginSession(person.id, f"_{secrets.token_hex(16)}", token)
        self._sessions[token] = session
        return session

    def find(self, token: str | None) -> tuple[OneLoginUser, OneLoginSession] | None:
        """Return who has a cookie, if it is somebody who may be signed in still."""
        session = self._sessions.get(token or "")
        person = None if session is None else self.people.get(session.user_id)
        if session is None or person is None or person.status is not UserStatus.ACTIVE:
            return None
        return person, session

    def has_access(self, person: OneLoginUser) -> bool:
        """Return whether a person has the application."""
        return person.id not in self._without_access

    def end(self, token: str) -> None:
        """End a session."""
        self._sessions.pop(token, None)

    def end_named(self, name: str, session_indexes: tuple[str, ...]) -> bool:
        """End a person's sessions, or those with an index where any is given; return whether there was one."""
        ended = [
            session
            for session in self._sessions.values()
            if self.people[session.user_id].email.casefold() == name.casefold()
            and (not session_indexes or session.index in session_indexes)
        ]
        for session in ended:
            self.end(session.token)
        return bool(ended)


def _names(person: OneLoginUser) -> set[str]:
    return {name.casefold() for name in (person.username, person.email) if name}
