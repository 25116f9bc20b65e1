"""*Where every sign-in ends.* Decides what happens when it is proven who somebody is, by whichever way.

Knows sessions and the log of sign-ins; knows no way of signing in. There is one function, so nothing that has to happen
at a sign-in can be forgotten by one of the ways: the session with its limits, the line in the log, and what a product
will be told of it.
"""

from dataclasses import dataclass, field

from musterbook.directory import Tenant
from musterbook.directory.sign_in_settings import SignInSettings
from musterbook.identity.entry import NotLetInError
from musterbook.identity.session_store import SignInMethod
from musterbook.identity.sessions import Sessions, SignIn, Visitor
from musterbook.identity.sign_in_log import SignInLog

HOME = "/me"
MAX_PATH_LENGTH = 1024


@dataclass(frozen=True, slots=True)
class Proof:
    """Who somebody is, as one of the ways of signing in has proven it."""

    tenant: Tenant
    sign_in: SignIn
    settings: SignInSettings
    return_to: str = HOME
    """Where in our pages somebody goes on."""
    former_session: bytes | None = field(default=None, repr=False)
    """The hash of the token of a session that the browser had when the sign-in began, where it cannot say so now."""


@dataclass(frozen=True, slots=True)
class Landed:
    """Somebody who is signed in now."""

    token: str = field(repr=False)
    """For the browser."""
    return_to: str
    """A path of ours."""


class Landing:
    """The end of every sign-in, for all tenants."""

    def __init__(self, sessions: Sessions, log: SignInLog) -> None:
        """Open sessions in ``sessions``, and note in ``log`` who came and who was not let in."""
        self._sessions = sessions
        self._log = log

    async def land(self, proof: Proof, visitor: Visitor) -> Landed:
        """Sign somebody in who has proven who they are."""
        opened = await self._sessions.open(proof.sign_in, proof.settings, visitor)
        if proof.former_session is not None:
            await self._sessions.end_hashed(proof.former_session)
        await self._log.admit(proof.sign_in, visitor)
        return Landed(opened.token, local_path(proof.return_to))

    async def refuse(self, tenant: Tenant, method: SignInMethod, error: NotLetInError, visitor: Visitor) -> None:
        """Note that somebody was not let in, and why."""
        await self._log.refuse(tenant.id, method, error, visitor)


def local_path(text: str) -> str:
    """Return ``text`` if it is a path of ours, and where everybody goes otherwise (open redirect).

    A path begins with one slash. A second one, or the backslash that browsers read as one, would make what follows the
    name of a host.
    """
    is_path = text.startswith("/") and text[1:2] not in {"/", "\\"}
    is_plain = text.isascii() and text.isprintable() and "\\" not in text and " " not in text
    return text if is_path and is_plain and len(text) <= MAX_PATH_LENGTH else HOME
