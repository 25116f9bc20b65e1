"""*musterbook history …* Shows and exports who changed what."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Annotated

from cyclopts import App, Parameter
from cyclopts.validators import Number

from musterbook.cli.exit_codes import ExitCode
from musterbook.cli.output import Column, Listing, Row
from musterbook.cli.running import DEFAULTS, Common, Desk, run
from musterbook.cli.telling import told_action, told_changes, told_time
from musterbook.directory import Actor, HistoryLine
from musterbook.directory.operation import FindPerson, ListHistory
from musterbook.directory.store import HistoryQuery

app = App(name="history", help="Show and export who changed what, and when.")

_PAGE = 500


def _row(line: HistoryLine) -> Row:
    revision = line.revision
    return {
        "time": revision.at,
        "actor": revision.actor_name,
        "action": revision.action.value,
        "resource_type": revision.resource_type,
        "user_id": revision.resource_id,
        "user_name": line.user_name,
        "changes": [{"path": item.path, "before": item.before, "after": item.after} for item in line.changes],
        "request_id": revision.request_id,
        "key_id": revision.key_id,
        "revision": revision.number,
    }


def _name(line: HistoryLine) -> str:
    return line.user_name or f"{line.revision.resource_type} {line.revision.resource_id}"


_LINES: Listing[HistoryLine] = Listing(
    row=_row,
    columns=(
        Column("time (UTC)", lambda line: told_time(line.revision.at), is_whole=True),
        Column("actor", lambda line: line.revision.actor_name),
        Column("action", lambda line: told_action(line.revision.action)),
        Column("user name", _name),
        Column("changes", told_changes),
    ),
    empty="Nothing has happened yet.",
)


async def _pages(
    desk: Desk, actor: Actor, query: HistoryQuery, limit: int | None = None
) -> AsyncIterator[Sequence[HistoryLine]]:
    """Yield the history page by page, at most ``limit`` lines."""
    left = limit
    while left is None or left > 0:
        query = replace(query, limit=_PAGE if left is None else min(_PAGE, left))
        lines = (await desk.services.directory.perform(actor, ListHistory(query))).lines
        if not lines:
            return
        yield lines
        last = lines[-1].revision
        query = replace(query, before=(last.at, last.resource_id, last.number))
        left = None if left is None else left - len(lines)


@app.command(name="list")
def list_(
    slug: str,
    /,
    *,
    user: str | None = None,
    limit: Annotated[int, Parameter(validator=Number(gte=1))] = 100,
    common: Common = DEFAULTS,
) -> ExitCode:
    """List who changed what, newest first.

    Parameters
    ----------
    slug
        The tenant.
    user
        Only what was changed about this person: an id or a userName, also of somebody who was removed.
    limit
        At most this many lines.
    """

    async def work(desk: Desk) -> None:
        actor = await desk.actor(slug)
        query = HistoryQuery()
        if user is not None:
            found = await desk.services.directory.perform(actor, FindPerson(user))
            query = HistoryQuery(resource_id=found.person.id)
        await desk.output.list_pages(_LINES, _pages(desk, actor, query, limit))

    return run(common, work)


@app.command
def export(slug: str, /, *, common: Common = DEFAULTS) -> ExitCode:
    """Print the whole history as JSON, one line for each change, newest first.

    Parameters
    ----------
    slug
        The tenant.
    """

    async def work(desk: Desk) -> None:
        async for lines in _pages(desk, await desk.actor(slug), HistoryQuery()):
            desk.output.json_lines(_row(line) for line in lines)

    return run(common, work)
