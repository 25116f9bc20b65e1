"""*Signing in by password.* Decides in which order a password is looked at, and when a second factor is asked for.

Knows ports and the directory; knows no HTTP and no SQL. The states of a sign-in::

    begin ──▶ proven                      whoever may see and change nothing but themselves
      │
      ├────▶ CodeNeeded      ──finish──▶ proven        a second factor is set up
      └────▶ EnrolmentNeeded ──finish──▶ proven        one is required and is set up now

Three ideas:

* **One look from outside.** An unknown name, a wrong password, a suspended person and one who has no password take the
  same statements and one hash, and are refused by the same words.
* **A try is counted before it is made**, and forgotten once the whole sign-in is proven, second factor included: who
  knows a password cannot guess at the codes behind it for ever.
* **Where two accounts have one name**, a break-glass account and a person, the break-glass account is meant: nobody who
  provisions people can put one in front of the accounts for emergencies.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field, replace
from datetime import timedelta

import msgspec

from musterbook.directory import (
    Clock,
    Directory,
    RandomBytes,
    ResourceId,
    Status,
    Tenant,
    TenantId,
    break_glass_type,
    make_id,
    parse_time,
    render_time,
)
from musterbook.directory.account import Account, read_account
from musterbook.directory.actor import sign_in_actor
from musterbook.directory.operation import Held, HeldPermissions, RecordSecondFactor, SetPassword
from musterbook.directory.permissions import Permission
from musterbook.identity.account_store import AccountStore, FoundAccount
from musterbook.identity.accounts import AccountRef
from musterbook.identity.attempt_store import Attempt, AttemptKind, AttemptStore
from musterbook.identity.devices import Devices
from musterbook.identity.entry import Claim, EntryRefusal, NotLetInError
from musterbook.identity.landing import HOME, Proof
from musterbook.identity.password_refusal import (
    PasswordRefusal,
    WrongCodeError,
    too_busy,
    too_many_tries,
)
from musterbook.identity.passwords import Argon2Hashes, HashingBusyError, Verdict
from musterbook.identity.session_store import SignInMethod
from musterbook.identity.sessions import SignIn, Visitor, allows
from musterbook.identity.slow_down import Counted, Hold, SlowDown, Subject, TooManyTriesError, address_subject
from musterbook.identity.totp import Enrolment, SecondFactors
from musterbook.scim import comparison_key, user_type
from musterbook.scim.errors import NotFoundError

ATTEMPT_SECONDS = 600
"""How long somebody may look for the telephone."""
MAX_WRONG_CODES = 5
"""After how many the password is asked for again."""
MAX_NAME_LENGTH = 256
_TOKEN_BYTES = 32
_TYPES = {each.name: each for each in (user_type(), break_glass_type())}
_OF_ONESELF = frozenset({Permission.PROFILE_READ, Permission.PROFILE_WRITE})


@dataclass(frozen=True, slots=True)
class PasswordProven:
    """Somebody has proved who they are; ``Landing.land`` is next."""

    proof: Proof
    device: str = field(repr=False)
    """For the browser to keep, so that it is known the next time."""
    recovery_codes: tuple[str, ...] = field(default=(), repr=False)
    """To be shown now and never again, where a second factor was set up."""


@dataclass(frozen=True, slots=True)
class CodeNeeded:
    """The password was right; a code is asked for."""

    ticket: str = field(repr=False)
    """For the browser that began."""


@dataclass(frozen=True, slots=True)
class EnrolmentNeeded:
    """The password was right; a second factor is set up first."""

    ticket: str = field(repr=False)
    """For the browser that began."""


@dataclass(frozen=True, slots=True)
class PasswordParts:
    """What a sign-in by password stands on."""

    accounts: AccountStore
    attempts: AttemptStore
    hashes: Argon2Hashes
    slow_down: SlowDown
    second_factors: SecondFactors
    devices: Devices


@dataclass(frozen=True, slots=True)
class _Waiting:
    """What is kept of a sign-in that waits for a code."""

    resource_type: str
    account_id: str
    epoch: int
    name: str
    return_to: str
    sealed: str | None
    """The second factor that is being set up."""
    wrong_codes: int = 0

    def account(self, tenant_id: TenantId) -> AccountRef:
        return AccountRef(tenant_id, self.resource_type, ResourceId(self.account_id))


class PasswordSignIn:
    """Signing in by password, for all tenants."""

    def __init__(self, directory: Directory, parts: PasswordParts, clock: Clock, random_bytes: RandomBytes) -> None:
        """Work with ``parts``; time and chance are arguments."""
        self._directory = directory
        self._parts = parts
        self._clock = clock
        self._random_bytes = random_bytes

    async def begin(
        self, tenant: Tenant, name: str, password: str, visitor: Visitor, *, return_to: str = HOME
    ) -> PasswordProven | CodeNeeded | EnrolmentNeeded:
        """Return what a password proves.

        Raises:
            TryLaterError: not looked at: too many tries, or too many people at once.
            NotLetInError: nobody is let in.
        """
        key = name_key(name)
        hold = await self._hold(tenant, [self._guesser(tenant, key, visitor)], visitor, Claim(name))
        found = await self._find(tenant, key)
        account = None if found is None else read_account(found.record.account or "")
        claim = Claim(name, None if found is None else found.ref)
        verdict = await self._check_password(hold, account, password, claim)
        if found is None or account is None or account.status is not Status.ACTIVE:
            raise NotLetInError(EntryRefusal.SUSPENDED.value, "The person is suspended.", claim)
        epoch = account.epoch
        if verdict.is_outdated:
            epoch = await self._renew_hash(found.ref, account, password, visitor, claim)
        held = await self._held(found.ref, epoch, visitor, claim)
        if not allows(held.settings, SignInMethod.PASSWORD, found.ref):
            raise NotLetInError(EntryRefusal.NOT_OFFERED.value, "Single sign-on is the only way.", claim)
        waiting = _Waiting(found.ref.resource_type, found.ref.id, epoch, name, return_to, None)
        # The account knows whether there is one: it forgets it when somebody is removed, and comes back without.
        if account.second_factor_at is not msgspec.UNSET:
            await self._parts.slow_down.spare_address(hold)
            return CodeNeeded(await self._keep(tenant, waiting))
        if needs_second_factor(held.permissions):
            await self._parts.slow_down.spare_address(hold)
            return EnrolmentNeeded(await self._enrolment(tenant, waiting, held))
        await self._parts.slow_down.succeed(hold)
        return self._proven(tenant, waiting, held)

    async def show(self, tenant: Tenant, ticket: str, visitor: Visitor) -> Enrolment | None:
        """Return the second factor that this browser's sign-in waits for to be set up; ``None``: it waits for a code.

        Raises:
            NotLetInError: no sign-in waits in this browser.
        """
        waiting = _read(await self._find_attempt(tenant, ticket))
        if waiting.sealed is None:
            return None
        account = waiting.account(tenant.id)
        held = await self._held(account, waiting.epoch, visitor, Claim(waiting.name, account))
        return self._parts.second_factors.show(account, waiting.sealed, issuer=tenant.name, name=held.person.user_name)

    async def finish(self, tenant: Tenant, ticket: str, code: str, visitor: Visitor) -> PasswordProven:
        """Return what password and code prove together; where a second factor was to be set up, it is then.

        Raises:
            TryLaterError: not looked at: too many codes were wrong.
            WrongCodeError: the code is wrong.
            NotLetInError: nobody is let in.
        """
        attempt = await self._find_attempt(tenant, ticket)
        waiting = _read(attempt)
        account = waiting.account(tenant.id)
        claim = Claim(waiting.name, account)
        hold = await self._hold(tenant, [Subject(Counted.CODE, account.id)], visitor, claim)
        # Whoever takes the attempt goes on with it: two codes at once are two tries, and not one.
        if await self._parts.attempts.take(tenant.id, attempt.id) is None:
            raise _no_attempt()
        recovery_codes = await self._check_code(account, waiting, code)
        if recovery_codes is None:
            is_over = waiting.wrong_codes + 1 >= MAX_WRONG_CODES
            if not is_over:
                again = replace(waiting, wrong_codes=waiting.wrong_codes + 1)
                await self._parts.attempts.add(replace(attempt, data=_text(again)))
            raise WrongCodeError(claim, is_over=is_over)
        held = await self._held(account, waiting.epoch, visitor, claim)
        if waiting.sealed is not None:
            actor = sign_in_actor(tenant.id, visitor.request_id)
            operation = RecordSecondFactor(_TYPES[account.resource_type], account.id, is_set=True)
            await self._directory.perform(actor, operation)
        await self._parts.slow_down.succeed(hold)
        await self._parts.slow_down.forget(tenant.id, self._guesser(tenant, name_key(waiting.name), visitor))
        return self._proven(tenant, waiting, held, recovery_codes)

    # Steps

    async def _hold(self, tenant: Tenant, subjects: list[Subject], visitor: Visitor, claim: Claim) -> Hold:
        try:
            return await self._parts.slow_down.begin(tenant.id, [*subjects, address_subject(visitor.address)])
        except TooManyTriesError as error:
            raise too_many_tries(error.retry_after_seconds, claim) from error

    def _guesser(self, tenant: Tenant, key: str, visitor: Visitor) -> Subject:
        """Return what guesses at a name are counted of: the device where it is known, and otherwise the name."""
        number = self._parts.devices.recognise(visitor.device, tenant.id, key)
        return Subject(Counted.NAME, key) if number is None else Subject(Counted.DEVICE, number)

    async def _find(self, tenant: Tenant, key: str) -> FoundAccount | None:
        if not is_storable(key):
            return None
        found = await self._parts.accounts.find_by_name(tenant.id, key)
        with_password = [each for each in found if hash_of(read_account(each.record.account or "")) is not None]
        return next(iter(with_password or found), None)

    async def _check_password(self, hold: Hold, account: Account | None, password: str, claim: Claim) -> Verdict:
        stored = None if account is None else hash_of(account)
        try:
            verdict = await self._parts.hashes.verify(password, stored)
        except HashingBusyError as error:
            await self._parts.slow_down.give_back(hold)
            raise too_busy(error.retry_after_seconds, claim) from error
        if account is None:
            raise NotLetInError(EntryRefusal.UNKNOWN.value, "Nobody has this name.", claim)
        if stored is None:
            raise NotLetInError(PasswordRefusal.NO_PASSWORD.value, "The person has no password.", claim)
        if not verdict.is_right:
            raise NotLetInError(PasswordRefusal.WRONG_PASSWORD.value, "The password is wrong.", claim)
        return verdict

    async def _renew_hash(
        self, ref: AccountRef, account: Account, password: str, visitor: Visitor, claim: Claim
    ) -> int:
        """Hash the password, which was right, by the parameters of today; return the account's epoch then.

        To the directory it is another password, so the person's other sessions end.
        """
        actor, type_ = sign_in_actor(ref.tenant_id, visitor.request_id), _TYPES[ref.resource_type]
        hashed = await self._parts.hashes.make(password)
        await self._directory.perform(actor, SetPassword(type_, ref.id, hashed, instead_of=hash_of(account)))
        present = (await self._directory.perform(actor, HeldPermissions(type_, ref.id))).account
        if hash_of(present) != hashed:
            raise NotLetInError(PasswordRefusal.OVERTAKEN.value, "The password was changed meanwhile.", claim)
        return present.epoch

    async def _held(self, account: AccountRef, epoch: int, visitor: Visitor, claim: Claim) -> Held:
        """Return what somebody holds at this moment, if the account is still what it was when the proof began."""
        actor = sign_in_actor(account.tenant_id, visitor.request_id)
        try:
            held = await self._directory.perform(actor, HeldPermissions(_TYPES[account.resource_type], account.id))
        except NotFoundError as error:
            raise NotLetInError(EntryRefusal.UNKNOWN.value, "The person was removed meanwhile.", claim) from error
        if held.account.status is not Status.ACTIVE or held.account.epoch != epoch:
            raise NotLetInError(PasswordRefusal.OVERTAKEN.value, "The person's sessions were ended meanwhile.", claim)
        return held

    async def _enrolment(self, tenant: Tenant, waiting: _Waiting, held: Held) -> str:
        # A secret of this sign-in's own: nobody who began one before has seen it.
        factors, account = self._parts.second_factors, waiting.account(tenant.id)
        enrolment = await factors.begin_first(account, issuer=tenant.name, name=held.person.user_name)
        return await self._keep(tenant, replace(waiting, sealed=None if enrolment is None else enrolment.sealed))

    async def _check_code(self, account: AccountRef, waiting: _Waiting, code: str) -> tuple[str, ...] | None:
        """Return the recovery codes of a factor that was set up now, or none; ``None``: the code is wrong."""
        factors = self._parts.second_factors
        if waiting.sealed is not None:
            return await factors.confirm(account, waiting.sealed, code)
        return () if await factors.check(account, code) else None

    def _proven(
        self, tenant: Tenant, waiting: _Waiting, held: Held, recovery_codes: tuple[str, ...] = ()
    ) -> PasswordProven:
        sign_in = SignIn(waiting.account(tenant.id), waiting.epoch, SignInMethod.PASSWORD)
        proof = Proof(tenant, sign_in, held.settings, waiting.return_to)
        return PasswordProven(proof, self._parts.devices.issue(tenant.id, name_key(waiting.name)), recovery_codes)

    # Attempts

    async def _keep(self, tenant: Tenant, waiting: _Waiting) -> str:
        moment = self._clock()
        attempt_id = make_id(moment, self._random_bytes)
        token = urlsafe_b64encode(self._random_bytes(_TOKEN_BYTES)).rstrip(b"=").decode()
        attempt = Attempt(
            tenant_id=tenant.id,
            id=attempt_id,
            browser_hash=_hash(token),
            kind=AttemptKind.SECOND_FACTOR,
            data=_text(waiting),
            created_at=render_time(moment),
            expires_at=render_time(moment + timedelta(seconds=ATTEMPT_SECONDS)),
        )
        await self._parts.attempts.add(attempt)
        return f"{attempt_id}.{token}"

    async def _find_attempt(self, tenant: Tenant, ticket: str) -> Attempt:
        attempt_id, _, token = ticket.partition(".")
        attempt = await self._parts.attempts.find(tenant.id, attempt_id)
        if attempt is None or attempt.kind is not AttemptKind.SECOND_FACTOR:
            raise _no_attempt()
        if not hmac.compare_digest(attempt.browser_hash, _hash(token)):
            raise _no_attempt()
        if parse_time(attempt.expires_at) <= self._clock():
            raise _no_attempt()
        return attempt


def needs_second_factor(permissions: frozenset[Permission]) -> bool:
    """Return whether whoever signs in by password needs a second factor: who may see or change more than themselves."""
    return not permissions <= _OF_ONESELF


def name_key(name: str) -> str:
    """Return what is compared of a name that somebody typed; what is too long to be one is nobody's."""
    return comparison_key(name.strip()[: MAX_NAME_LENGTH + 1])


def is_storable(text: str) -> bool:
    """Return whether a database could hold the text, and so have it: no NUL, no lone surrogate."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def hash_of(account: Account) -> str | None:
    """Return the hash of the account's password, if it has one."""
    return account.password.hash if account.password is not msgspec.UNSET else None


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _text(waiting: _Waiting) -> str:
    return msgspec.json.encode(waiting).decode()


def _read(attempt: Attempt) -> _Waiting:
    return msgspec.json.decode(attempt.data, type=_Waiting)


def _no_attempt() -> NotLetInError:
    return NotLetInError(
        EntryRefusal.ATTEMPT.value, "This browser did not begin the sign-in, took too long, or has ended it already."
    )
