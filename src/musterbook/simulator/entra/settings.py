"""*An application in Entra ID.* Decides what distinguishes one application from another.

Knows nothing of what the settings do.
"""

from dataclasses import dataclass
from enum import Enum

from musterbook.simulator.connector import ConnectorOptions, ConnectorSettings


class Matching(Enum):
    """The matching attribute: by what Entra ID finds a person in the application."""

    USER_NAME = "userName"
    EXTERNAL_ID = "externalId"
    WORK_EMAIL = 'emails[type eq "work"].value'


class Quarantine(Enum):
    """Why the provisioning of an application is in quarantine, in the words of Microsoft's page about it."""

    SCIM_COMPLIANCE = "SCIM Compliance issue"
    INVALID_CREDENTIALS = "Invalid credentials"


class EntraOptions(ConnectorOptions, total=False):
    """Every setting of an `EntraApp`, each with a default. Their meaning: `EntraSettings`."""

    compliant: bool
    matching: Matching


@dataclass(frozen=True, slots=True, kw_only=True)
class EntraSettings(ConnectorSettings):
    """What distinguishes one application in Entra ID from another."""

    compliant: bool = False
    """Whether the Tenant URL has the flag ``aadOptscim062020``, which brings PATCH nearer to RFC 7644 §3.5.2."""
    matching: Matching = Matching.USER_NAME
    """By what a person is found."""
