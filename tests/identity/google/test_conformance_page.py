"""The page about OpenID Connect is whole, and the tests that it names exist."""

import re

import pytest

from musterbook.identity.google import GoogleRefusal
from tests.architecture.tree import ROOT
from tests.conformance.test_pages import HEADINGS, LEVELS, STATES, Row, functions_of

PAGE = (ROOT / "docs" / "conformance" / "openid-connect.md").read_text(encoding="utf-8")
TABLE, REASONS = PAGE.split("\n## Why a sign-in is refused\n")


def cells(text: str) -> list[list[str]]:
    """Return the cells of the tables of a text, without headings."""
    lines = [line for line in text.splitlines() if line.startswith("|") and not line.startswith("|--")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines][1:]


ROWS = [Row(*found) for found in cells(TABLE)]


def test_the_rows_are_numbered() -> None:
    """Every row has the columns of the other pages, and no number is missing."""
    assert f"| {' | '.join(HEADINGS)} |" in TABLE
    assert [row.id for row in ROWS] == [f"G-{number:02}" for number in range(1, len(ROWS) + 1)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_row_is_whole_and_proved(row: Row) -> None:
    """A row has a level and a state, says what is asked and done, and names tests that exist."""
    assert {row.level} <= LEVELS
    assert {row.state} <= STATES
    assert row.asked.endswith(".")
    assert row.done.endswith(".")
    assert row.tests
    assert [f"{path}::{test}" for path, test in row.tests if test not in functions_of(path)] == []


def test_every_reason_is_listed() -> None:
    """The page has each reason for a refusal, in the order of the code."""
    listed = [re.fullmatch(r"`([a-z-]+)`", row[0]) for row in cells(REASONS)]
    assert [found and found[1] for found in listed] == [reason.value for reason in GoogleRefusal]


def test_what_the_how_to_explains_is_a_reason() -> None:
    """The page for administrators names reasons that there are."""
    how_to = (ROOT / "docs" / "how-to" / "sign-in-with-google.md").read_text(encoding="utf-8")
    named = {name for row in cells(how_to) for name in re.findall(r"`([a-z-]+)`", row[0])}
    assert named
    assert named <= {reason.value for reason in GoogleRefusal}
