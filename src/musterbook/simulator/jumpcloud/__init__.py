"""JumpCloud, as an administrator and an application know it, through its custom SCIM connector.

JumpCloud documents its form and its test, and not its requests. Their shapes are those of requests that others have
recorded; where there is none, the choice is commented.
"""

from musterbook.simulator.jumpcloud.app import JumpCloudApp
from musterbook.simulator.jumpcloud.settings import JumpCloudOptions, JumpCloudSettings
from musterbook.simulator.jumpcloud.story import jumpcloud_story

__all__ = ["JumpCloudApp", "JumpCloudOptions", "JumpCloudSettings", "jumpcloud_story"]
