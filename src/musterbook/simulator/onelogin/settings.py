"""*The connector's form.* Decides what an administrator can set on OneLogin's pages for one application.

Knows nothing of what the settings do. The values of the enums are the words on OneLogin's pages.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TypedDict

from musterbook.simulator.onelogin.template import V2_ENTERPRISE, ScimUsername, Template


class WhenDeleted(Enum):
    """The drop-down "When users are deleted in OneLogin, or the user's app access is removed"."""

    DELETE = "Delete"
    SUSPEND = "Suspend"
    DO_NOTHING = "Do Nothing"


class WhenSuspended(Enum):
    """The drop-down "When user accounts are suspended in OneLogin"."""

    SUSPEND = "Suspend"
    DO_NOTHING = "Do Nothing"


class Approval(Enum):
    """The boxes under "Require admin approval before this action is performed"."""

    CREATE_USER = "Create user"
    UPDATE_USER = "Update user"
    DELETE_USER = "Delete user"


class SuspendBy(Enum):
    """How ``active`` is sent. No capture of a suspension is known; PUT is what OneLogin's list of calls leaves."""

    PUT = "PUT"
    PATCH = "PATCH"


class ProvisioningOptions(TypedDict, total=False):
    """The settings that can be changed while the application is in use. Their meaning: `AppSettings`."""

    template: Template
    scim_username: ScimUsername
    when_deleted: WhenDeleted
    when_suspended: WhenSuspended
    require_approval: frozenset[Approval]
    suspend_by: SuspendBy
    strict: bool
    verify: bool


class AppOptions(ProvisioningOptions, total=False):
    """Every setting of a `OneLoginApp`, each with a default. Their meaning: `AppSettings`."""

    custom_headers: Mapping[str, str]
    require_json_content_type: bool
    timeout: float
    tls: ssl.SSLContext | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppSettings:
    """What the administrator has set, and four things that only a simulator has."""

    template: Template = V2_ENTERPRISE
    """SCIM JSON Template."""
    scim_username: ScimUsername = ScimUsername.USERNAME
    """What the parameter ``scimusername`` is mapped to."""
    when_deleted: WhenDeleted = WhenDeleted.DELETE
    """What is done when access ends."""
    when_suspended: WhenSuspended = WhenSuspended.SUSPEND
    """What is done when a person is suspended in OneLogin."""
    require_approval: frozenset[Approval] = frozenset()
    """Which actions wait for the administrator."""
    custom_headers: Mapping[str, str] = field(default_factory=dict)
    """Custom Headers. They go with every request and replace the simulator's own of the same name."""
    suspend_by: SuspendBy = SuspendBy.PUT
    """The simulator's: which request suspends and reactivates."""
    strict: bool = True
    """The simulator's: a failure raises, besides being shown."""
    verify: bool = False
    """The simulator's: read every change back, which OneLogin does not."""
    require_json_content_type: bool = True
    """The simulator's: fail on answers that are not application/json, as OneLogin's documentation threatens."""
    timeout: float = 30.0
    """Seconds for connecting and for each wait for bytes. Ours: OneLogin's are not known."""
    tls: ssl.SSLContext | None = None
    """How the certificate of an https address is checked. None: against the system's authorities."""
