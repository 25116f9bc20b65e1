"""*Second factors.* Decides how a code of an authenticator app is checked (RFC 6238), and what stands in for it.

Knows a port, time and the seal; knows no password and no session. Three ideas:

* **A code is used once.** The time step of the last code is stored, and no code of it, or of an earlier one, is taken
  again, on any process (RFC 6238 §5.2). One step before and after the present one is taken, for clocks that differ.
* **The secret is sealed** for its account: it must be read to check a code, so it cannot be hashed.
* **Recovery codes** are ten, random, each good once, and stored as hashes.
"""

import hashlib
import hmac
from base64 import b32encode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from pyotp import TOTP

from musterbook.directory import Clock, RandomBytes, render_time
from musterbook.identity.accounts import AccountRef
from musterbook.identity.password_store import SecondFactor, SecondFactorStore
from musterbook.identity.sealing import Seal, UnsealError

STEP_SECONDS: Final = 30
DIGITS: Final = 6
DRIFT_STEPS: Final = 1
RECOVERY_CODES: Final = 10
_SECRET_BYTES: Final = 20
"""As long as the digest of SHA-1, which is what apps implement (RFC 4226 §4, R6)."""
_RECOVERY_BYTES: Final = 10
_MAX_CODE_LENGTH: Final = 64
_ROUNDS: Final = 5
_SETTLING: Final = timedelta(minutes=10)
"""How long the account may take to be told of a factor that was confirmed."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A second factor that is being set up."""

    sealed: str = field(repr=False)
    """What to keep until it is confirmed."""
    secret: str = field(repr=False)
    """Base32, for typing."""
    uri: str = field(repr=False)
    """``otpauth://…``, for a QR code."""


