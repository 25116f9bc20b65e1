"""*The crew and what is expected of it.* Decides how each person must be found in the directory after what happened.

Knows nothing of requests: the story says what happened, and this book-keeping says what follows from it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from musterbook.simulator.errors import StoryError
from musterbook.simulator.onelogin.template import ScimUsername, scim_user_name
from musterbook.simulator.onelogin.user import OneLoginUser


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedPerson:
    """How one person must be found in the directory."""

    user: OneLoginUser
    present: bool
    active: bool
    """Whether the person can sign in. False where they are not present."""
    user_name: str
    given_name: str
    """As sent."""
    family_name: str
    """As sent, which may begin with a space."""
    joined_as: str
    """Given and family name of the push that created the user, trimmed: for directories that name a person once."""
    scim_id: str | None
    """The id of the user; None where the person is not present."""
    former_scim_ids: tuple[str, ...]
    """The ids under which the person was present before. None of them may be found, and none may come again."""

    @property
    def trimmed_given_name(self) -> str:
        """The given name without spaces around it."""
        return self.given_name.strip()

    @property
    def trimmed_family_name(self) -> str:
        """The family name without spaces around it."""
        return self.family_name.strip()


class Crew:
    """Everybody in the story, in the order of their invention."""

    def __init__(self, users: Iterable[OneLoginUser], source: ScimUsername) -> None:
        self._source = source
        self._expected = {user.id: self._absent(user, ()) for user in users}

    @property
    def members(self) -> tuple[OneLoginUser, ...]:
        """Everybody as OneLogin holds them."""
        return tuple(person.user for person in self._expected.values())

    def expected(self) -> tuple[ExpectedPerson, ...]:
        """Return everybody as the directory must hold them, those who are absent included."""
        return tuple(self._expected.values())

    def arrived(self, user: OneLoginUser, scim_id: str | None) -> None:
        """Expect a person to be present and active under an id.

        Raises:
            StoryError: the id is one under which the person was deleted, or not the one they are present under.
        """
        before = self._expected[user.id]
        if scim_id in before.former_scim_ids:
            raise StoryError(f"{user.username} came back under the id of a deleted user.")
        if before.present and scim_id != before.scim_id:
            raise StoryError(f"{user.username} is found under another id than before.")
        self._expected[user.id] = replace(
            before,
            present=True,
            active=True,
            scim_id=scim_id,
            joined_as=before.joined_as if before.present else _joined_as(user),
        )

    def changed(self, user: OneLoginUser) -> None:
        """Expect a person's fields to be as OneLogin holds them, and the rest as before."""
        self._expected[user.id] = replace(
            self._expected[user.id],
            user=user,
            user_name=scim_user_name(user, self._source),
            given_name=user.firstname,
            family_name=user.lastname,
        )

    def switched(self, user: OneLoginUser, *, active: bool) -> None:
        """Expect a person to be suspended or reactivated."""
        self._expected[user.id] = replace(self._expected[user.id], active=active)

    def left(self, user: OneLoginUser) -> None:
        """Expect a person to be gone, and the id never to come again."""
        before = self._expected[user.id]
        ended = () if before.scim_id is None else (before.scim_id,)
        self._expected[user.id] = self._absent(user, before.former_scim_ids + ended)

    def _absent(self, user: OneLoginUser, former: tuple[str, ...]) -> ExpectedPerson:
        return ExpectedPerson(
            user=user,
            present=False,
            active=False,
            user_name=scim_user_name(user, self._source),
            given_name=user.firstname,
            family_name=user.lastname,
            joined_as=_joined_as(user),
            scim_id=None,
            former_scim_ids=former,
        )


def _joined_as(user: OneLoginUser) -> str:
    return f"{user.firstname.strip()} {user.lastname.strip()}".strip()
