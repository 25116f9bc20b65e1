"""Microsoft Entra ID, as an administrator and an application know it, with and without its flag for compliance.

The shapes on the wire are those of Microsoft's documentation of its SCIM client and of the flag ``aadOptscim062020``.
What they leave open is commented where it was decided.
"""

from musterbook.simulator.entra.app import EntraApp
from musterbook.simulator.entra.settings import EntraOptions, EntraSettings, Matching, Quarantine
from musterbook.simulator.entra.story import entra_story

__all__ = ["EntraApp", "EntraOptions", "EntraSettings", "Matching", "Quarantine", "entra_story"]
