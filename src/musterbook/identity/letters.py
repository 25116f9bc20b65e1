"""*Letters.* Decides what is written to somebody who gets a link.

Knows words. Plain text: a letter that opens an account looks like what it is, and has nothing in it that loads.
"""

from datetime import datetime

from musterbook.identity.mail import Letter


def invitation(address: str, organization: str, url: str, expires_at: datetime) -> Letter:
    """Return the letter that lets somebody set an account up."""
    return Letter(
        to=address,
        subject=f"Your account at {organization}",
        text=(
            f"You have an account at {organization}.\n\n"
            f"Choose a password here to set it up. The link works once, until {_told(expires_at)}:\n\n"
            f"{url}\n\n"
            "If you do not expect this, leave the link alone: nothing happens then.\n"
        ),
    )


def reset_letter(address: str, organization: str, url: str, expires_at: datetime) -> Letter:
    """Return the letter that lets somebody choose another password."""
    return Letter(
        to=address,
        subject=f"Another password at {organization}",
        text=(
            f"Somebody asked for another password for your account at {organization}.\n\n"
            f"If it was you, choose one here. The link works once, until {_told(expires_at)}:\n\n"
            f"{url}\n\n"
            "If it was not you, leave the link alone: your password stays as it is.\n"
            "Your second factor stays as it is in any case.\n"
        ),
    )


def _told(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"
