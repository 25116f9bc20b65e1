"""*Who would be locked out.* Decides what an operator reads before single sign-on becomes the only way to sign in.

Knows the directory's preflight; counts nothing of its own. Whoever is suspended signs in by no way, and is left out.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from musterbook.cli.exit_codes import CommandError, ExitCode
from musterbook.cli.output import Column, Listing, Row
from musterbook.cli.running import Desk
from musterbook.directory import Actor, errors
from musterbook.directory.lockout import Lockout, LockoutReason
from musterbook.directory.operation import PreflightSsoOnly

MAX_SHOWN: Final = 20
LOCKOUT_WORDS: Final = {
    LockoutReason.SUSPENDED: "is suspended",
    LockoutReason.NO_CONNECTION: "there is no identity provider yet",
    LockoutReason.NOT_BOUND: "has never signed in by the identity provider",
    LockoutReason.NOT_SET_UP: "was not set up, and the set-up link has expired",
}


def _row(lockout: Lockout) -> Row:
    return {"user_name": lockout.person.user_name, "reason": lockout.reason.value}


_LOCKOUTS: Listing[Lockout] = Listing(
    row=_row,
    columns=(
        Column("userName", lambda lockout: lockout.person.user_name),
        Column("why", lambda lockout: LOCKOUT_WORDS[lockout.reason]),
    ),
    empty="Nobody would be locked out.",
)


async def check_nobody_is_locked_out(desk: Desk, actor: Actor, *, yes: bool) -> None:
    """Return if single sign-on may become the only way: nobody is locked out, or the operator means it.

    Raises:
        ConflictError: no administrator could sign in any more; that is never meant.
        CommandError: somebody would be locked out, and the operator has not said so.
    """
    shown, counts = await _look(desk, actor)
    if not counts:
        return
    desk.output.list_items(_LOCKOUTS, shown)
    total = sum(counts.values())
    people = "1 person" if total == 1 else f"{total} people"
    if total > len(shown):
        desk.output.say(f"… and {total - len(shown)} more.")
    if not yes:
        raise CommandError(
            f"By single sign-on alone {people} could not sign in as things stand. Somebody who has never signed in by "
            "the identity provider can once it knows them by the same e-mail address. Repeat the command with --yes "
            "to do it.",
            ExitCode.CONFLICT,
        )
    desk.output.say(f"{people} cannot sign in until they do so by the identity provider.")


async def _look(desk: Desk, actor: Actor) -> tuple[Sequence[Lockout], Counter[LockoutReason]]:
    """Return the first of those who would be locked out, and how many they are for which reason."""
    shown: list[Lockout] = []
    counts: Counter[LockoutReason] = Counter()
    page = await desk.services.directory.perform(actor, PreflightSsoOnly())
    if page.overview is None or not page.overview.administrators:
        raise errors.nobody_could_administer()
    # Break-glass accounts are among no part of the people.
    administrators = page.overview.locked_out_administrators
    found = [lockout for lockout in administrators if lockout.reason is LockoutReason.NOT_SET_UP]
    while True:
        found += [lockout for lockout in page.locked_out if lockout.reason is not LockoutReason.SUSPENDED]
        counts.update(lockout.reason for lockout in found)
        shown += found[: MAX_SHOWN - len(shown)]
        if page.next is None:
            return shown, counts
        found = []
        page = await desk.services.directory.perform(actor, PreflightSsoOnly(after=page.next))
