"""How results are shown at terminals of several widths."""

import io

import pytest
from rich.console import Console

from musterbook.cli.output import Cell, Column, Listing, Output, readable, visible

PEOPLE: Listing[tuple[str, str]] = Listing(
    row=lambda person: {"id": person[0], "name": person[1]},
    columns=(Column("id", lambda person: person[0], is_whole=True), Column("name", lambda person: person[1])),
    empty="There is nobody.",
)
ADA = ("0123456789", "Ada Lovelace of Ockham")


def shown(width: int) -> list[str]:
    """Return the lines of a list of one person at a terminal of this width."""
    file = io.StringIO()
    console = Console(file=file, width=width)
    Output(as_json=False, out=console, err=console).list_items(PEOPLE, [ADA])
    return [line.rstrip() for line in file.getvalue().splitlines()]


@pytest.mark.parametrize(
    "width, lines",
    [
        (100, ["id          name", "0123456789  Ada Lovelace of Ockham"]),
        (24, ["id          name", "0123456789  Ada Lovelace", "            of Ockham"]),
        (20, ["id          name", "0123456789  Ada", "            Lovelace", "            of", "            Ockham"]),
        (19, ["id    0123456789", "name  Ada Lovelace of Ockham", ""]),
    ],
)
def test_a_table_becomes_blocks_where_it_cannot_be_read(width: int, lines: list[str]) -> None:
    """Columns are folded down to eight characters, but not those that people copy; below that, each field has a line
    of its own, which the terminal wraps.
    """
    assert shown(width) == lines


@pytest.mark.parametrize(
    "value, text",
    [
        (None, "-"),
        ("", "-"),
        ([], "-"),
        (0, "0"),
        (True, "yes"),
        (False, "no"),
        (["a", "b"], "a, b"),
        ({"active": 2}, "active: 2"),
        ("a\tb", "a\\tb"),
    ],
)
def test_a_value_is_readable(value: Cell, text: str) -> None:
    """For people nothing is a dash, truth is yes or no, and lists are separated by commas."""
    assert readable(value) == text


@pytest.mark.parametrize(
    "text, seen",
    [
        ("Ada", "Ada"),
        ("Zoë 欧阳 தமிழ்", "Zoë 欧阳 தமிழ்"),
        ("\x1b]0;x\x07", "\\x1b]0;x\\x07"),
        ("a\rb\x7f", "a\\rb\\x7f"),
        ("\u202eabc\ud800", "\\u202eabc\\ud800"),
        ("one\ntwo", "one\\ntwo"),
        ("ro\u200cya", "ro\u200cya"),
    ],
)
def test_text_moves_no_cursor(text: str, seen: str) -> None:
    """Control characters, line ends, direction marks and broken Unicode are shown; what belongs to a name stays."""
    assert visible(text) == seen
