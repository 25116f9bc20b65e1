"""*How things are told to people.* Decides how the commands say times, and what a line of the history changed.

Knows revisions and accounts; prints nothing. JSON has everything as it is stored; this is the short form.
"""

import msgspec

from musterbook.directory import Action, HistoryLine
from musterbook.directory.history import FieldChange
from musterbook.scim import Json

_MAX_VALUE_LENGTH = 60
_SAYS_ALL = frozenset({Action.CREATED, Action.DEPROVISIONED, Action.RESTORED})
"""Actions after which everything, or nothing, is there: a list of what changed would be the whole person."""
_SAID_BY_ACTION = frozenset({"active", "account.status", "account.display_name_origin"})
_MEMBERS = "members"
_MADE_OF_OTHERS = {"name.formatted": ("name.givenName", "name.familyName")}


def told_time(text: str) -> str:
    """Return a stored time without its fraction: ``2026-03-01 09:30:00``, UTC."""
    return text[:19].replace("T", " ")


def told_date(text: str | None) -> str:
    """Return the date of a stored time."""
    return "" if text is None else text[:10]


def told_action(action: Action) -> str:
    """Return what was done."""
    return action.value.replace("_", " ")


def told_changes(line: HistoryLine) -> str:
    """Return what a line of the history changed, beyond what its action says: ``familyName: Roe → Doe``."""
    if line.revision.action in _SAYS_ALL:
        return ""
    changed = {change.path for change in line.changes}
    # Resources that operators define may call anything so.
    has_members = bool(line.revision.members_added or line.revision.members_removed)
    said = _SAID_BY_ACTION if line.revision.account is not None else frozenset()
    return "; ".join(
        _told_members(change)
        if has_members and change.path == _MEMBERS
        else f"{_told_path(change.path)}: {_told_value(change.before)} → {_told_value(change.after)}"
        for change in line.changes
        if change.path not in said and not changed.intersection(_MADE_OF_OTHERS.get(change.path, ()))
    )


def _told_members(change: FieldChange) -> str:
    """Return how many came and left: the ids of a hundred thousand, or of two, say nothing to people."""
    counts = (("joined", change.after), ("left", change.before))
    return "members: " + ", ".join(f"{len(ids)} {did}" for did, ids in counts if ids)


def _told_path(path: str) -> str:
    return path.rsplit(":", 1)[-1].removeprefix("name.").removeprefix("account.").replace("_", " ")


def _told_value(value: Json) -> str:
    if isinstance(value, list):
        text = ", ".join(_told_value(item["value"] if _has_value(item) else item) for item in value)
    elif value is None:
        text = "none"
    elif isinstance(value, str):
        text = value
    else:
        text = msgspec.json.encode(value).decode()
    return text if len(text) <= _MAX_VALUE_LENGTH else f"{text[: _MAX_VALUE_LENGTH - 1]}…"


def _has_value(item: Json) -> bool:
    return isinstance(item, dict) and "value" in item
