"""*An application in JumpCloud.* Decides what distinguishes one application from another.

Knows nothing of what the settings do.
"""

from dataclasses import dataclass

from musterbook.simulator.connector import ConnectorOptions, ConnectorSettings


class JumpCloudOptions(ConnectorOptions, total=False):
    """Every setting of a `JumpCloudApp`, each with a default. Their meaning: `JumpCloudSettings`."""

    test_email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JumpCloudSettings(ConnectorSettings):
    """What distinguishes one application in JumpCloud from another."""

    test_email: str = "jumpcloud.test@example.com"
    """The address of the test user, which the administrator gives for applications that look at its domain."""
