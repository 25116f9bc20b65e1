"""*What can go wrong while a provider is played.* Decides the names of failures and of the rules an answer can break.

Knows nothing of HTTP or of provisioning. The tree is::

    SimulatorError
    ├── SettingError            a base URL, token, header or number that cannot be used
    ├── TemplateError           a JSON template with an unknown macro, or one that does not give a JSON object
    ├── ApiDisabledError        people were given access before API Status was Enabled
    ├── NotAssignedError        the user has no access to the application
    ├── ProviderFailureError    the application answered something with which the provider fails
    │   └── OneLoginFailureError  the same, from an application in OneLogin
    └── StoryError              the application let a step of the story end differently

No message holds the bearer token.
"""

from enum import Enum


class FailureReason(Enum):
    """The rules that an application can break, one value each."""

    UNREACHABLE = "no answer: nobody listens, the time ran out, or the connection broke"
    TOO_LARGE = "an answer longer than the simulator reads"
    UNAUTHORIZED = "401 or 403"
    NOT_FOUND = "404 where a result is due"
    CONFLICT = "409"
    REFUSED = "another 4xx"
    SERVER_ERROR = "5xx"
    UNEXPECTED_STATUS = "a status that this call does not have"
    CONTENT_TYPE = "a body whose Content-Type is not the one that the provider asks for"
    NOT_JSON = "a body that is not a JSON object"
    EMPTY_BODY = "no body where the resource is due"
    NOT_A_LIST = "a list answer without an array of Resources"
    TOTAL_RESULTS = "totalResults that is not the number of Resources"
    NOT_INTEGERS = "totalResults, startIndex or itemsPerPage that is not an integer"
    PAGES = "pages that end before totalResults, or hold a resource twice"
    NOT_UNIQUE = "a look-up that found more than one resource"
    SOMEBODY_ELSE = "an answer about another resource than the one asked for"
    NO_ID = "a resource without id"
    ID_NOT_A_STRING = "an id that is not a string"
    RESERVED_ID = "an id that holds the reserved word bulkId"
    NO_USER_NAME = "a user without userName"
    NO_NAME = "a user without name, givenName or familyName"
    NO_DISPLAY_NAME = "a group without displayName"
    MEMBERS_NOT_EXCLUDED = "a group with members although they were to be left out"
    NO_LOCATION = "a user that was read and has no meta.location"
    VANISHED = "a provisioned user whom the look-up does not find"
    SUSPENDED_VANISHED = "a suspended user whom the look-up does not find"
    DELETED_STILL_VISIBLE = "a deleted user who is still found"
    CHANGE_NOT_KEPT = "a change that was answered with success and does not read back"
    TEMPLATE = "a template that gives no JSON object for this user"


class SimulatorError(Exception):
    """Anything that this room raises on purpose."""


class SettingError(SimulatorError):
    """A setting of the connector that cannot be used."""


class TemplateError(SimulatorError):
    """A SCIM JSON template that cannot be rendered."""


class ApiDisabledError(SimulatorError):
    """Provisioning was asked for while API Status is Disabled."""


class NotAssignedError(SimulatorError):
    """The user has no access to the application."""


class StoryError(SimulatorError):
    """A step of the story ended differently than it must."""


class ProviderFailureError(SimulatorError):
    """The application answered something with which the provider fails.

    The text is what the administrator reads; ``reason`` is the rule that was broken, for programs.
    """

    def __init__(self, reason: FailureReason, message: str, *, status: int | None = None) -> None:
        """Keep the rule, the administrator's message and the HTTP status, which is None when there was no answer."""
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.status = status


class OneLoginFailureError(ProviderFailureError):
    """The application answered something with which OneLogin fails."""
