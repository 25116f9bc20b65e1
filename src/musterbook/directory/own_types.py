"""*Resources of our own.* Decides which resource types are Musterbook's, and out of reach for SCIM.

What is kept under them is stored as people are, with revisions, events and the one way to write. No SCIM endpoint
serves them, and no operator can define a type by one of these names.
"""

from typing import Final

from musterbook.directory.break_glass import break_glass_type
from musterbook.directory.everyone import everyone_type
from musterbook.directory.saml_connection import saml_connection_type
from musterbook.directory.sign_in_settings import sign_in_settings_type

SETTINGS_TYPES: Final = frozenset({everyone_type().name, sign_in_settings_type().name, saml_connection_type().name})
"""The names of those that have operations of their own, and are never changed as resources."""
OWN_TYPES: Final = SETTINGS_TYPES | {break_glass_type().name}
"""The names of all."""
