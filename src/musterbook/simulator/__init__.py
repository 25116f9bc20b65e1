"""Identity providers played for real over HTTP: OneLogin, as an administrator and an application know it.

Does: sends what OneLogin sends, byte for byte where that is known; shows what OneLogin shows; fails where OneLogin
fails. Does not: know the server. This room imports no other, and what provisions uses the standard library alone, so
that it can stand in the tests of any SCIM service. What people sign in at are servers, and need what servers need.
"""

from musterbook.simulator.errors import FailureReason, OneLoginFailureError, SimulatorError, StoryError
from musterbook.simulator.onelogin.app import OneLoginApp
from musterbook.simulator.onelogin.crew import ExpectedPerson
from musterbook.simulator.onelogin.settings import Approval, SuspendBy, WhenDeleted, WhenSuspended
from musterbook.simulator.onelogin.state import Action, ApiStatus, ProvisioningState, Task
from musterbook.simulator.onelogin.story import Step, run_story
from musterbook.simulator.onelogin.template import (
    V1_CORE,
    V1_ENTERPRISE,
    V2_CORE,
    V2_ENTERPRISE,
    ScimUsername,
    Template,
)
from musterbook.simulator.onelogin.user import OneLoginUser, people
from musterbook.simulator.wire import Exchange

__all__ = [
    "V1_CORE",
    "V1_ENTERPRISE",
    "V2_CORE",
    "V2_ENTERPRISE",
    "Action",
    "ApiStatus",
    "Approval",
    "Exchange",
    "ExpectedPerson",
    "FailureReason",
    "OneLoginApp",
    "OneLoginFailureError",
    "OneLoginUser",
    "ProvisioningState",
    "ScimUsername",
    "SimulatorError",
    "Step",
    "StoryError",
    "SuspendBy",
    "Task",
    "Template",
    "WhenDeleted",
    "WhenSuspended",
    "people",
    "run_story",
]
