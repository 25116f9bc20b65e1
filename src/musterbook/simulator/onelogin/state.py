"""*What the administrator sees.* Decides the states that OneLogin's pages show, and what is remembered of each person.

Knows nothing of requests but their records. Values only: `app` moves them, `provisioning` makes a new `Link`.
"""

from dataclasses import dataclass
from enum import Enum

from musterbook.simulator.onelogin.user import OneLoginUser
from musterbook.simulator.wire import Exchange


class ApiStatus(Enum):
    """API Status on the Configuration tab."""

    DISABLED = "Disabled"
    ENABLED = "Enabled"


class ProvisioningState(Enum):
    """The provisioning state of a person, and of each task."""

    PENDING = "Pending"
    PROVISIONING = "Provisioning"
    PROVISIONED = "Provisioned"
    FAILED = "Failed"


class Action(Enum):
    """What OneLogin can set out to do. The values complete the sentence "Failed to …"."""

    ENABLE = "enable the API connection"
    REFRESH_ENTITLEMENTS = "refresh entitlements"
    LIST = "list users in app"
    LOOK_UP = "look up user in app"
    CREATE = "create user in app"
    UPDATE = "update user in app"
    SUSPEND = "suspend user in app"
    REACTIVATE = "reactivate user in app"
    DELETE = "delete user in app"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What OneLogin remembers of a person's user in the application."""

    scim_id: str | None = None
    """The id that the application gave."""
    user_name: str | None = None
    """The ``userName`` last sent with success."""
    suspended: bool = False
    """Whether OneLogin suspended the user."""
    deleted_id: str | None = None
    """The id of the user that OneLogin deleted last, which must not be seen again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """A person's access to the application: one row of its Users tab."""

    user: OneLoginUser
    state: ProvisioningState = ProvisioningState.PENDING
    message: str = ""
    """What a click on Failed or Pending shows."""
    waiting: tuple[Action, ...] = ()
    """What is still to be done: it waits for approval, or failed and waits for a retry."""
    leaving: bool = False
    """Whether the row goes when nothing waits any more."""
    link: Link = Link()


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One line of the activity: what was done, for whom, with which requests, and how it ended."""

    number: int
    action: Action
    user: OneLoginUser | None
    """None where the task is about the application as a whole."""
    state: ProvisioningState
    message: str
    exchanges: tuple[Exchange, ...]
