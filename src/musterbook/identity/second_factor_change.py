"""*Another second factor.* Decides how somebody who is signed in sets up their own, renews its codes, or takes it away.

Knows ports and the directory; knows no HTTP and no SQL. Each change is made by whoever proves anew who they are (OWASP
ASVS 5.0 §7.5.1): by the password where there is no factor yet, and by a code where there is one. The password alone
takes no factor away, for it is what the factor protects against.
"""

from musterbook.directory import Actor, Directory, break_glass_type
from musterbook.directory.operation import Held, RecordSecondFactor
from musterbook.identity.accounts import AccountRef
from musterbook.identity.entry import Claim
from musterbook.identity.password_refusal import WrongCodeError, too_many_tries
from musterbook.identity.password_sign_in import needs_second_factor
from musterbook.identity.passwords import Argon2Hashes
from musterbook.identity.present_password import PresentPassword
from musterbook.identity.sealing import UnsealError
from musterbook.identity.sessions import Authenticated
from musterbook.identity.slow_down import Counted, SlowDown, Subject, TooManyTriesError
from musterbook.identity.totp import Enrolment, SecondFactors
from musterbook.scim import user_type

_TYPES = {each.name: each for each in (user_type(), break_glass_type())}


class SecondFactorRequiredError(Exception):
    """The person may do so much that the second factor cannot be taken away."""


class SecondFactorChange:
    """Changing one's own second factor, for all tenants."""

    def __init__(self, directory: Directory, factors: SecondFactors, hashes: Argon2Hashes, slow_down: SlowDown) -> None:
        """Change ``factors``, and tell ``directory``."""
        self._directory = directory
        self._factors = factors
        self._present = PresentPassword(hashes, slow_down)
        self._slow_down = slow_down

    async def begin(self, inside: Authenticated, name: str, present: str) -> Enrolment | None:
        """Begin to set up a factor, which the app shows as ``name``; ``None``: another browser did at this moment.

        Raises:
            TryLaterError: not looked at: too many tries, or too many people at once.
            NotLetInError: the present password is wrong, or there is none.
        """
        await self._present.check(inside, present)
        return await self._factors.begin_first(inside.session.account, issuer=inside.tenant.name, name=name)

    def show(self, inside: Authenticated, name: str, sealed: str) -> Enrolment | None:
        """Return what to show of the factor that is being set up; ``None``: it is none of this account's."""
        try:
            return self._factors.show(inside.session.account, sealed, issuer=inside.tenant.name, name=name)
        except UnsealError:
            return None

    async def confirm(self, actor: Actor, inside: Authenticated, sealed: str, code: str) -> tuple[str, ...]:
        """Set up the factor that was begun; return the recovery codes, which are shown once.

        Only who has given the password was shown what is ``sealed``, so it is not asked for again. Nothing is counted:
        the code is of a key that stands on the page.

        Raises:
            WrongCodeError: the code is wrong, or the factor was begun anew or set up meanwhile.
        """
        account = inside.session.account
        try:
            codes = await self._factors.confirm(account, sealed, code)
        except UnsealError:
            codes = None
        if codes is None:
            raise WrongCodeError(Claim(account=account))
        await self._record(actor, account, is_set=True)
        return codes

    async def renew_recovery_codes(self, inside: Authenticated, code: str) -> tuple[str, ...] | None:
        """Give whoever is ``inside`` other recovery codes, shown once; ``None``: the factor is gone meanwhile.

        Raises:
            TryLaterError: not looked at: too many codes were wrong.
            WrongCodeError: the code is wrong.
        """
        await self._check_code(inside, code)
        return await self._factors.renew_recovery_codes(inside.session.account)

    async def remove(self, actor: Actor, inside: Authenticated, held: Held, code: str) -> None:
        """Take the factor away from whoever is ``inside`` and holds no more than ``held``.

        Raises:
            SecondFactorRequiredError: they need one.
            TryLaterError: not looked at: too many codes were wrong.
            WrongCodeError: the code is wrong.
        """
        if needs_second_factor(held.permissions):
            raise SecondFactorRequiredError
        await self._check_code(inside, code)
        account = inside.session.account
        # The account first: what it asks for at the next sign-in must be there.
        await self._record(actor, account, is_set=False)
        await self._factors.remove(account)

    async def _check_code(self, inside: Authenticated, code: str) -> None:
        account = inside.session.account
        claim = Claim(account=account)
        try:
            hold = await self._slow_down.begin(account.tenant_id, [Subject(Counted.CODE, account.id)])
        except TooManyTriesError as error:
            raise too_many_tries(error.retry_after_seconds, claim) from error
        if not await self._factors.check(account, code):
            raise WrongCodeError(claim)
        await self._slow_down.succeed(hold)

    async def _record(self, actor: Actor, account: AccountRef, *, is_set: bool) -> None:
        type_ = _TYPES[account.resource_type]
        await self._directory.perform(actor, RecordSecondFactor(type_, account.id, is_set=is_set))
