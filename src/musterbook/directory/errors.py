"""*What the directory refuses, in words for people.* Decides the sentences of the refusals, each in one place.

Knows no request and no storage. All of them are errors of ``scim.errors``: the directory has no failure for which SCIM
has no status.
"""

from collections.abc import Iterable

from musterbook.scim.errors import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    TooManyError,
    UnavailableError,
    UniquenessError,
)


def no_such_resource() -> NotFoundError:
    """Return the one answer to unknown, malformed, removed and foreign ids: it must not tell them apart."""
    return NotFoundError("There is no resource with this id.")


def no_such_person() -> NotFoundError:
    """Return the answer to a reference that fits nobody."""
    return NotFoundError("There is nobody with this id or userName.")


def no_such_group() -> NotFoundError:
    """Return the answer to a reference that fits no group."""
    return NotFoundError("There is no group with this id or displayName.")


def several_groups() -> ConflictError:
    """Return the refusal to guess which of several groups is meant."""
    return ConflictError("Several groups have this displayName. Name the one that is meant by its id.")


def not_permitted(permissions: Iterable[str]) -> ForbiddenError:
    """Return the refusal of what needs permissions that whoever acts does not hold."""
    return ForbiddenError(f"You may not do this. It needs the permission {', '.join(sorted(permissions))}.")


def grants_more() -> ForbiddenError:
    """Return the refusal to grant, or revoke, what one does not hold oneself."""
    return ForbiddenError("You may not grant or revoke a role that allows more than you may do yourself.")


def may_do_more() -> ForbiddenError:
    """Return the refusal to change somebody who may do more than whoever acts."""
    return ForbiddenError("This person may do more than you. Somebody who may do as much has to make this change.")


def no_connection() -> ConflictError:
    """Return the refusal to have people sign in by a provider that is not known."""
    return ConflictError("There is no SAML connection yet. Set it up first, then turn single sign-on on.")


def not_removed() -> ConflictError:
    """Return the refusal to restore what is there."""
    return ConflictError("This resource was not removed, so there is nothing to restore.")


def name_taken(attribute: str) -> UniquenessError:
    """Return the refusal of a value that another resource of the tenant holds."""
    return UniquenessError(
        f"Another resource already has this {attribute}; upper and lower case make no difference. "
        f"Look it up by {attribute}, or send a different one."
    )


def last_administrator() -> ConflictError:
    """Return the refusal to leave a tenant without an administrator."""
    return ConflictError(
        "This is the last person who can administer the organization. "
        "Make another active person Administrator first, then repeat this."
    )


def nobody_could_administer() -> ConflictError:
    """Return the refusal of a way to sign in by which no administrator could."""
    return ConflictError(
        "Nobody who can administer the organization could sign in any more. Have an administrator sign in by single "
        "sign-on once, or set up a break-glass account with a password, then repeat this."
    )


def granted_to_everyone(role: str) -> ConflictError:
    """Return the refusal to take from one person what Everyone is granted."""
    return ConflictError(
        f"{role} is granted to Everyone and cannot be taken from one person. Suspend the person instead."
    )


def too_busy() -> UnavailableError:
    """Return the answer to a change that others overtook again and again."""
    return UnavailableError("The resource is being changed by many requests at once. Try again.")


def store_away() -> UnavailableError:
    """Return the answer while the database cannot be used."""
    return UnavailableError("The database cannot be reached at the moment. Try again.", retry_after_seconds=5)


def too_expensive() -> TooManyError:
    """Return the refusal of a query that looks at too many rows."""
    return TooManyError(
        "This query looks at too many resources. Add a condition on userName, externalId, id or emails.value with eq."
    )
