"""*An application in Okta.* Decides what distinguishes one application from another.

Knows nothing of what the settings do.
"""

from dataclasses import dataclass
from enum import Enum

from musterbook.simulator.connector import ConnectorOptions, ConnectorSettings


class Application(Enum):
    """How an application came into Okta, which decides its requests and cannot be changed."""

    OIN = "oin"
    """From Okta's catalogue, the Okta Integration Network: PATCH for ``active``, passwords and groups."""
    AIW = "aiw"
    """Made by the App Integration Wizard: everything is a PUT."""


class OktaOptions(ConnectorOptions, total=False):
    """Every setting of an `OktaApp`, each with a default. Their meaning: `OktaSettings`."""

    application: Application
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OktaSettings(ConnectorSettings):
    """What distinguishes one application in Okta from another."""

    application: Application = Application.OIN
    """How it came into Okta."""
    label: str = "Musterbook"
    """What the administrator called it: it stands in the messages."""
    timeout: float = 60.0
    """Okta documents that an answer must come within 60 seconds."""
