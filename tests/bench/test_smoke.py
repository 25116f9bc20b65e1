"""The benchmark runs; how fast anything is, no test says."""

import json
from pathlib import Path

import pytest

from bench.__main__ import main

WORKLOADS = ["create", "look-up by userName", "page of 100", "PUT without a change"]


def test_every_workload_is_answered_and_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every workload is answered without an error, and its ratios to the limits are told."""
    file = tmp_path / "figures.json"
    main(seconds=0.25, rounds=1, json=file)  # raises when an answer is not as it must be
    results = json.loads(file.read_text())["results"]
    assert [result["workload"] for result in results] == WORKLOADS
    assert [result["workload"] for result in results if result["to_http"] > 0] == WORKLOADS
    assert [result["workload"] for result in results if result["to_sqlite"] is not None] == ["create"]
    assert results[0]["to_sqlite"] > 0
    shown = capsys.readouterr().out
    assert [workload for workload in WORKLOADS if workload in shown] == WORKLOADS
