"""*musterbook session …* Shows who is signed in, and ends sessions."""

from collections.abc import AsyncIterator, Sequence

from cyclopts import App

from musterbook.cli.exit_codes import CommandError, ExitCode
from musterbook.cli.output import Column, Listing, Row
from musterbook.cli.people import find_person
from musterbook.cli.running import DEFAULTS, Common, Desk, run
from musterbook.cli.telling import told_time
from musterbook.directory.operation import EndSessions
from musterbook.identity.accounts import AccountRef
from musterbook.identity.session_store import Session

app = App(name="session", help="Show who is signed in, and end sessions.")


def _row(session: Session) -> Row:
    return {
        "id": session.id,
        "user_id": session.account.id,
        "method": session.method.value,
        "address": session.address,
        "user_agent": session.user_agent,
        "created_at": session.created_at,
        "last_seen_at": session.last_seen_at,
        "expires_at": session.expires_at,
    }


_SESSIONS: Listing[Session] = Listing(
    row=_row,
    columns=(
        Column("id", lambda session: session.id, is_whole=True),
        Column("user id", lambda session: session.account.id, is_whole=True),
        Column("method", lambda session: session.method.value, is_whole=True),
        Column("address", lambda session: session.address),
        Column("since", lambda session: told_time(session.created_at)),
        Column("last used", lambda session: told_time(session.last_seen_at)),
    ),
    empty="Nobody is signed in.",
)


@app.command(name="list")
def list_(slug: str, /, *, user: str | None = None, common: Common = DEFAULTS) -> ExitCode:
    """List who is signed in, oldest first.

    Parameters
    ----------
    slug
        The tenant.
    user
        Only this person: an id or a userName.
    """

    async def work(desk: Desk) -> None:
        await desk.output.list_pages(_SESSIONS, await _pages(desk, slug, user))

    return run(common, work)


@app.command
def end(slug: str, user: str, /, *, session: str | None = None, common: Common = DEFAULTS) -> ExitCode:
    """End the sessions of a person, on every server at once.

    Parameters
    ----------
    slug
        The tenant.
    user
        An id or a userName.
    session
        End this session alone, by its id.
    """

    async def work(desk: Desk) -> None:
        actor = await desk.actor(slug)
        person = await find_person(desk, actor, user)
        account = AccountRef(actor.tenant_id, person.resource_type.name, person.id)
        sessions = desk.services.signing_in.sessions
        good = await sessions.list(account)
        if session is None:
            await desk.services.directory.perform(actor, EndSessions(person.resource_type, person.id))
            await sessions.end_all(account)
        elif not await sessions.end(account, session):
            raise CommandError(f"{person.user_name} has no session '{session}'.", ExitCode.NOT_FOUND)
        ended = [each for each in good if session is None or each.id == session]
        desk.output.record({"user_id": person.id, "user_name": person.user_name, "ended": len(ended)})

    return run(common, work)


async def _pages(desk: Desk, slug: str, user: str | None) -> AsyncIterator[Sequence[Session]]:
    actor = await desk.actor(slug)
    sessions = desk.services.signing_in.sessions
    if user is None:
        return sessions.list_tenant(actor.tenant_id)
    person = await find_person(desk, actor, user)
    return _one_page(await sessions.list(AccountRef(actor.tenant_id, person.resource_type.name, person.id)))


async def _one_page(sessions: Sequence[Session]) -> AsyncIterator[Sequence[Session]]:
    if sessions:
        yield sessions
