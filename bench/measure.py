"""*The measurement.* Decides which workloads are measured, on which directory, and in which order.

Our server and the limits take turns within each round, so that whatever else the machine does meets all of them. The
figure of each is the median of the rounds.
"""

import json
import multiprocessing
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final
from urllib.parse import quote

from bench.driver import CONCURRENCY, NAME, UnexpectedAnswerError, rate
from bench.limits import create_directly, http_alone, rows_of_create
from tests.journeys.serving import Client, run_command, serving

PEOPLE: Final = 200
"""In the directory at the start; creates add to them."""
_DATABASE: Final = "--database=sqlite:///ours.db"
_CREATE: Final = "create"


@dataclass(frozen=True, slots=True)
class Workload:
    """Requests that are sent in turn, and the status with which our server answers each."""

    name: str
    requests: tuple[bytes, ...]
    status: int = 200


@dataclass(frozen=True, slots=True)
class Result:
    """Requests a second of a workload: ours, with HTTP alone, and with SQLite alone where it was measured."""

    workload: str
    ours: float
    http: float
    sqlite: float | None


def measure(*, seconds: float, rounds: int) -> list[Result]:
    """Measure every workload ``rounds`` times for ``seconds`` with each server.

    Raises:
        UnexpectedAnswerError: a request was not answered as it must be.
    """
    spawn = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory(prefix="musterbook-bench-") as name,
        http_alone() as http,
        ProcessPoolExecutor(CONCURRENCY, spawn) as pool,
    ):
        folder, copy = Path(name), Path(name) / "copy.db"
        run_command("tenant", "create", "bench", "--name=B", "--admin-email=b@example.com", _DATABASE, folder=folder)
        key: str = json.loads(run_command("key", "create", "bench", "--json", _DATABASE, folder=folder))["key"]
        with serving("sqlite:///ours.db", folder) as server:
            with Client(server.address, key) as client:
                people = _fill(client)
            # SQLite alone begins with the same directory, in a file of its own.
            run_command("backup", str(copy), _DATABASE, folder=folder)
            sample = next(iter(people.items()))
            rows = rows_of_create(copy, sample[0])
            workloads = _workloads(key, people)
            rate(pool, http, workloads[1].requests, 200, seconds)  # the first use starts the processes

            def measure_once(workload: Workload) -> Result:
                ours = rate(pool, server.port, workload.requests, workload.status, seconds)
                alone = rate(pool, http, workload.requests, 200, seconds)
                if workload.name != _CREATE:
                    return Result(workload.name, ours, alone, None)
                done = pool.submit(create_directly, copy, rows, *sample, seconds).result()
                return Result(workload.name, ours, alone, done / seconds)

            taken = [[measure_once(workload) for workload in workloads] for _ in range(rounds)]
    return [_median(results) for results in zip(*taken, strict=True)]


def _median(results: tuple[Result, ...]) -> Result:
    sqlite = [result.sqlite for result in results if result.sqlite is not None]
    ours, http = median(result.ours for result in results), median(result.http for result in results)
    return Result(results[0].workload, ours, http, median(sqlite) if sqlite else None)


def _fill(client: Client) -> dict[str, str]:
    """Create the people, show that each workload does what it is called, and return their user names by their ids."""
    people = {}
    for user_name in (f"person{number:010d}" for number in range(PEOPLE)):
        status, made = client.request("POST", "/Users", _person(user_name))
        if status != 201:  # noqa: PLR2004  Created
            raise UnexpectedAnswerError(f"A create was answered with {status}.")
        people[made["id"]] = user_name
    id_, user_name = next(iter(people.items()))
    kept = client.request("GET", f"/Users/{id_}")[1]
    replaced = client.request("PUT", f"/Users/{id_}", _person(user_name))[1]
    found = client.request("GET", _look_up(user_name))[1]["Resources"]
    page = client.request("GET", "/Users?count=100")[1]["Resources"]
    if replaced != kept or (len(found), len(page)) != (1, 100):
        raise UnexpectedAnswerError("A PUT changed something, a look-up missed, or a page has not a hundred people.")
    return people


def _workloads(key: str, people: dict[str, str]) -> list[Workload]:
    look_ups = tuple(_request(key, "GET", _look_up(name)) for name in people.values())
    replaces = tuple(_request(key, "PUT", f"/Users/{id_}", _person(name)) for id_, name in people.items())
    return [
        Workload(_CREATE, (_request(key, "POST", "/Users", _person(NAME)),), 201),
        Workload("look-up by userName", look_ups),
        Workload("page of 100", (_request(key, "GET", "/Users?count=100"),)),
        Workload("PUT without a change", replaces),
    ]


def _look_up(user_name: str) -> str:
    return "/Users?filter=" + quote(f'userName eq "{user_name}"')


def _person(user_name: str) -> dict[str, object]:
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": user_name,
        "externalId": f"external-{user_name}",
        "name": {"givenName": "Ada", "familyName": "Lovelace"},
        "emails": [{"value": f"{user_name}@example.com", "type": "work", "primary": True}],
        "active": True,
    }


def _request(key: str, method: str, path: str, body: dict[str, object] | None = None) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    head = f"{method} /scim/v2{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
    if content:
        head += f"Content-Type: application/scim+json\r\nContent-Length: {len(content)}\r\n"
    return f"{head}\r\n".encode() + content
