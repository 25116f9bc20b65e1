"""*What a command prints.* Results on standard output, for people or as JSON; everything else on standard error.

Knows rich and nothing of what the results mean. Three ideas:

* Where the output is no terminal, nothing is cut, folded or coloured: another program reads it.
* A list is printed page by page, so a million rows are never held at once.
* What people see may hold text that a stranger sent. Characters that mean something to a terminal are shown, not sent.
"""

import codecs
import json
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

Cell: TypeAlias = str | int | float | bool | Sequence["Cell"] | Mapping[str, "Cell"] | None
Row: TypeAlias = Mapping[str, Cell]
Item = TypeVar("Item")

_NO_LIMIT = 100_000
"""Columns of what is no terminal: wide enough that no line is broken."""
_GAP = "  "
_LEAST_COLUMN_WIDTH = 8
_JOINERS = frozenset({"\u200c", "\u200d"})
"""Invisible, and part of how names are spelled in Persian, Hindi and others."""


@dataclass(frozen=True, slots=True)
class Column(Generic[Item]):
    """One column of a table for people."""

    title: str
    cell: Callable[[Item], str]
    is_whole: bool = False
    """Whether it is never broken over lines, because people copy it or because it is short."""


@dataclass(frozen=True, slots=True)
class Listing(Generic[Item]):
    """How things of one kind are listed: all fields in JSON, the columns for people."""

    row: Callable[[Item], Row]
    columns: tuple[Column[Item], ...]
    empty: str
    """What is said where there is nothing to list."""


@dataclass(frozen=True, slots=True)
class Output:
    """Where and how a command speaks."""

    as_json: bool
    out: Console
    err: Console
    is_live: bool = False
    """Whether somebody watches results at a terminal, where bars may move and lines come at a pace."""

    def record(self, row: Row) -> None:
        """Print one thing: its fields in lines, or a JSON object."""
        if self.as_json:
            self.json_line(row)
            return
        width = max((len(name) for name in row), default=0)
        for name, value in row.items():
            title = name.replace("_", " ")
            self.out.print(Text.assemble((f"{title:<{width}}  ", "dim"), readable(value)), soft_wrap=True)

    def list_items(self, listing: Listing[Item], items: Sequence[Item]) -> None:
        """Print a list that is at hand: a table, or a JSON array."""
        self._print_page(listing, items, is_first=True)
        self._end_list(listing, is_empty=not items)

    async def list_pages(self, listing: Listing[Item], pages: AsyncIterator[Sequence[Item]]) -> None:
        """Print a list as its pages arrive: a table for each, or one JSON array."""
        is_empty = True
        async for page in pages:
            self._print_page(listing, page, is_first=is_empty)
            is_empty = False
        self._end_list(listing, is_empty=is_empty)

    def json_line(self, value: Cell) -> None:
        """Print one line of JSON, at once, so that a script that waits for it can go on."""
        self.line(self._json(value))

    def json_lines(self, values: Iterable[Cell]) -> None:
        """Print one line of JSON for each value."""
        for value in values:
            self.out.file.write(self._json(value) + "\n")
        self.out.file.flush()

    def line(self, text: str) -> None:
        """Print a result that is one line of text, exactly as it is, at once."""
        self.out.file.write(text + "\n")
        self.out.file.flush()

    def tell(self, text: str) -> None:
        """Print a result that is a sentence or a command, never broken over lines. Quiet with JSON."""
        if not self.as_json:
            self.out.print(Text(text), soft_wrap=True)

    def say(self, text: str) -> None:
        """Tell people something that is no result. Quiet with JSON."""
        if not self.as_json:
            self.err.print(Text(_visible_lines(text)))

    def fail(self, message: str) -> None:
        """Say why the command did not do what it was asked."""
        if self.as_json:
            self.err.file.write(json.dumps({"error": message}) + "\n")
        else:
            self.err.print(Text.assemble(("Error: ", "bold red"), _visible_lines(message)))

    @contextmanager
    def progress(self, total: int) -> Iterator[Callable[[str], None]]:
        """Show a bar from the first call of the given function on, which says that one more is done."""
        columns = (TextColumn("{task.description}"), BarColumn(30), MofNCompleteColumn())
        bar = Progress(*columns, console=self.out, transient=True, disable=not self.is_live)
        task = bar.add_task("", total=total)

        def advance(text: str) -> None:
            bar.start()
            bar.update(task, description=visible(text), advance=1)

        try:
            yield advance
        finally:
            bar.stop()

    def _print_page(self, listing: Listing[Item], page: Sequence[Item], *, is_first: bool) -> None:
        if not self.as_json:
            if page and _least_width(listing, page) <= self.out.width:
                self.out.print(_table(listing, page))
            else:
                self._print_blocks(listing, page)
            return
        for item in page:
            self.out.file.write(("[\n" if is_first else ",\n") + self._json(listing.row(item)))
            is_first = False

    def _print_blocks(self, listing: Listing[Item], page: Sequence[Item]) -> None:
        """Print each item in lines of its own: a table whose every column is folded cannot be read."""
        width = max(len(column.title) for column in listing.columns)
        for item in page:
            for column in listing.columns:
                title = f"{column.title:<{width}}  "
                self.out.print(Text.assemble((title, "dim"), _told(column, item)), soft_wrap=True)
            self.out.print()

    def _end_list(self, listing: Listing[Item], *, is_empty: bool) -> None:
        if self.as_json:
            self.line("[]" if is_empty else "\n]")
        elif is_empty:
            self.say(listing.empty)

    def _json(self, value: Cell) -> str:
        # A character that the stream cannot encode would be replaced by something that is no JSON.
        encoding = getattr(self.out.file, "encoding", None) or "utf-8"
        return json.dumps(value, ensure_ascii=codecs.lookup(encoding).name != "utf-8")


def open_output(*, as_json: bool) -> Output:
    """Return the output of this process."""
    out = Console(width=None if sys.stdout.isatty() else _NO_LIMIT, highlight=False)
    err = Console(width=None if sys.stderr.isatty() else _NO_LIMIT, highlight=False, stderr=True)
    return Output(as_json, out, err, is_live=sys.stdout.isatty() and not as_json)


def visible(text: str) -> str:
    """Return text that moves no cursor and hides nothing: a name in a directory may have been chosen to do so."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or character in _JOINERS else character.encode("unicode_escape").decode()
        for character in text
    )


def _visible_lines(text: str) -> str:
    """Return a message of ours, which may have several lines, with what it quotes made visible."""
    return "\n".join(visible(line) for line in text.split("\n"))


def readable(value: Cell) -> str:
    """Return a value as people read it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not value and value != 0:
        return "-"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {readable(item)}" for name, item in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(readable(item) for item in value)
    return visible(str(value))


def _told(column: Column[Item], item: Item) -> str:
    return visible(column.cell(item)) or "-"


def _least_width(listing: Listing[Item], items: Sequence[Item]) -> int:
    """Return the width below which a table cannot be read."""
    total = len(_GAP) * (len(listing.columns) - 1)
    for column in listing.columns:
        width = max(cell_len(text) for text in (column.title, *(_told(column, item) for item in items)))
        total += width if column.is_whole else min(width, _LEAST_COLUMN_WIDTH)
    return total


def _table(listing: Listing[Item], items: Sequence[Item]) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, len(_GAP), 0, 0))
    for column in listing.columns:
        table.add_column(column.title, overflow="fold", no_wrap=column.is_whole)
    for item in items:
        table.add_row(*(Text(_told(column, item)) for column in listing.columns))
    return table
