"""*The present password, asked again.* Decides whether whoever sits at a browser is the one who signed in there.

Knows hashes and the slow-down; knows no HTTP and no SQL. A browser that somebody left open must not be enough to change
how they sign in (OWASP ASVS 5.0 §7.5.1). Guesses are counted before they are looked at.
"""

from musterbook.identity.entry import Claim, NotLetInError
from musterbook.identity.password_refusal import PasswordRefusal, too_busy, too_many_tries
from musterbook.identity.password_sign_in import hash_of
from musterbook.identity.passwords import Argon2Hashes, HashingBusyError
from musterbook.identity.sessions import Authenticated
from musterbook.identity.slow_down import Counted, SlowDown, Subject, TooManyTriesError


class PresentPassword:
    """Asking for the password that somebody has, for all tenants."""

    def __init__(self, hashes: Argon2Hashes, slow_down: SlowDown) -> None:
        """Look at passwords with ``hashes``, and at no more of them than ``slow_down`` lets pass."""
        self._hashes = hashes
        self._slow_down = slow_down

    async def check(self, inside: Authenticated, present: str) -> str:
        """Return the stored hash if ``present`` is the password of whoever is ``inside``.

        Raises:
            TryLaterError: not looked at: too many tries, or too many people at once.
            NotLetInError: it is wrong, or there is none.
        """
        account = inside.session.account
        claim = Claim(account=account)
        try:
            hold = await self._slow_down.begin(account.tenant_id, [Subject(Counted.PRESENT_PASSWORD, account.id)])
        except TooManyTriesError as error:
            raise too_many_tries(error.retry_after_seconds, claim) from error
        stored = hash_of(inside.account)
        try:
            verdict = await self._hashes.verify(present, stored)
        except HashingBusyError as error:
            await self._slow_down.give_back(hold)
            raise too_busy(error.retry_after_seconds, claim) from error
        if stored is None:
            raise NotLetInError(PasswordRefusal.NO_PASSWORD.value, "The person has no password.", claim)
        if not verdict.is_right:
            raise NotLetInError(PasswordRefusal.WRONG_PASSWORD.value, "The present password is wrong.", claim)
        await self._slow_down.succeed(hold)
        return stored
