"""*Another password.* Decides how somebody who is signed in changes their own.

Knows ports and the directory; knows no HTTP and no SQL. The present password is asked for first, and guesses at it are
counted: a browser that somebody left open must not be enough. The change ends every session of the person. Whoever made
it is proven anew by that, so the page lands them again, with a new token.
"""

from musterbook.directory import Actor, Directory, break_glass_type
from musterbook.directory.account import Account
from musterbook.directory.actor import sign_in_actor
from musterbook.directory.operation import HeldPermissions, SetPassword
from musterbook.identity.entry import Claim, NotLetInError
from musterbook.identity.landing import Proof
from musterbook.identity.new_password import check_new_password
from musterbook.identity.password_refusal import PasswordRefusal, too_busy, too_many_tries
from musterbook.identity.password_sign_in import hash_of
from musterbook.identity.passwords import Argon2Hashes, HashingBusyError
from musterbook.identity.sessions import Authenticated, SignIn
from musterbook.identity.slow_down import Counted, SlowDown, Subject, TooManyTriesError
from musterbook.scim import user_type

_TYPES = {each.name: each for each in (user_type(), break_glass_type())}


class PasswordChange:
    """Changing one's own password, for all tenants."""

    def __init__(self, directory: Directory, hashes: Argon2Hashes, slow_down: SlowDown) -> None:
        """Change by ``directory``."""
        self._directory = directory
        self._hashes = hashes
        self._slow_down = slow_down

    async def change(self, actor: Actor, inside: Authenticated, present: str, chosen: str) -> Proof:
        """Give whoever is ``inside`` the password ``chosen``; return the proof with which the page lands them anew.

        Raises:
            TryLaterError: not looked at: too many tries, or too many people at once.
            NotLetInError: the present password is wrong, or there is none.
            WeakPasswordError: the new one cannot be chosen.
        """
        account = inside.session.account
        claim = Claim(account=account)
        try:
            hold = await self._slow_down.begin(account.tenant_id, [Subject(Counted.PRESENT_PASSWORD, account.id)])
        except TooManyTriesError as error:
            raise too_many_tries(error.retry_after_seconds, claim) from error
        try:
            stored = await self._check_present(inside.account, present, claim)
        except HashingBusyError as error:
            await self._slow_down.give_back(hold)
            raise too_busy(error.retry_after_seconds, claim) from error
        await self._slow_down.succeed(hold)
        names = (inside.tenant.name, inside.tenant.slug, inside.account.display_name, actor.name)
        check_new_password(chosen, names)
        hashed = await self._hashes.make(chosen)
        type_ = _TYPES[account.resource_type]
        await self._directory.perform(actor, SetPassword(type_, account.id, hashed, instead_of=stored))
        # Signing in sees the hash, and so whether it was this change that took place.
        reader = sign_in_actor(account.tenant_id, actor.request_id)
        held = await self._directory.perform(reader, HeldPermissions(type_, account.id))
        if hash_of(held.account) != hashed:
            raise NotLetInError(PasswordRefusal.OVERTAKEN.value, "The password was changed meanwhile.", claim)
        return Proof(inside.tenant, SignIn(account, held.account.epoch, inside.session.method), held.settings)

    async def _check_present(self, account: Account, present: str, claim: Claim) -> str:
        stored = hash_of(account)
        verdict = await self._hashes.verify(present, stored)
        if stored is None:
            raise NotLetInError(PasswordRefusal.NO_PASSWORD.value, "The person has no password.", claim)
        if not verdict.is_right:
            raise NotLetInError(PasswordRefusal.WRONG_PASSWORD.value, "The present password is wrong.", claim)
        return stored
