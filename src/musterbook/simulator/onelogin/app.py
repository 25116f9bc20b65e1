"""*The application in OneLogin.* Decides what happens when an administrator presses a button there.

Knows nothing of the wire's bytes and nothing of how one run is made. It holds what OneLogin's pages show: API Status,
the Users tab with a provisioning state for each person, the queue of what waits for approval or a retry, and the
activity. There is no standard for this; the states, drop-downs and buttons are those that OneLogin and connected
products describe. What a button sends is commented where that is not known.

Not for use by several threads at once.
"""

import uuid
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Self, TypeVar, Unpack

from musterbook.simulator.errors import ApiDisabledError, FailureReason, OneLoginFailureError, ProviderFailureError
from musterbook.simulator.onelogin.calls import HABITS, Calls
from musterbook.simulator.onelogin.checks import RemoteUser
from musterbook.simulator.onelogin.provisioning import Run
from musterbook.simulator.onelogin.settings import (
    AppOptions,
    Approval,
    AppSettings,
    ProvisioningOptions,
    WhenDeleted,
    WhenSuspended,
)
from musterbook.simulator.onelogin.state import Action, ApiStatus, Assignment, ProvisioningState, Task
from musterbook.simulator.onelogin.template import scim_user_name
from musterbook.simulator.onelogin.user import OneLoginUser, UserStatus
from musterbook.simulator.onelogin.users_tab import UsersTab, queued
from musterbook.simulator.wire import BaseUrl, Exchange, Wire, parse_base_url

_Answer = TypeVar("_Answer")

_NEEDS = {
    Action.CREATE: Approval.CREATE_USER,
    Action.UPDATE: Approval.UPDATE_USER,
    Action.SUSPEND: Approval.UPDATE_USER,
    Action.REACTIVATE: Approval.UPDATE_USER,
    Action.DELETE: Approval.DELETE_USER,
}
"""Which box each action waits for. There are three boxes; that ``active`` is an update is our reading."""


