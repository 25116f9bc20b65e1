"""*Everyone.* Decides what is granted to all people of a tenant, as long as nobody has decided otherwise.

Everyone is kept as a resource of our own, with revisions and events, under a type that no SCIM endpoint serves. There
is no row until somebody changes what Everyone is granted. Knows the SCIM engine's building blocks.
"""

from functools import cache
from typing import Final

from musterbook.directory.account import Role
from musterbook.directory.actor import ResourceId
from musterbook.scim import ResourceType, make_resource_type, make_schema

EVERYONE_URN: Final = "urn:musterbook:schemas:core:1.0:Everyone"
EVERYONE_ID: Final = ResourceId("everyone")
DEFAULT_ROLES: Final = (Role.MEMBER,)
"""What Everyone is granted where nobody has decided otherwise."""


@cache
def everyone_type() -> ResourceType:
    """Return the resource type of Everyone, which has no attributes: what is granted stands in the account."""
    return make_resource_type("Everyone", "", make_schema(EVERYONE_URN, "Everyone", "All people of a tenant.", []))
