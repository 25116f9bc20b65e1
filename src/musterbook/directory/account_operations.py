"""*How a person signs in.* Records passwords and second factors, ends sessions, and adds break-glass accounts.

Knows rules; knows neither algorithm nor session. Sessions are ended by counting the person's epoch on, so they end with
the change itself, in its transaction, wherever they are kept.
"""

from dataclasses import replace
from typing import TypeAlias, assert_never

from msgspec import UNSET

from musterbook.directory import errors, rules
from musterbook.directory.account import Account, Password
from musterbook.directory.actor import Actor, ResourceId
from musterbook.directory.break_glass import break_glass_type, check_email, open_break_glass_account
from musterbook.directory.changes import create_change
from musterbook.directory.finding import Finder
from musterbook.directory.history import Action
from musterbook.directory.operation import (
    AccountOperation,
    AddBreakGlassAccount,
    EndSessions,
    ExtendSetup,
    RecordSecondFactor,
    SetPassword,
    Shown,
)
from musterbook.directory.person import shown_person
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
        if isinstance(operation, AddBreakGlassAccount):
            return await self._add(actor, operation)
        now = self._writer.now()
        resource_type = break_glass_type() if isinstance(operation, ExtendSetup) else operation.resource_type

        def next_state(state: State) -> State:
            if state.account is None:
                raise errors.no_such_person()
            return replace(state, account=_next_account(state.account, operation, now))

        action = _action_of(operation)
        return await self._shown(
            actor, await self._writer.update(actor, resource_type, operation.id, next_state, action)
        )

    async def _add(self, actor: Actor, operation: AddBreakGlassAccount) -> Shown:
        check_email(operation.email)
        occasion = self._writer.occasion(actor, Action.CREATED)
        account_id = ResourceId(self._writer.make_id())
        state = open_break_glass_account(account_id, operation.email, occasion.now, operation.setup_expires_at)
        _, change = create_change(state, occasion)
        await self._writer.commit(change, break_glass_type())
        return await self._shown(actor, state)

    async def _shown(self, actor: Actor, state: State) -> Shown:
        return Shown(shown_person(state, await self._finder.everyone(actor)))


_OfOneAccount: TypeAlias = SetPassword | EndSessions | RecordSecondFactor | ExtendSetup


def _next_account(account: Account, operation: _OfOneAccount, now: str) -> Account:
    match operation:
        case SetPassword(instead_of=str(former)) if account.password is UNSET or account.password.hash != former:
            return account
        case SetPassword():
            return rules.set_password(account, Password(operation.hash, now))
        case EndSessions():
            return rules.end_sessions(account)
        case RecordSecondFactor(is_set=True):
            return account if account.second_factor_at is not UNSET else replace(account, second_factor_at=now)
        case RecordSecondFactor():
            return replace(account, second_factor_at=UNSET)
        case ExtendSetup(setup_expires_at=until):
            return replace(account, setup_expires_at=until) if account.password is UNSET else account
        case _:
            assert_never(operation)


def _action_of(operation: _OfOneAccount) -> Action:
    match operation:
        case SetPassword():
            return Action.PASSWORD_SET
        case EndSessions():
            return Action.SESSIONS_ENDED
        case RecordSecondFactor(is_set=is_set):
            return Action.SECOND_FACTOR_SET if is_set else Action.SECOND_FACTOR_REMOVED
        case ExtendSetup():
            return Action.UPDATED
        case _:
            assert_never(operation)