class OneLoginApp:
    """One application in OneLogin, connected to one SCIM base URL with one token.

    ``options`` are the fields of `AppSettings`. A failed run leaves its person in the state Failed with the message
    that an administrator reads; where ``strict`` is on, `OneLoginFailureError` is raised as well.

    Raises:
        SettingError: a base URL, token or header that cannot be used.
    """

    def __init__(self, base_url: str, token: str, **options: Unpack[AppOptions]) -> None:
        settings = AppSettings(**options)
        self._settings = settings
        self._wire = Wire(
            parse_base_url(base_url),
            token,
            habits=HABITS,
            custom_headers=settings.custom_headers,
            timeout=settings.timeout,
            tls=settings.tls,
        )
        self._calls = Calls(self._wire, json_content_type=settings.require_json_content_type)
        self._api_status = ApiStatus.DISABLED
        self._api_message = ""
        self._users = UsersTab()
        self._entitlements: tuple[str, ...] = ()
        self._tasks: list[Task] = []
        self._observers: list[Callable[[Task], None]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection to the application."""
        self._wire.close()

    # What the pages show

    @property
    def base_url(self) -> BaseUrl:
        """The SCIM Base URL, complete."""
        return self._wire.base

    @property
    def settings(self) -> AppSettings:
        """The settings as they are now."""
        return self._settings

    @property
    def api_status(self) -> ApiStatus:
        """API Status of the Configuration tab."""
        return self._api_status

    @property
    def api_message(self) -> str:
        """Why the last Enable failed; empty when it did not."""
        return self._api_message

    @property
    def entitlements(self) -> tuple[str, ...]:
        """The groups that the last refresh brought."""
        return self._entitlements

    @property
    def assignments(self) -> tuple[Assignment, ...]:
        """The Users tab."""
        return self._users.rows

    def assignment(self, user: OneLoginUser) -> Assignment:
        """Return a person's row of the Users tab.

        Raises:
            NotAssignedError: the person has no access.
        """
        return self._users.row(user)

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The activity, oldest first."""
        return tuple(self._tasks)

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Every request sent, oldest first."""
        return self._wire.exchanges

    def observe(self, observer: Callable[[Task], None]) -> None:
        """Call ``observer`` with every task from now on, after its state is set."""
        self._observers.append(observer)

    def change_settings(self, **changes: Unpack[ProvisioningOptions]) -> None:
        """Change settings, as on the Configuration and Provisioning tabs. What waits for approval goes on waiting."""
        self._settings = replace(self._settings, **changes)

    # The application as a whole

    def enable(self) -> ApiStatus:
        """Press Enable: look up a user name that nobody has. 200 with an empty list, or 404, gives Enabled."""
        # The name that OneLogin takes is not known. A new one each time can be special to no application.
        made_up = f"onelogin-{uuid.uuid4().hex}"

        def look_up() -> None:
            if self._calls.look_up(made_up) is not None:
                raise OneLoginFailureError(FailureReason.SOMEBODY_ELSE, "A user was found whom nobody has made.")

        self._api_status, self._api_message = ApiStatus.DISABLED, ""
        try:
            self._ask(Action.ENABLE, look_up)
        except OneLoginFailureError as error:
            self._api_message = error.message
            if self._settings.strict:
                raise
        else:
            self._api_status = ApiStatus.ENABLED
        return self._api_status

    def disable(self) -> None:
        """Press Disable. Nothing is sent."""
        self._api_status = ApiStatus.DISABLED

    def refresh_entitlements(self) -> tuple[str, ...]:
        """Press Refresh under Entitlements: get the groups. After a failure, the groups of before are still there."""
        try:
            self._entitlements = self._ask(Action.REFRESH_ENTITLEMENTS, self._calls.group_names)
        except OneLoginFailureError:
            if self._settings.strict:
                raise
        return self._entitlements

    def list_users(self) -> tuple[RemoteUser, ...]:
        """Get all users of the application. Always raises on failure, because there is nothing else to return.

        The call stands in OneLogin's list; what makes OneLogin send it is not known.
        """
        return self._ask(Action.LIST, self._calls.list_users)

    def reapply_mappings(self) -> None:
        """Press Reapply Mappings: push every person again. That the push is a whole one is our reading."""
        self._require_enabled()
        for assignment in self.assignments:
            if not assignment.leaving:
                self._submit(assignment, Action.UPDATE if assignment.link.scim_id else Action.CREATE)

    def sync(self) -> None:
        """Press Sync logins: look every person up and store the id. What OneLogin sends for it is not known."""
        self._require_enabled()
        for assignment in self.assignments:
            user = assignment.user
            user_name = scim_user_name(user, self._settings.scim_username)
            try:
                found = self._ask(Action.LOOK_UP, partial(self._calls.look_up, user_name), user)
            except OneLoginFailureError:
                if self._settings.strict:
                    raise
                continue
            if found is not None and not self._users.belongs_to_another(user, found.id):
                self._users.save(
                    replace(assignment, link=replace(assignment.link, scim_id=found.id, user_name=user_name))
                )

    # One person

    def assign(self, user: OneLoginUser) -> Assignment:
        """Give a person access, again or for the first time, and provision them.

        Somebody whom the end of access had suspended is reactivated.
        """
        self._require_enabled()
        assignment = self._users.row_to_give(user)
        if assignment is None:
            return self.update(user)
        if assignment.link.suspended:
            return self._submit(assignment, Action.REACTIVATE)
        return self._submit(assignment, Action.UPDATE if assignment.link.scim_id else Action.CREATE)

    def reassign(self, user: OneLoginUser) -> Assignment:
        """Give somebody access who had lost it. For OneLogin this is no different from `assign`."""
        return self.assign(user)

    def update(self, user: OneLoginUser) -> Assignment:
        """Change a person's fields in OneLogin, and push them. Whether they are suspended stays as it is."""
        self._require_enabled()
        assignment = self.assignment(user)
        assignment = replace(assignment, user=replace(user, status=assignment.user.status))
        if assignment.leaving:
            self._users.save(assignment)
            return assignment
        return self._submit(assignment, Action.UPDATE if assignment.link.scim_id else Action.CREATE)

    def suspend(self, user: OneLoginUser) -> Assignment:
        """Suspend a person in OneLogin, and do in the application what the drop-down says."""
        self._require_enabled()
        assignment = self._with_status(user, UserStatus.SUSPENDED)
        if self._settings.when_suspended is WhenSuspended.DO_NOTHING:
            return self._nothing_sent(assignment, Action.SUSPEND)
        return self._submit(assignment, Action.SUSPEND)

    def reactivate(self, user: OneLoginUser) -> Assignment:
        """Let a suspended person sign in to OneLogin again, and reactivate them in the application."""
        self._require_enabled()
        assignment = self._with_status(user, UserStatus.ACTIVE)
        if self._settings.when_suspended is WhenSuspended.DO_NOTHING and not assignment.link.suspended:
            return self._nothing_sent(assignment, Action.REACTIVATE)
        return self._submit(assignment, Action.REACTIVATE)

    def unassign(self, user: OneLoginUser) -> Assignment:
        """End a person's access, do in the application what the drop-down says, and return the row as it was last."""
        self._require_enabled()
        # What was still to be done for somebody who leaves is not worth doing any more.
        assignment = replace(self.assignment(user), leaving=True, waiting=())
        match self._settings.when_deleted:
            case WhenDeleted.DELETE:
                return self._submit(assignment, Action.DELETE)
            case WhenDeleted.SUSPEND:
                return self._submit(assignment, Action.SUSPEND)
            case WhenDeleted.DO_NOTHING:
                return self._nothing_sent(assignment, Action.DELETE)

    def delete(self, user: OneLoginUser) -> Assignment:
        """Delete a person in OneLogin. The same drop-down decides as for the end of access."""
        return self.unassign(user)

    def approve(self, user: OneLoginUser) -> Assignment:
        """Press Approve on a person in the state Pending; for anybody else nothing happens."""
        return self._resume(user, ProvisioningState.PENDING)

    def retry(self, user: OneLoginUser) -> Assignment:
        """Press Retry on a person in the state Failed; for anybody else nothing happens."""
        return self._resume(user, ProvisioningState.FAILED)

    # The queue

    def _resume(self, user: OneLoginUser, state: ProvisioningState) -> Assignment:
        self._require_enabled()
        assignment = self.assignment(user)
        return self._work_off(assignment) if assignment.state is state else assignment

    def _submit(self, assignment: Assignment, action: Action) -> Assignment:
        waiting = queued(assignment.waiting, action)
        pending = bool(assignment.waiting) and assignment.state is ProvisioningState.PENDING
        assignment = replace(assignment, waiting=waiting)
        if pending or _NEEDS[action] in self._settings.require_approval:
            message = "Waiting for an administrator's approval."
            assignment = replace(assignment, state=ProvisioningState.PENDING, message=message)
            self._users.save(assignment)
            self._log(action, assignment, len(self._wire))
            return assignment
        return self._work_off(assignment)

    def _work_off(self, assignment: Assignment) -> Assignment:
        while assignment.waiting:
            action = assignment.waiting[0]
            assignment = replace(assignment, state=ProvisioningState.PROVISIONING, message="")
            self._users.save(assignment)
            first = len(self._wire)
            try:
                link = self._run(assignment).perform(action)
            except ProviderFailureError as error:
                failure = self._failure(action, error)
                assignment = replace(assignment, state=ProvisioningState.FAILED, message=failure.message)
                self._users.save(assignment)
                self._log(action, assignment, first)
                if self._settings.strict:
                    raise failure from error
                return assignment
            assignment = replace(
                assignment, state=ProvisioningState.PROVISIONED, link=link, waiting=assignment.waiting[1:]
            )
            self._users.save(assignment)
            self._log(action, assignment, first)
        return assignment

    def _run(self, assignment: Assignment) -> Run:
        user = assignment.user
        return Run(
            self._calls,
            self._settings,
            user,
            assignment.link,
            lambda scim_id: self._users.belongs_to_another(user, scim_id),
        )

    def _nothing_sent(self, assignment: Assignment, action: Action) -> Assignment:
        self._users.save(assignment)
        message = "Nothing was sent: the drop-down says Do Nothing."
        self._log(action, replace(assignment, message=message), len(self._wire))
        return assignment

    def _ask(self, action: Action, work: Callable[[], _Answer], user: OneLoginUser | None = None) -> _Answer:
        first = len(self._wire)
        try:
            answer = work()
        except ProviderFailureError as error:
            failure = self._failure(action, error)
            self._announce(action, user, ProvisioningState.FAILED, failure.message, first)
            raise failure from error
        self._announce(action, user, ProvisioningState.PROVISIONED, "", first)
        return answer

    def _failure(self, action: Action, error: ProviderFailureError) -> OneLoginFailureError:
        message = self._wire.without_token(f"Failed to {action.value}. {error.message}")
        return OneLoginFailureError(error.reason, message, status=error.status)

    def _require_enabled(self) -> None:
        if self._api_status is not ApiStatus.ENABLED:
            raise ApiDisabledError("API Status is Disabled: press Enable first.")

    def _with_status(self, user: OneLoginUser, status: UserStatus) -> Assignment:
        assignment = self.assignment(user)
        return replace(assignment, user=replace(assignment.user, status=status))

    def _log(self, action: Action, assignment: Assignment, first: int) -> None:
        self._announce(action, assignment.user, assignment.state, assignment.message, first)

    def _announce(
        self, action: Action, user: OneLoginUser | None, state: ProvisioningState, message: str, first: int
    ) -> None:
        task = Task(
            number=len(self._tasks) + 1,
            action=action,
            user=user,
            state=state,
            message=message,
            exchanges=self._wire.since(first),
        )
        self._tasks.append(task)
        for observer in self._observers:
            observer(task)
