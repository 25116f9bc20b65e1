"""Times: how they are written, and how clocks may differ (S15)."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from musterbook.saml.errors import Refusal, SamlError
from musterbook.saml.times import parse_time, render_time
from tests.saml.idp import NOW, RESPONSE, signed_assertion, stamp
from tests.saml.parties import validate

# What is moved, to how many seconds from now, and the refusal if there is one.
CLOCKS = [
    ("NotBefore", stamp(-180), 59, None),
    ("NotBefore", stamp(-180), 60, None),
    ("NotBefore", stamp(-180), 61, Refusal.NOT_YET_VALID),
    ("NotOnOrAfter", stamp(180), -61, Refusal.EXPIRED),
    ("NotOnOrAfter", stamp(180), -60, Refusal.EXPIRED),
    ("NotOnOrAfter", stamp(180), -59, None),
    ("IssueInstant", stamp(), -660, Refusal.ISSUE_INSTANT),
    ("IssueInstant", stamp(), -659, None),
    ("IssueInstant", stamp(), 60, None),
    ("IssueInstant", stamp(), 61, Refusal.ISSUE_INSTANT),
    ("AuthnInstant", stamp(-1), -86400, None),
    ("AuthnInstant", stamp(-1), 60, None),
    ("AuthnInstant", stamp(-1), 61, Refusal.NOT_YET_VALID),
    ("SessionNotOnOrAfter", stamp(86400), -59, None),
    ("SessionNotOnOrAfter", stamp(86400), -60, Refusal.SESSION_ENDED),
]


@pytest.mark.parametrize("name, usual, seconds, refusal", CLOCKS)
def test_clocks_may_differ_by_a_minute(name: str, usual: str, seconds: float, refusal: Refusal | None) -> None:
    """Each time may be wrong by sixty seconds, and by no more; the end of a time is not in it any more."""
    old, new = f'{name}="{usual}"', f'{name}="{stamp(seconds)}"'
    assert old in RESPONSE
    document = signed_assertion(RESPONSE.replace(old, new))
    if refusal is None:
        assert validate(document).id == "_a1"
        return
    with pytest.raises(SamlError) as refused:
        validate(document)
    assert refused.value.refusal is refusal


@pytest.mark.parametrize(
    "text, time",
    [
        ("2026-11-24T12:00:00Z", NOW),
        ("2026-11-24T12:00:00.5Z", NOW + timedelta(milliseconds=500)),
        ("2026-11-24T12:00:00.123Z", NOW + timedelta(milliseconds=123)),
        ("2026-11-24T12:00:00.1234567Z", NOW + timedelta(microseconds=123456)),
        ("2024-02-29T23:59:59Z", datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_time_is_in_utc(text: str, time: datetime) -> None:
    """A time is an xs:dateTime in UTC (core §1.3.3); some identity providers write fractions of a second."""
    assert parse_time(text) == time


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "2026-11-24",
        "2026-11-24T12:00:00",
        "2026-11-24T12:00:00+00:00",
        "2026-11-24T12:00:00z",
        "2026-11-24 12:00:00Z",
        "20261124T120000Z",
        "2026-11-24T12:00:00.Z",
        "2026-11-24T12:00:60Z",
        "2026-02-29T12:00:00Z",
        "2026-11-24T12:00:00Z\n",
        "٢٠٢٦-11-24T12:00:00Z",
        "0000-01-01T00:00:00Z",
    ],
)
def test_what_is_not_such_a_time_is_refused(text: str | None) -> None:
    """Whatever else is there is refused: a time that is read in two ways opens a window."""
    with pytest.raises(SamlError) as refused:
        parse_time(text)
    assert refused.value.refusal is Refusal.BAD_VALUE


def test_our_times_are_whole_seconds_in_utc() -> None:
    """We write times as the identity provider's clock shows them, wherever ours is."""
    here = datetime(2026, 11, 24, 13, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=1)))
    assert render_time(here) == "2026-11-24T12:00:00Z"
