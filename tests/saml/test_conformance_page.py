"""The page about SAML is whole, and the tests that it names exist."""

import re

import pytest

from musterbook.saml.errors import Refusal
from tests.architecture.tree import ROOT
from tests.conformance.test_pages import HEADINGS, LEVELS, STATES, Row, functions_of

PAGE = (ROOT / "docs" / "conformance" / "saml2.md").read_text(encoding="utf-8")
TABLE, REASONS = PAGE.split("\n## Why a message is refused\n")
SECTION = re.compile(r"(?:Core|Bindings|Profiles|Metadata) §\d+(?:\.\d+)*")


def cells(text: str) -> list[list[str]]:
    """Return the cells of the tables of a text, without headings."""
    lines = [line for line in text.splitlines() if line.startswith("|") and not line.startswith("|--")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines][1:]


ROWS = [Row(*found) for found in cells(TABLE)]


def test_the_rows_are_numbered() -> None:
    """Every row has the columns of the other pages, and no number is missing."""
    assert f"| {' | '.join(HEADINGS)} |" in TABLE
    assert [row.id for row in ROWS] == [f"S-{number:02}" for number in range(1, len(ROWS) + 1)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_row_is_whole_and_proved(row: Row) -> None:
    """A row has its sections, a level and a state, says what is asked and done, and names tests that exist."""
    assert row.section == "none" or all(SECTION.fullmatch(section) for section in row.section.split(", "))
    assert {row.level} <= LEVELS
    assert {row.state} <= STATES
    assert row.asked.endswith(".")
    assert row.done.endswith(".")
    assert row.tests
    assert [f"{path}::{test}" for path, test in row.tests if test not in functions_of(path)] == []


def test_every_refusal_is_listed() -> None:
    """The page has each refusal, in the order of the code, with a sentence."""
    listed = [(row[0].strip("`"), row[1].endswith(".")) for row in cells(REASONS)]
    assert listed == [(refusal.value, True) for refusal in Refusal]
