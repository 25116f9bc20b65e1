"""*python -m bench.* Decides how the measurement is asked for and shown."""

import json as json_text
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter, validators
from rich.console import Console
from rich.table import Table

from bench.driver import CONCURRENCY
from bench.measure import Result, measure

_CAPTION = """\
On SQLite, synchronous=FULL, {concurrency} connections, requests a second: median of {rounds} rounds of {seconds:g} s.
HTTP alone: an application that answers {{}}, on the same uvicorn settings. SQLite alone: one process that writes the \
rows of a create with a commit for each; our server puts creates that wait at the same time into one commit, so it \
can be faster. The load shares this machine's processors. PostgreSQL is not measured."""

app = App(name="bench", help="Measure our server against the limits of this machine.", version_flags=[])


@app.default
def main(
    *,
    seconds: Annotated[float, Parameter(validator=validators.Number(gt=0))] = 2.0,
    rounds: Annotated[int, Parameter(validator=validators.Number(gte=1))] = 3,
    json: Path | None = None,
) -> None:
    """Measure our server against the limits of this machine.

    Parameters
    ----------
    seconds
        How long each measurement lasts.
    rounds
        How many times everything is measured; the median counts.
    json
        A file for the figures.
    """
    results = measure(seconds=seconds, rounds=rounds)
    Console().print(_table(results, seconds, rounds))
    if json is not None:
        facts = {"database": "sqlite", "concurrency": CONCURRENCY, "seconds": seconds, "rounds": rounds}
        rows = [
            asdict(result) | dict(zip(("to_http", "to_sqlite"), _ratios(result), strict=True)) for result in results
        ]
        json.write_text(json_text.dumps(facts | {"results": rows}, indent=2) + "\n")


def _table(results: list[Result], seconds: float, rounds: int) -> Table:
    caption = _CAPTION.format(concurrency=CONCURRENCY, rounds=rounds, seconds=seconds)
    table = Table(title="Musterbook and the limits", caption=caption, caption_justify="left")
    table.add_column("workload")
    for column in ("ours", "HTTP alone", "ratio", "SQLite alone", "ratio"):
        table.add_column(column, justify="right")
    for result in results:
        to_http, to_sqlite = _ratios(result)
        cells = (
            (result.ours, ",.0f"),
            (result.http, ",.0f"),
            (to_http, ".2f"),
            (result.sqlite, ",.0f"),
            (to_sqlite, ".2f"),
        )
        table.add_row(result.workload, *("" if figure is None else format(figure, spec) for figure, spec in cells))
    return table


def _ratios(result: Result) -> tuple[float, float | None]:
    return result.ours / result.http, None if result.sqlite is None else result.ours / result.sqlite


if __name__ == "__main__":
    app()