class SecondFactors:
    """The second factors of all accounts."""

    def __init__(self, store: SecondFactorStore, seal: Seal, clock: Clock, random_bytes: RandomBytes) -> None:
        """Work on ``store``; time and chance are arguments."""
        self._store = store
        self._seal = seal
        self._clock = clock
        self._random_bytes = random_bytes

    async def is_set(self, account: AccountRef) -> bool:
        """Return whether the account has a second factor that was confirmed."""
        factor = await self._store.find(account)
        return factor is not None and factor.confirmed_at is not None

    async def recovery_codes_left(self, account: AccountRef) -> int:
        """Return how many recovery codes the account has."""
        factor = await self._store.find(account)
        return 0 if factor is None else len(factor.recovery)

    async def begin(self, account: AccountRef, *, issuer: str, name: str) -> Enrolment | None:
        """Begin to set up a factor, with a secret that nobody has seen; ``None`` where one was confirmed already.

        ``issuer`` and ``name`` are what the app shows.
        """
        sealed = self._seal.close(b32encode(self._random_bytes(_SECRET_BYTES)).decode(), *_owner(account))
        if not await self._store.begin(account, sealed):
            return None
        return self.show(account, sealed, issuer=issuer, name=name)

    async def begin_first(self, account: AccountRef, *, issuer: str, name: str) -> Enrolment | None:
        """Begin as :meth:`begin`, for an account that knows of no factor.

        One that is stored all the same is of a former life, and is taken away; unless it was confirmed just now, for
        then the account is about to be told.
        """
        enrolment = await self.begin(account, issuer=issuer, name=name)
        if enrolment is None:
            await self.remove(account, confirmed_before=self._clock() - _SETTLING)
            enrolment = await self.begin(account, issuer=issuer, name=name)
        return enrolment

    def show(self, account: AccountRef, sealed: str, *, issuer: str, name: str) -> Enrolment:
        """Return what to show of a factor that is being set up."""
        secret = self._seal.open(sealed, *_owner(account))
        uri = TOTP(secret, digits=DIGITS, interval=STEP_SECONDS).provisioning_uri(name=name, issuer_name=issuer)
        return Enrolment(sealed, secret, uri)

    async def confirm(self, account: AccountRef, sealed: str, code: str) -> tuple[str, ...] | None:
        """Set the factor up if ``code`` is right; return the recovery codes, which are shown once.

        ``None``: the code is wrong, or the factor was begun anew or confirmed meanwhile.
        """
        moment = self._clock()
        step = matching_step(self._seal.open(sealed, *_owner(account)), code, moment)
        if step is None:
            return None
        codes = self._make_recovery_codes()
        hashes = tuple(_hash(account, each) for each in codes)
        factor = SecondFactor(account, sealed, render_time(moment), step, hashes)
        return codes if await self._store.confirm(factor) else None

    async def check(self, account: AccountRef, code: str) -> bool:
        """Return whether ``code`` is one of the app's, or a recovery code, that was not used before; then it is."""
        factor = await self._store.find(account)
        if factor is None or factor.confirmed_at is None or len(code) > _MAX_CODE_LENGTH:
            return False
        step = self._step(factor, code)
        if step is None:
            return await self._spend_recovery(factor, code)
        if not await self._store.spend_step(account, step):
            return False
        await self._seal_anew(factor)
        return True

    async def renew_recovery_codes(self, account: AccountRef) -> tuple[str, ...] | None:
        """Give the account other recovery codes in place of those it has; ``None`` where it has no factor."""
        for _ in range(_ROUNDS):
            factor = await self._store.find(account)
            if factor is None or factor.confirmed_at is None:
                return None
            codes = self._make_recovery_codes()
            hashes = [_hash(account, each) for each in codes]
            if await self._store.replace_recovery(account, factor.recovery, hashes):
                return codes
        return None

    async def remove(self, account: AccountRef, *, confirmed_before: datetime | None = None) -> bool:
        """Take the factor away, only if it was confirmed before that time; return whether there was one."""
        before = None if confirmed_before is None else render_time(confirmed_before)
        return await self._store.remove(account, confirmed_before=before)

    def _step(self, factor: SecondFactor, code: str) -> int | None:
        try:
            secret = self._seal.open(factor.secret, *_owner(factor.account))
        except UnsealError:
            # The key that sealed it was taken away. Recovery codes are hashes and still work.
            return None
        return matching_step(secret, code, self._clock())

    async def _seal_anew(self, factor: SecondFactor) -> None:
        """Seal the secret with the key of today, so that the one before can be taken away some day."""
        owner = _owner(factor.account)
        if self._seal.is_outdated(factor.secret, *owner):
            sealed = self._seal.close(self._seal.open(factor.secret, *owner), *owner)
            await self._store.replace_secret(factor.account, factor.secret, sealed)

    async def _spend_recovery(self, factor: SecondFactor, code: str) -> bool:
        hashed = _hash(factor.account, code)
        present: SecondFactor | None = factor
        for _ in range(_ROUNDS):
            if present is None or hashed not in present.recovery:
                return False
            left = [each for each in present.recovery if each != hashed]
            if await self._store.replace_recovery(factor.account, present.recovery, left):
                return True
            present = await self._store.find(factor.account)
        return False

    def _make_recovery_codes(self) -> tuple[str, ...]:
        texts = (b32encode(self._random_bytes(_RECOVERY_BYTES)).decode().lower() for _ in range(RECOVERY_CODES))
        return tuple("-".join(text[start : start + 4] for start in range(0, len(text), 4)) for text in texts)


def matching_step(secret: str, code: str, now: datetime) -> int | None:
    """Return the time step whose code this is, among the present one and its neighbours; ``None``: it is none's."""
    digits = code.replace(" ", "")
    if len(digits) != DIGITS or not digits.isascii() or not digits.isdigit():
        return None
    generator = TOTP(secret, digits=DIGITS, interval=STEP_SECONDS)
    present = int(now.timestamp()) // STEP_SECONDS
    steps = range(present - DRIFT_STEPS, present + DRIFT_STEPS + 1)
    # All are computed and compared, so that the time does not tell which one it was.
    matching = [step for step in steps if hmac.compare_digest(generator.generate_otp(step), digits)]
    return max(matching, default=None)


def _hash(account: AccountRef, code: str) -> str:
    """Return what is stored of a recovery code: of 80 random bits a fast hash is right."""
    typed = "".join(character for character in code.lower() if character.isalnum())
    text = "\0".join((*_owner(account), typed))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _owner(account: AccountRef) -> tuple[str, str, str]:
    return account.tenant_id, account.resource_type, account.id
