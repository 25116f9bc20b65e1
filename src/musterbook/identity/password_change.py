"""*Another password.* Decides how somebody who is signed in changes their own.

Knows ports and the directory; knows no HTTP and no SQL. The present password is asked for first, and guesses at it are
counted: a browser that somebody left open must not be enough. The change ends every session of the person. Whoever made
it is proven anew by that, so the page lands them again, with a new token.
"""

from musterbook.directory import Actor, Directory, break_glass_type, parse_time
from musterbook.directory.actor import sign_in_actor
from musterbook.directory.operation import HeldPermissions, SetPassword
from musterbook.identity.entry import Claim, NotLetInError
from musterbook.identity.landing import Proof
from musterbook.identity.new_password import check_new_password
from musterbook.identity.password_refusal import PasswordRefusal
from musterbook.identity.password_sign_in import hash_of
from musterbook.identity.passwords import Argon2Hashes
from musterbook.identity.present_password import PresentPassword
from musterbook.identity.session_store import SignInMethod
from musterbook.identity.sessions import Authenticated, SignIn
from musterbook.identity.slow_down import SlowDown
from musterbook.scim import user_type

_TYPES = {each.name: each for each in (user_type(), break_glass_type())}


class PasswordChange:
    """Changing one's own password, for all tenants."""

    def __init__(self, directory: Directory, hashes: Argon2Hashes, slow_down: SlowDown) -> None:
        """Change by ``directory``."""
        self._directory = directory
        self._hashes = hashes
        self._present = PresentPassword(hashes, slow_down)

    async def change(self, actor: Actor, inside: Authenticated, present: str, chosen: str) -> Proof:
        """Give whoever is ``inside`` the password ``chosen``; return the proof with which the page lands them anew.

        Raises:
            TryLaterError: not looked at: too many tries, or too many people at once.
            NotLetInError: the present password is wrong, or there is none.
            WeakPasswordError: the new one cannot be chosen.
        """
        session, account = inside.session, inside.session.account
        claim = Claim(account=account)
        stored = await self._present.check(inside, present)
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
        sign_in = SignIn(
            account,
            held.account.epoch,
            session.method,
            connection_id=session.connection_id,
            subject=session.subject,
            session_index=session.session_index,
            # What an identity provider has opened stays within its limit, and is ended by its logout.
            not_on_or_after=None if session.method is SignInMethod.PASSWORD else parse_time(session.expires_at),
        )
        return Proof(inside.tenant, sign_in, held.settings)
