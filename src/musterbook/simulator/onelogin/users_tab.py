"""*The Users tab.* Decides what is kept of each person's access, and what waits to be done for them.

Knows nothing of requests, approval or buttons.
"""

from dataclasses import replace

from musterbook.simulator.errors import NotAssignedError
from musterbook.simulator.onelogin.state import Action, Assignment, Link
from musterbook.simulator.onelogin.user import OneLoginUser

_PUSHES = frozenset({Action.CREATE, Action.UPDATE})
_SWITCHES = frozenset({Action.SUSPEND, Action.REACTIVATE})


class UsersTab:
    """One row for each person with access, and the memory of those who had it."""

    def __init__(self) -> None:
        self._rows: dict[int, Assignment] = {}
        self._former: dict[int, Link] = {}
        self._holders: dict[str, int] = {}

    @property
    def rows(self) -> tuple[Assignment, ...]:
        """All rows, in the order in which access was given."""
        return tuple(self._rows.values())

    def row(self, user: OneLoginUser) -> Assignment:
        """Return a person's row.

        Raises:
            NotAssignedError: the person has no access.
        """
        try:
            return self._rows[user.id]
        except KeyError:
            raise NotAssignedError(f"User {user.id} has no access to this application.") from None

    def row_to_give(self, user: OneLoginUser) -> Assignment | None:
        """Return the row with which a person gets access, or None for somebody who has it and is not losing it."""
        held = self._rows.get(user.id)
        if held is None:
            return Assignment(user=user, link=self._former.pop(user.id, Link()))
        return replace(held, user=user, leaving=False, waiting=()) if held.leaving else None

    def belongs_to_another(self, user: OneLoginUser, scim_id: str) -> bool:
        """Return whether an id of the application is the one of another person with access."""
        return self._holders.get(scim_id, user.id) != user.id

    def save(self, row: Assignment) -> None:
        """Keep a row; one that is leaving goes as soon as nothing waits for it."""
        number = row.user.id
        before = self._rows.get(number)
        if before is not None and before.link.scim_id is not None:
            self._holders.pop(before.link.scim_id, None)
        if row.leaving and not row.waiting:
            self._rows.pop(number, None)
            self._former[number] = row.link
            return
        self._rows[number] = row
        if row.link.scim_id is not None:
            self._holders[row.link.scim_id] = number


def queued(waiting: tuple[Action, ...], action: Action) -> tuple[Action, ...]:
    """Return what waits when ``action`` comes to what waits already.

    Every push carries the whole person, so one is enough, and a later switch of ``active`` replaces an earlier one.
    """
    if action in _PUSHES:
        return waiting if _PUSHES.intersection(waiting) else (*waiting, action)
    if action in _SWITCHES:
        return (*(other for other in waiting if other not in _SWITCHES), action)
    return (*waiting, action)
