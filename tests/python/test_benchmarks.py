"""Whose CPU a benchmark says it was."""

import json
import sys
from pathlib import Path

import pytest

from benchmarks import measure as measurement
from benchmarks.measure import Cost, costliest_nodes, cpu_by_phase, keep, measure

LINES = [
    (2.0, "10:00:00 checking shop"),
    (5.0, "10:00:01 [1/2] success orders 3.00s"),
    (9.0, "10:00:02 [2/2] pass unique_orders_order_key 4.00s"),
    (9.5, "10:00:03 copying 18 marts into the candidate"),
]


def test_phases_add_up_to_the_whole() -> None:
    phases = cpu_by_phase(
        Cost(1.0, 12.0, 0.1, LINES), {"ingest": "checking ", "models": " [1/", "stage": "copying "}
    )
    assert phases == {"start-up": 2.0, "ingest": 3.0, "models": 4.5, "stage": 2.5}


def test_a_phase_that_never_began_cost_nothing() -> None:
    assert cpu_by_phase(Cost(1.0, 12.0, 0.1, LINES), {"audit": "auditing "}) == {
        "start-up": 12.0,
        "audit": 0.0,
    }


def test_a_node_costs_what_was_used_since_the_line_before() -> None:
    assert costliest_nodes(Cost(1.0, 12.0, 0.1, LINES), count=1) == {"unique_orders_order_key": 4.0}


def test_a_command_is_measured_with_every_line_it_prints() -> None:
    cost = measure([sys.executable, "-c", "print('a'); sum(range(3_000_000)); print('b')"])
    assert [line for _, line in cost.lines] == ["a", "b"]
    assert 0 < cost.cpu_seconds < 60


def test_figures_are_kept_as_they_are_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(measurement, "RESULTS", tmp_path / "results")
    keep("build_10", {"customers": 10})
    printed = capsys.readouterr().out
    assert json.loads(printed) == {"customers": 10}
    assert (tmp_path / "results" / "build_10.json").read_text() == printed
