"""*The log of sign-ins.* Decides what is kept of a sign-in, and how much.

Knows a port and time; knows no way of signing in. It is for administrators, who see here why somebody was not let in;
whoever knocks sees one calm sentence. It is no part of the history: strangers write to it. So, for each tenant, no more
than a number of entries a minute is kept of each outcome, and none for longer than ninety days. Never in it: passwords,
codes, tokens, assertions. What somebody typed as a name is kept only where it looks like an address or is known here,
because people type passwords there, too.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from musterbook.directory import Clock, RandomBytes, ResourceId, TenantId, make_id, render_time
from musterbook.directory.store import StoreUnavailableError
from musterbook.identity.accounts import AccountRef
from musterbook.identity.entry import Claim, NotLetInError
from musterbook.identity.log_store import LogLimits, LogRow, LogStore
from musterbook.identity.session_store import SignInMethod
from musterbook.identity.sessions import SignIn, Visitor

KEPT_DAYS = 90
MAX_PER_MINUTE = 60
"""How many entries with one outcome are kept of a tenant in a minute."""
MAX_TEXT_LENGTH = 256
_MAX_FULL = 10_000


class SignInOutcome(Enum):
    """How a sign-in ended."""

    SIGNED_IN = "signed-in"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class SignInEntry:
    """One entry of the log."""

    tenant_id: TenantId
    id: str
    at: str
    outcome: SignInOutcome
    method: SignInMethod
    reason: str | None
    """A value of one of the enums of reasons; ``None`` where somebody was let in."""
    detail: str | None
    account: AccountRef | None
    claimed: str | None
    """Who the browser, or the identity provider, said it was."""
    address: str
    request_id: str


class SignInLog:
    """The log of all tenants."""

    def __init__(self, store: LogStore, clock: Clock, random_bytes: RandomBytes) -> None:
        """Write to ``store``; time and chance are arguments."""
        self._store = store
        self._clock = clock
        self._random_bytes = random_bytes
        self._full: dict[tuple[TenantId, SignInOutcome], int] = {}
        """In which minute the log was found to be full. A flood is so kept away from the database."""

    async def admit(self, sign_in: SignIn, visitor: Visitor) -> None:
        """Note that somebody was let in."""
        row = self._row(sign_in.account.tenant_id, SignInOutcome.SIGNED_IN, sign_in.method, visitor)
        await self._write(_about(row, Claim(sign_in.subject, sign_in.account)), SignInOutcome.SIGNED_IN)

    async def refuse(self, tenant_id: TenantId, method: SignInMethod, error: NotLetInError, visitor: Visitor) -> None:
        """Note that somebody was not let in, and why."""
        row = self._row(tenant_id, SignInOutcome.REFUSED, method, visitor)
        row = replace(row, reason=error.reason, detail=_line(error.detail))
        await self._write(_about(row, error.claim), SignInOutcome.REFUSED)

    async def list(self, tenant_id: TenantId, *, before: str | None = None, limit: int = 100) -> Sequence[SignInEntry]:
        """Return entries of a tenant, newest first, from before the one with the id ``before``."""
        return [_entry(row) for row in await self._store.list(tenant_id, before=before, limit=limit)]

    async def list_of(self, account: AccountRef, *, limit: int = 100) -> Sequence[SignInEntry]:
        """Return the latest entries about an account, newest first."""
        return [_entry(row) for row in await self._store.list_of(account, limit=limit)]

    def _row(self, tenant_id: TenantId, outcome: SignInOutcome, method: SignInMethod, visitor: Visitor) -> LogRow:
        moment = self._clock()
        return LogRow(
            tenant_id=tenant_id,
            id=make_id(moment, self._random_bytes),
            at=render_time(moment),
            outcome=outcome.value,
            method=method.value,
            reason=None,
            detail=None,
            resource_type=None,
            account_id=None,
            claimed=None,
            address=_line(visitor.address),
            request_id=_line(visitor.request_id),
        )

    async def _write(self, row: LogRow, outcome: SignInOutcome) -> None:
        moment = self._clock()
        minute = int(moment.timestamp() // 60)
        if self._full.get((row.tenant_id, outcome)) == minute:
            return
        limits = LogLimits(
            first_id=first_id(moment.replace(second=0, microsecond=0)),
            most=MAX_PER_MINUTE,
            forget_before=first_id(moment - timedelta(days=KEPT_DAYS)),
        )
        # A sign-in is not to fail because it cannot be noted; whoever was let in has a session to show for it.
        with suppress(StoreUnavailableError):
            if not await self._store.add(row, limits):
                if len(self._full) >= _MAX_FULL:
                    self._full.clear()
                self._full[row.tenant_id, outcome] = minute


def first_id(moment: datetime) -> str:
    """Return what sorts before every id that is made at this moment or later (RFC 9562 §5.7)."""
    milliseconds = f"{int(moment.timestamp() * 1000):012x}"
    return f"{milliseconds[:8]}-{milliseconds[8:]}"


def _entry(row: LogRow) -> SignInEntry:
    has_account = row.resource_type is not None and row.account_id is not None
    return SignInEntry(
        tenant_id=row.tenant_id,
        id=row.id,
        at=row.at,
        outcome=SignInOutcome(row.outcome),
        method=SignInMethod(row.method),
        reason=row.reason,
        detail=row.detail,
        account=AccountRef(row.tenant_id, row.resource_type or "", ResourceId(row.account_id or ""))
        if has_account
        else None,
        claimed=row.claimed,
        address=row.address,
        request_id=row.request_id,
    )


def _about(row: LogRow, claim: Claim) -> LogRow:
    """Return the row with whom it is about."""
    account = claim.account
    if account is not None:
        row = replace(row, resource_type=account.resource_type, account_id=account.id)
    is_name = claim.name is not None and (account is not None or "@" in claim.name)
    return replace(row, claimed=_line(claim.name or "")) if is_name else row


def _line(text: str) -> str:
    """Return the text as one line of bounded length, which no terminal and no page takes for more than a text."""
    line = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
    return line[:MAX_TEXT_LENGTH]
