"""*Times.* Decides how a time is written (SAML 2.0 Core §1.3.3), and whether it is past, with clocks that differ.

Pure: the present is an argument. All times are UTC.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from musterbook.saml.errors import Refusal, SamlError, shown

SKEW: Final = timedelta(seconds=60)
"""By how much an identity provider's clock may differ from ours."""
MAX_AGE: Final = timedelta(minutes=10)
"""How long after it was made a message is taken. Also how long a request waits for its answer."""

# xs:dateTime in UTC: four digits of the year, and any fraction of a second.
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,12})?Z", flags=re.ASCII)


def parse_time(text: str | None) -> datetime:
    """Return the time of an attribute.

    Raises:
        SamlError: the attribute is missing, or is no time in UTC.
    """
    if text is None or _DATE_TIME.fullmatch(text) is None:
        raise SamlError(Refusal.BAD_VALUE, f"A time in UTC is needed, such as 2026-01-31T12:00:00Z, not {shown(text)}.")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise SamlError(Refusal.BAD_VALUE, f"There is no such time: {shown(text)}.") from None


def render_time(time: datetime) -> str:
    """Return a time as it stands in a message, in whole seconds."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def check_begun(start: datetime, now: datetime) -> None:
    """Return if ``start`` has come, by a clock that is fast as well.

    Raises:
        SamlError: it has not.
    """
    if now < start - SKEW:
        raise SamlError(
            Refusal.NOT_YET_VALID,
            f"It is valid from {render_time(start)} on. Compare the clocks: here it is {render_time(now)}.",
        )


def check_not_ended(end: datetime, now: datetime, refusal: Refusal = Refusal.EXPIRED) -> None:
    """Return if ``end`` has not come, by a clock that is slow as well.

    Raises:
        SamlError: it has; the end itself is the first moment that is too late.
    """
    if now >= end + SKEW:
        raise SamlError(refusal, f"It was valid until {render_time(end)}, and here it is {render_time(now)}.")


def check_issue_instant(issued: datetime, now: datetime) -> None:
    """Return if a message was made just now.

    Raises:
        SamlError: it was made ten minutes ago or earlier, or in the future.
    """
    if not now - MAX_AGE - SKEW < issued <= now + SKEW:
        raise SamlError(
            Refusal.ISSUE_INSTANT, f"It was made at {render_time(issued)}, and here it is {render_time(now)}."
        )
