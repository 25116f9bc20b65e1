"""*How a person signs in.* Records passwords and second factors, and ends sessions.

Knows rules; knows neither algorithm nor session. Sessions are ended by counting the person's epoch on, so they end with
the change itself, in its transaction, wherever they are kept.
"""

from dataclasses import replace
from typing import assert_never

from msgspec import UNSET

from musterbook.directory import errors, rules
from musterbook.directory.account import Account, Password
from musterbook.directory.actor import Actor
from musterbook.directory.finding import Finder
from musterbook.directory.history import Action
from musterbook.directory.operation import AccountOperation, EndSessions, RecordSecondFactor, SetPassword, Shown
from musterbook.directory.person import person_of
from musterbook.directory.rules import State
from musterbook.directory.writing import Writer


class AccountOperations:
    """The part of the directory that deals with how one person signs in."""

    def __init__(self, writer: Writer, finder: Finder) -> None:
        """Change by ``writer``."""
        self._writer = writer
        self._finder = finder

    async def perform(self, actor: Actor, operation: AccountOperation) -> Shown:
        """Perform ``operation`` for ``actor`` and return the person as they are then."""
        now = self._writer.now()

        def next_state(state: State) -> State:
            if state.account is None:
                raise errors.no_such_person()
            return replace(state, account=_next_account(state.account, operation, now))

        state = await self._writer.update(
            actor, operation.resource_type, operation.id, next_state, _action_of(operation)
        )
        person = person_of(state, await self._finder.everyone(actor))
        if person is None:
            raise errors.no_such_person()
        return Shown(person)


def _next_account(account: Account, operation: AccountOperation, now: str) -> Account:
    match operation:
        case SetPassword():
            return rules.set_password(account, Password(operation.hash, now))
        case EndSessions():
            return rules.end_sessions(account)
        case RecordSecondFactor(is_set=True):
            return account if account.second_factor_at is not UNSET else replace(account, second_factor_at=now)
        case RecordSecondFactor():
            return replace(account, second_factor_at=UNSET)
        case _:
            assert_never(operation)


def _action_of(operation: AccountOperation) -> Action:
    match operation:
        case SetPassword():
            return Action.PASSWORD_SET
        case EndSessions():
            return Action.SESSIONS_ENDED
        case RecordSecondFactor(is_set=is_set):
            return Action.SECOND_FACTOR_SET if is_set else Action.SECOND_FACTOR_REMOVED
        case _:
            assert_never(operation)
