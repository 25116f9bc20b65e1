"""*Slow-down.* Decides how often somebody may guess (OWASP ASVS 5.0 §6.1.1, §6.3.1).

Knows a port and time; knows no account: it counts for names, also of nobody, so that nothing can be learned from it.
Four ideas:

* **A try is counted before it is made.** Who is allowed to guess is decided by one row that one of many changes, so a
  hundred guesses at once on ten processes are no more than one. A right one is taken back.
* **Each further failure costs twice the time**, up to fifteen minutes, and nobody is locked out for longer: whoever
  guesses at somebody else's account must not be able to keep its owner out for good.
* **A known device has a count of its own.** A browser in which somebody signed in before goes on by that, whatever
  others guess at the account meanwhile; its own guesses are counted as anybody's.
* **An address has a count, too**, a generous one: behind one address there may be a whole office.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from ipaddress import IPv6Address, ip_address

from musterbook.directory import Clock, TenantId, parse_time, render_time
from musterbook.identity.password_store import Tries, TryStore

MAX_DELAY_SECONDS = 15 * 60
FORGET_HOURS = 24
"""After how long without a failure all of them are forgotten."""
_ROUNDS = 5
"""How often a count is read again that others are changing."""


class TooManyTriesError(Exception):
    """Whoever asks has to wait before the next guess."""

    def __init__(self, retry_after_seconds: int) -> None:
        """Say for how long."""
        super().__init__(f"the next try is possible in {retry_after_seconds} s")
        self.retry_after_seconds = retry_after_seconds


class Counted(Enum):
    """What tries are counted of, and how many there are before the first wait, which is a second."""

    NAME = ("name", 5)
    """A name that somebody claims, whether it is anybody's or not."""
    DEVICE = ("device", 5)
    CODE = ("code", 5)
    """The second factor of an account."""
    PRESENT_PASSWORD = ("present-password", 5)
    """The password that an account has, asked of somebody who is signed in."""
    RESET = ("reset", 2)
    """A link that is asked for by a name."""
    ADDRESS = ("address", 30)

    @property
    def free(self) -> int:
        """How many tries can be made without waiting."""
        return self.value[1]


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing that tries are counted of."""

    counted: Counted
    name: str

    @property
    def hash(self) -> bytes:
        """What stands for it in the database, which so holds no list of names that somebody has tried."""
        return hashlib.sha256(f"{self.counted.value[0]} {self.name}".encode("utf-8", "surrogatepass")).digest()


@dataclass(frozen=True, slots=True)
class Hold:
    """A try that was counted and whose end is open."""

    tenant_id: TenantId
    counts: tuple[tuple[Subject, Tries], ...]
    """The subjects with what was stored of each."""


class SlowDown:
    """The tries of all tenants."""

    def __init__(self, store: TryStore, clock: Clock) -> None:
        """Count in ``store``, where every process sees it."""
        self._store = store
        self._clock = clock

    async def begin(self, tenant_id: TenantId, subjects: Sequence[Subject]) -> Hold:
        """Count a try of each subject as failed until the opposite is known.

        Raises:
            TooManyTriesError: one of them has to wait; none is counted then.
        """
        hold = Hold(tenant_id, ())
        for subject in subjects:
            try:
                tries = await self._count(tenant_id, subject)
            except TooManyTriesError:
                await self.give_back(hold)
                raise
            hold = replace(hold, counts=(*hold.counts, (subject, tries)))
        return hold

    async def succeed(self, hold: Hold) -> None:
        """Forget what was counted of whoever proved who they are; an address is only given this try back."""
        for subject, _ in hold.counts:
            if not _is_address(subject):
                await self.forget(hold.tenant_id, subject)
        await self.spare_address(hold)

    async def spare_address(self, hold: Hold) -> None:
        """Give the address its try back, and leave the rest counted: the proof goes on."""
        await self.give_back(replace(hold, counts=tuple(each for each in hold.counts if _is_address(each[0]))))

    async def forget(self, tenant_id: TenantId, subject: Subject) -> None:
        """Forget what was counted of a subject."""
        await self._store.forget(tenant_id, subject.hash)

    async def give_back(self, hold: Hold) -> None:
        """Uncount a try that told nothing. Where others have counted on meanwhile, their count stays."""
        for subject, tries in hold.counts:
            before = Tries(tries.failures - 1, None, tries.at)
            await self._store.replace(hold.tenant_id, subject.hash, tries, before, forget_before=self._forget_before())

    async def _count(self, tenant_id: TenantId, subject: Subject) -> Tries:
        for _ in range(_ROUNDS):
            moment = self._clock()
            before = (await self._store.find(tenant_id, [subject.hash])).get(subject.hash)
            after = count_try(before, subject.counted, moment)
            if await self._store.replace(tenant_id, subject.hash, before, after, forget_before=self._forget_before()):
                return after
        raise TooManyTriesError(1)

    def _forget_before(self) -> str:
        return render_time(self._clock() - timedelta(hours=FORGET_HOURS))


def count_try(before: Tries | None, counted: Counted, now: datetime) -> Tries:
    """Return what is stored of a subject after one more try.

    Raises:
        TooManyTriesError: the subject has to wait.
    """
    if before is None or now - parse_time(before.at) >= timedelta(hours=FORGET_HOURS):
        before = Tries(0, None, render_time(now))
    if before.blocked_until is not None:
        seconds = (parse_time(before.blocked_until) - now).total_seconds()
        # Nobody waits longer than this, also where the clock was set back.
        if 0 < seconds <= MAX_DELAY_SECONDS:
            raise TooManyTriesError(math.ceil(seconds))
    failures = before.failures + 1
    delay = delay_seconds(failures, counted)
    blocked_until = render_time(now + timedelta(seconds=delay)) if delay else None
    return Tries(failures, blocked_until, render_time(now))


def delay_seconds(failures: int, counted: Counted) -> int:
    """Return how long the subject waits after so many failures: nothing at first, then twice as long each time."""
    doublings = failures - counted.free
    if doublings < 0:
        return 0
    # Two to the power of a number that grows for ever would take ever longer.
    return min(1 << min(doublings, 10), MAX_DELAY_SECONDS)


def address_subject(address: str) -> Subject:
    """Return the subject that an address counts for: of IPv6 the network that one subscriber is given (/64)."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return Subject(Counted.ADDRESS, address)
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return Subject(Counted.ADDRESS, str(parsed.ipv4_mapped))
        return Subject(Counted.ADDRESS, str(IPv6Address(int(parsed) >> 64 << 64)))
    return Subject(Counted.ADDRESS, str(parsed))


def _is_address(subject: Subject) -> bool:
    return subject.counted is Counted.ADDRESS
