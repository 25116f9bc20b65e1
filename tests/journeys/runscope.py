"""Replays a suite of tests that was exported from Runscope: sends each request and judges what comes back.

Knows the file's format; knows no provider. What a suite does in JavaScript is written out in Python by whoever runs
it, and a script that has no counterpart is an error: nothing that a suite asks is left out in silence. The one thing
not judged is how long an answer took, because the machine is shared.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

Json: TypeAlias = Any
"""A decoded JSON document of any shape: a suite names places in it by paths."""


@dataclass(frozen=True)
class Request:
    """One request as a suite has it, its variables filled in."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: str | None


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    document: Json


Send: TypeAlias = Callable[[Request], Answer]
Script: TypeAlias = Callable[[Json], bool]
"""What a JavaScript of a suite says about a document."""


@dataclass
class Report:
    """What a run found."""

    judged: int = 0
    failures: list[str] = field(default_factory=list)

    def add(self, where: str, what: str, *, holds: bool) -> None:
        """Count one judgement."""
        self.judged += 1
        if not holds:
            self.failures.append(f"{where}: {what}")


def replay(suite: Path, variables: dict[str, str], send: Send, scripts: Mapping[str, Script]) -> Report:
    """Send every request of a suite in turn and judge the answers.

    ``variables`` takes in what the suite reads from answers; ``scripts`` are by the note of their step.
    """
    report = Report()
    for step in json.loads(suite.read_text(encoding="utf-8"))["steps"]:
        if step["step_type"] == "pause":
            continue
        note = step["note"].strip()
        answer = send(_request(step, variables))
        for assertion in step["assertions"]:
            if assertion["source"] != "response_time":
                found = _found(assertion, answer)
                expected = _filled(str(assertion["value"] or ""), variables)
                what = f"{assertion.get('property', 'status')} {assertion['comparison']} {expected}, not {found!r}"
                report.add(note, what, holds=_holds(assertion["comparison"], found, expected))
        for variable in step["variables"]:
            if variable["name"]:
                variables[variable["name"]] = str(_found(variable, answer))
        if any(script.strip() for script in step["scripts"] + step["before_scripts"]):
            report.add(note, "its script", holds=scripts[note](answer.document))
    return report


def _request(step: Json, variables: Mapping[str, str]) -> Request:
    headers = {name: value if isinstance(value, str) else value[0] for name, value in step["headers"].items()}
    body = step.get("body")
    return Request(
        step["method"],
        _filled(step["url"], variables),
        {name: _filled(value, variables) for name, value in headers.items()},
        _filled(body, variables) if body else None,
    )


def _filled(text: str, variables: Mapping[str, str]) -> str:
    return re.sub(r"\{\{(\w+)\}\}", lambda match: variables[match[1]], text)


def _found(where: Json, answer: Answer) -> Json:
    if where["source"] == "response_status":
        return answer.status
    found = answer.document
    for name, place in re.findall(r"([^.\[\]]+)|\[(\d+)\]", where["property"]):
        try:
            found = found[name or int(place)]
        except (KeyError, IndexError, TypeError):
            return None
    return found


def _holds(comparison: str, found: Json, expected: str) -> bool:
    match comparison:
        case "equal":
            return (json.dumps(found) if isinstance(found, bool) else str(found)) == expected
        case "equal_number":
            return isinstance(found, int) and found == int(expected)
        case "is_a_number":
            return isinstance(found, int) and not isinstance(found, bool)
        case "not_empty":
            return found not in (None, "", [], {})
        case "has_value" | "contains":
            return isinstance(found, list | str) and expected in found
        case _:
            raise ValueError(f"Runscope has no comparison {comparison}")
