"""*Break-glass accounts.* Decides what the accounts are that must work when the identity provider does not.

Knows the SCIM engine's building blocks. A break-glass account is kept like a person, with revisions and events, but
under a resource type of its own that no SCIM endpoint serves: it is never listed, SCIM cannot touch it, and its name
reserves no ``userName``. The same address coming by SCIM is a separate person.
"""

from functools import cache

from musterbook.directory.account import Account, DisplayNameOrigin, Role, Source, Status
from musterbook.directory.actor import ResourceId
from musterbook.directory.rules import State
from musterbook.scim import Meta, Resource, ResourceType, make_resource_type, make_schema, user_type
from musterbook.scim.errors import InvalidValueError

MAX_EMAIL_LENGTH = 512
BREAK_GLASS_URN = "urn:musterbook:schemas:core:1.0:BreakGlassAccount"


@cache
def break_glass_type() -> ResourceType:
    """Return the resource type of break-glass accounts: a ``userName``, which is an e-mail address, and ``active``."""
    user = user_type().schema
    attributes = [item for name in ("userName", "active") if (item := user.attribute(name)) is not None]
    base = make_schema(BREAK_GLASS_URN, "BreakGlassAccount", "An account for emergencies.", attributes)
    return make_resource_type("BreakGlassAccount", "", base, unique_attribute="userName")


def check_email(email: str) -> None:
    """Return if ``email`` looks like the address of somebody.

    Raises:
        InvalidValueError: it does not.
    """
    local, at, domain = email.rpartition("@")
    if not (local and at and domain) or len(email) > MAX_EMAIL_LENGTH or not email.isprintable() or " " in email:
        raise InvalidValueError("The administrator's e-mail address must look like name@example.com.")


def open_break_glass_account(account_id: ResourceId, email: str, now: str, setup_expires_at: str) -> State:
    """Return the first administrator of a tenant: active, with a set-up link that was not redeemed."""
    attributes = {"userName": email, "active": True}
    resource = Resource(break_glass_type(), attributes, account_id, Meta(now, now, 1))
    account = Account(
        display_name=email,
        display_name_origin=DisplayNameOrigin.FALLBACK,
        status=Status.ACTIVE,
        source=Source.BREAK_GLASS,
        roles=(Role.ADMINISTRATOR,),
        setup_expires_at=setup_expires_at,
    )
    return State(resource, account)
