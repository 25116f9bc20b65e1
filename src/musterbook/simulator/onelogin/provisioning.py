"""*One provisioning run.* Decides which requests one action for one person consists of.

Knows nothing of approval, states or logs. It receives what OneLogin remembers of the person (`Link`) and returns what
it remembers afterwards, or raises `ProviderFailureError` and remembers nothing.

Every run begins with a look-up by ``userName``: documented for creating, and seen in a capture before an update. That a
suspension is a PUT with ``"active": false`` is inferred from OneLogin's list of calls and its sample servers.
"""

import json
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace

from musterbook.simulator.checks import same_user_name
from musterbook.simulator.errors import FailureReason, ProviderFailureError, TemplateError
from musterbook.simulator.onelogin.calls import Calls
from musterbook.simulator.onelogin.checks import RemoteUser
from musterbook.simulator.onelogin.settings import AppSettings, SuspendBy
from musterbook.simulator.onelogin.state import Action, Link
from musterbook.simulator.onelogin.template import render, scim_user_name
from musterbook.simulator.onelogin.user import OneLoginUser


@dataclass(frozen=True, slots=True)
class Run:
    """One action for one person."""

    calls: Calls
    settings: AppSettings
    user: OneLoginUser
    link: Link
    belongs_to_another: Callable[[str], bool]
    """Whether an id is the one of another person with access."""

    def perform(self, action: Action) -> Link:
        """Carry out an action and return what is remembered of the person then.

        Raises:
            ProviderFailureError: an answer with which OneLogin fails.
        """
        target = self._target(action)
        match action:
            case Action.SUSPEND:
                link = self._suspend(target)
            case Action.REACTIVATE:
                link = self._reactivate(target)
            case Action.DELETE:
                link = self._delete(target)
            case _:
                link = self._push(target, active=None)
        if self.settings.verify:
            self._verify(action, link)
        return link

    @property
    def _user_name(self) -> str:
        return scim_user_name(self.user, self.settings.scim_username)

    def _target(self, action: Action) -> str | None:
        """Return the id to change, or None where the application has no user for this person."""
        found = self.calls.look_up(self._user_name)
        link = self.link
        if found is not None:
            if found.id == link.deleted_id:
                raise ProviderFailureError(
                    FailureReason.DELETED_STILL_VISIBLE, f"The deleted user {self._user_name!r} is still found."
                )
            if not self.belongs_to_another(found.id):
                return found.id
            # The name is another person's. What OneLogin does is not known; overwriting that person would hide
            # the mistake, while the id of the person in hand lets the application refuse the taken name.
            return link.scim_id
        if link.scim_id is not None and link.user_name == self._user_name:
            if link.suspended:
                raise ProviderFailureError(
                    FailureReason.SUSPENDED_VANISHED, f"The suspended user {self._user_name!r} is not found any more."
                )
            if action in (Action.CREATE, Action.UPDATE):
                return None
            raise ProviderFailureError(FailureReason.VANISHED, f"The user {self._user_name!r} is not found any more.")
        # Nobody has the new name yet. Whether OneLogin then uses the id of the create is not known; without it a
        # rename would make a second user, so the stored id it is.
        return link.scim_id

    def _document(self, *, active: bool | None) -> bytes:
        try:
            return render(self.settings.template, self.user, self.settings.scim_username, active=active)
        except TemplateError as error:
            raise ProviderFailureError(FailureReason.TEMPLATE, str(error)) from error

    def _push(self, target: str | None, *, active: bool | None) -> Link:
        body = self._document(active=active)
        remote = self.calls.create(body) if target is None else self.calls.replace(target, body)
        suspended = self.link.suspended if active is None else not active
        return replace(self.link, scim_id=remote.id, user_name=self._user_name, suspended=suspended)

    def _suspend(self, target: str | None) -> Link:
        if target is None:
            return self.link
        if self.settings.suspend_by is SuspendBy.PUT:
            return self._push(target, active=False)
        self.calls.set_active(target, active=False)
        return replace(self.link, scim_id=target, suspended=True)

    def _reactivate(self, target: str | None) -> Link:
        if target is None or self.settings.suspend_by is SuspendBy.PUT:
            return self._push(target, active=True)
        self.calls.set_active(target, active=True)
        return replace(self.link, scim_id=target, suspended=False)

    def _delete(self, target: str | None) -> Link:
        if target is None:
            return self.link
        self.calls.delete(target)
        return Link(deleted_id=target)

    def _verify(self, action: Action, link: Link) -> None:
        """Read the change back by id and by name, which OneLogin itself does not."""
        if link.scim_id is None:
            self._verify_gone(link)
            return
        remote = self.calls.get(link.scim_id)
        if remote is None:
            raise _not_kept(f"the user {self._user_name!r} does not exist")
        if action is not Action.SUSPEND or self.settings.suspend_by is SuspendBy.PUT:
            self._verify_names(remote)
        if link.suspended and remote.active is not False:
            raise _not_kept(f"the user {self._user_name!r} is not suspended")
        if action is Action.REACTIVATE and remote.active is not True:
            raise _not_kept(f"the user {self._user_name!r} is not active again")
        if action is Action.SUSPEND and self.calls.look_up(remote.user_name) is None:
            raise ProviderFailureError(
                FailureReason.SUSPENDED_VANISHED, f"The suspended user {remote.user_name!r} is not found any more."
            )

    def _verify_gone(self, link: Link) -> None:
        if link.deleted_id is None:
            return
        found = self.calls.look_up(self._user_name)
        if self.calls.get(link.deleted_id) is not None or (found is not None and found.id == link.deleted_id):
            raise ProviderFailureError(
                FailureReason.DELETED_STILL_VISIBLE, f"The deleted user {self._user_name!r} is still found."
            )

    def _verify_names(self, remote: RemoteUser) -> None:
        sent = json.loads(self._document(active=None))
        user_name = sent.get("userName")
        if isinstance(user_name, str) and not same_user_name(remote.user_name, user_name.strip()):
            raise _not_kept(f"userName is {remote.user_name!r}")
        name = sent.get("name")
        if not isinstance(name, dict):
            return
        for attribute, kept in (("givenName", remote.given_name), ("familyName", remote.family_name)):
            value = name.get(attribute)
            # A directory may trim a name: a real family name began with a space that nobody had meant.
            if isinstance(value, str) and _trimmed(value) != _trimmed(kept):
                raise _not_kept(f"name.{attribute} is {kept!r}")


def _trimmed(name: str) -> str:
    return unicodedata.normalize("NFC", name).strip()


def _not_kept(what: str) -> ProviderFailureError:
    return ProviderFailureError(FailureReason.CHANGE_NOT_KEPT, f"The change was answered with success, but {what}.")
