"""*musterbook history …* Shows and exports who changed what."""

from collections.abc import AsyncIterator
from dataclasses import replace

from cyclopts import App

from musterbook.cli.exit_codes import CommandError, ExitCode
from musterbook.cli.output import Row
from musterbook.cli.running import DEFAULTS, Common, Desk, run
from musterbook.directory import Actor, HistoryLine, ResourceId
from musterbook.directory.operation import FindPerson, ListHistory
from musterbook.directory.store import HistoryQuery

app = App(name="history", help="Show and export who changed what, and when.")

_COLUMNS = ("time", "actor", "action", "user_name", "changes")
_PAGE = 500


def _row(line: HistoryLine) -> Row:
    revision = line.revision
    return {
        "time": revision.at,
        "actor": revision.actor_name,
        "action": revision.action.value,
        "user_id": revision.resource_id,
        "user_name": line.user_name,
        "changes": [{"path": item.path, "before": item.before, "after": item.after} for item in line.changes],
        "request_id": revision.request_id,
        "key_id": revision.key_id,
        "revision": revision.number,
    }


def _readable(row: Row) -> Row:
    changes = row["changes"]
    paths = [str(item["path"]) for item in changes if isinstance(item, dict)] if isinstance(changes, list) else []
    return {**row, "changes": ", ".join(paths)}


async def _lines(desk: Desk, actor: Actor, query: HistoryQuery) -> AsyncIterator[HistoryLine]:
    while lines := (await desk.services.directory.perform(actor, ListHistory(query))).lines:
        for line in lines:
            yield line
        last = lines[-1].revision
        query = replace(query, before=(last.at, last.resource_id, last.number))


@app.command(name="list")
def list_(slug: str, /, *, user: str | None = None, limit: int = 100, common: Common = DEFAULTS) -> ExitCode:
    """List the history of a tenant, newest first.

    Parameters
    ----------
    slug
        The tenant.
    user
        Only what was changed about this person: an id or a userName.
    limit
        At most this many lines.
    """

    async def work(desk: Desk) -> None:
        if limit < 1:
            message = "--limit is a number from 1."
            raise CommandError(message, ExitCode.USAGE)
        actor = await desk.actor(slug)
        person: ResourceId | None = None
        if user is not None:
            person = (await desk.services.directory.perform(actor, FindPerson(user))).person.id
        rows: list[Row] = []
        async for line in _lines(desk, actor, HistoryQuery(resource_id=person, limit=min(limit, _PAGE))):
            rows.append(_row(line))
            if len(rows) == limit:
                break
        shown = rows if desk.output.as_json else [_readable(row) for row in rows]
        desk.output.table(shown, _COLUMNS, empty="Nothing has happened yet.")

    return run(common, work)


@app.command
def export(slug: str, /, *, common: Common = DEFAULTS) -> ExitCode:
    """Print the whole history of a tenant as JSON lines, newest first."""

    async def work(desk: Desk) -> None:
        actor = await desk.actor(slug)
        async for line in _lines(desk, actor, HistoryQuery(limit=_PAGE)):
            desk.output.json_line(_row(line))

    return run(common, work)
