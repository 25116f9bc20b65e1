"""*What the directory refuses, in words for people.* Decides the sentences of the refusals, each in one place.

Knows no request and no storage. All of them are errors of ``scim.errors``: the directory has no failure for which SCIM
has no status.
"""

from musterbook.scim.errors import ConflictError, NotFoundError, TooManyError, UnavailableError, UniquenessError


def no_such_resource() -> NotFoundError:
    """Return the one answer to unknown, malformed, removed and foreign ids: it must not tell them apart."""
    return NotFoundError("There is no resource with this id.")


def no_such_person() -> NotFoundError:
    """Return the answer to a reference that fits nobody."""
    return NotFoundError("There is nobody with this id or userName.")


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
