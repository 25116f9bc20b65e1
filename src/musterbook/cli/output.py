"""*What a command prints.* Results on standard output, for people or as JSON; everything else on standard error.

Knows rich and nothing of what the results mean.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from rich.console import Console
from rich.table import Table
from rich.text import Text

Cell: TypeAlias = str | int | float | bool | Sequence["Cell"] | Mapping[str, "Cell"] | None
Row: TypeAlias = Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class Output:
    """Where and how a command speaks."""

    as_json: bool
    out: Console
    err: Console

    def record(self, row: Row) -> None:
        """Print one thing: its fields in lines, or a JSON object."""
        if self.as_json:
            self.json_line(row)
            return
        width = max((len(name) for name in row), default=0)
        for name, value in row.items():
            self.out.print(Text(f"{_title(name):<{width}}  ", style="dim") + Text(_text(value)), soft_wrap=True)

    def table(self, rows: Sequence[Row], columns: Sequence[str], *, empty: str) -> None:
        """Print a list: a table of ``columns``, or a JSON array with all fields; ``empty`` says that there is none."""
        if self.as_json:
            self.json_line(list(rows))
            return
        if not rows:
            self.say(empty)
            return
        table = Table(box=None, header_style="dim", pad_edge=False)
        for column in columns:
            table.add_column(_title(column), overflow="fold")
        for row in rows:
            table.add_row(*(Text(_text(row.get(column))) for column in columns))
        self.out.print(table)

    def json_line(self, value: Cell) -> None:
        """Print one line of JSON, at once, so that a script that waits for it can go on."""
        sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
        sys.stdout.flush()

    def line(self, text: str) -> None:
        """Print a result that is one line of text, exactly as it is."""
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    def say(self, text: str) -> None:
        """Tell people something that is no result. Quiet with JSON."""
        if not self.as_json:
            self.err.print(Text(text))

    def fail(self, message: str) -> None:
        """Say why the command did not do what it was asked."""
        if self.as_json:
            sys.stderr.write(json.dumps({"error": message}, ensure_ascii=False) + "\n")
        else:
            self.err.print(Text("Error: ", style="bold red") + Text(message))


def open_output(*, as_json: bool) -> Output:
    """Return the output of this process."""
    return Output(as_json, Console(), Console(stderr=True))


def _title(name: str) -> str:
    return name.replace("_", " ")


def _text(value: Cell) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_text(item)}" for name, item in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_text(item) for item in value)
    return str(value)
