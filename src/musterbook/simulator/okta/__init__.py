"""Okta, as an administrator and an application know it: custom apps (AIW) and apps of its catalogue (OIN).

The shapes on the wire are those of Okta's SCIM 2.0 reference. What that leaves open is commented where it was decided.
"""

from musterbook.simulator.okta.app import OktaApp
from musterbook.simulator.okta.settings import Application, OktaOptions, OktaSettings
from musterbook.simulator.okta.story import okta_story

__all__ = ["Application", "OktaApp", "OktaOptions", "OktaSettings", "okta_story"]
