"""The pages of ``docs/conformance`` are whole, and the tests that they name exist."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, SOURCE, TESTS, functions, modules, parse

PAGES = tuple(ROOT / "docs" / "conformance" / name for name in ("rfc7643.md", "rfc7644.md", "rfc9865.md"))
HEADINGS = ["Id", "Section", "Level", "What is asked", "State", "What Musterbook does", "Proof"]
LEVELS = {"MUST", "SHOULD", "if offered", "implied", "open"}
STATES = {"kept", "choice", "deviation", "not offered", "outside"}
IDS = [*(f"C-{number:02d}" for number in range(1, 17)), *(f"R-{number:03d}" for number in range(1, 181))]
SECTION = re.compile(r"(?:764[34]|9865) §\d+(\.\d+)*(, §\d+(\.\d+)*)*")
PROOF = re.compile(r"`(?P<path>tests/[\w/]+\.py)::(?P<test>test_\w+)`")


@dataclass(frozen=True)
class Row:
    """One requirement, as a page has it."""

    id: str
    section: str
    level: str
    asked: str
    state: str
    done: str
    proof: str

    @property
    def tests(self) -> list[tuple[str, str]]:
        """The tests that are named: a path and a function."""
        return [(match["path"], match["test"]) for match in PROOF.finditer(self.proof)]


def rows(page: Path) -> list[Row]:
    """Return the rows of a page's tables."""
    lines = [line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if not line.startswith("|--")]
    assert all(len(found) == len(HEADINGS) for found in cells), page
    return [Row(*found) for found in cells if found != HEADINGS]


ALL = [row for page in PAGES for row in rows(page)]


@cache
def functions_of(path: str) -> frozenset[str]:
    """Return the names of the functions in a module."""
    file = ROOT / path
    return frozenset(function.name for function in functions(parse(file))) if file.is_file() else frozenset()


def test_every_requirement_has_one_row() -> None:
    """Each id stands once on all pages, none is missing, and on each page a section has them in order."""
    assert sorted(row.id for row in ALL) == IDS


@pytest.mark.parametrize("row", ALL, ids=lambda row: row.id)
def test_a_row_is_whole(row: Row) -> None:
    """A row names its section, its level and its state, and says what is asked and what is done."""
    assert SECTION.fullmatch(row.section)
    assert row.level in LEVELS
    assert row.state in STATES
    assert row.asked.endswith(".")
    assert row.done.endswith(".")


@pytest.mark.parametrize("row", ALL, ids=lambda row: row.id)
def test_a_row_is_proved(row: Row) -> None:
    """Every row but those that are outside names its proof, in nothing but tests that exist."""
    assert bool(row.tests) is (row.state != "outside")
    assert PROOF.sub("", row.proof).replace("<br>", "") == ("" if row.tests else "none")
    assert [f"{path}::{test}" for path, test in row.tests if test not in functions_of(path)] == []


def test_every_deviation_in_the_code_is_on_a_page() -> None:
    """What the code or a test labels as a deviation from a section of an RFC is in a row on that section."""
    label = re.compile(r"DEVIATION\(RFC (764[34]) ((?:§[\d.]+(?:, )?)+)\)")
    texts = (path.read_text(encoding="utf-8") for path in modules(SOURCE, TESTS))
    labelled = {
        (rfc, section) for text in texts for rfc, sections in label.findall(text) for section in sections.split(", ")
    }
    explained = {
        (row.section[:4], section)
        for row in ALL
        if row.state == "deviation"
        for section in re.findall(r"§[\d.]+", row.section)
    }
    filters = (ROOT / "docs" / "conformance" / "filters.md").read_text(encoding="utf-8")
    explained |= set(re.findall(r"RFC (764[34]) (§[\d.]*\d)", filters.partition("## Departures")[2]))
    assert labelled
    assert {
        (rfc, section)
        for rfc, section in labelled
        if not any(rfc == other and found.startswith(section) for other, found in explained)
    } == set()
