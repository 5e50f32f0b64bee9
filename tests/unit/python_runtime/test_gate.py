# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.python_runtime.coordinator import (
    GO,
    Answer,
    Run,
    always_go,
    fail,
    node_of,
    refuse,
    run_dbt,
)

QUIET = {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DBT_USE_COLORS": "false"}
GONE = (
    "cannot ask which scripts belong to this part of the run: the run's coordinator is "
    "gone; start the run again with 'aft dbt'"
)
RunDbt = Callable[..., Run]


@pytest.fixture
def run(dbt: Path, project: Path, gate_folder: Path) -> RunDbt:
    def start(answer: Answer, *arguments: str, **options: Any) -> Run:
        environment = {**QUIET, **options.pop("environment", {})}
        command = list(arguments or ["run"])
        return run_dbt(
            dbt, project, gate_folder, answer, command, environment=environment, **options
        )

    return start


def print_at(name: str, *lines: dict[str, Any]) -> Answer:
    return lambda seen, _: [*lines, GO] if seen == name else [GO]


def hang_up_at(name: str, node: str) -> Answer:
    return lambda seen, event: [] if (seen, node_of(event)) == (name, node) else [GO]


def test_it_does_nothing_without_a_socket(gate_folder: Path) -> None:
    program = "import sys, dbt_aft; print(dbt_aft.plugins, 'dbt_common' in sys.modules)"
    command = [sys.executable, "-c", program]
    environment = {"PYTHONPATH": str(gate_folder)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)

    assert done.stdout == "[] False\n"


def test_the_first_hello_says_who_dbt_is(run: RunDbt, project: Path, tmp_path: Path) -> None:
    result = run(
        always_go,
        *("run", "--project-dir", "the shop", "--profiles-dir", "the shop"),
        *("--vars", "{a: [1]}", "--threads", "2", "--empty"),
        *("--sample", "{start: '2026-01-01', end: '2026-01-02'}"),
        cwd=tmp_path,
    )

    hello = result.hellos[0]
    assert (hello["protocol"], hello["thread"]) == (1, "MainThread")
    assert hello["project_name"] == "shop"
    assert Path(hello["python"]).samefile(sys.executable)
    assert hello["flags"]["project_dir"] == str(project)
    assert hello["flags"]["vars"] == {"a": [1]}
    assert hello["flags"]["threads"] == 2
    assert hello["flags"]["which"] == "run"
    assert hello["flags"]["empty"] is True
    assert hello["flags"]["sample"] == {
        "start": "2026-01-01 00:00:00+00:00",
        "end": "2026-01-02 00:00:00+00:00",
    }
    assert {"flags" in each for each in result.hellos[1:]} == {False}


def test_events_come_in_the_order_of_the_graph(run: RunDbt) -> None:
    seen: dict[str, dict[str, Any]] = {}

    def keep(name: str, event: dict[str, Any]) -> list[dict[str, Any]]:
        seen.setdefault(name, event)
        return [GO]

    result = run(keep, "run", "--select", "orders", "scored", "report")

    assert result.exit_code == 0, result.output
    selected = [f"model.shop.{name}" for name in ("orders", "report", "scored")]
    assert sorted(seen["ConcurrencyLine"]["selected"]) == selected
    assert [event for event in result.events if event[0] != "ArtifactWritten"] == [
        ("ConcurrencyLine", ""),
        ("NodeCompiling", "orders"),
        ("NodeExecuting", "orders"),
        ("LogModelResult", "orders"),
        ("NodeFinished", "orders"),
        ("NodeCompiling", "scored"),
        ("NodeFinished", "scored"),
        ("NodeCompiling", "report"),
        ("NodeExecuting", "report"),
        ("LogModelResult", "report"),
        ("NodeFinished", "report"),
        ("StatsLine", ""),
    ]


def test_the_freshness_of_a_source_can_be_refused_before_and_after(run: RunDbt) -> None:
    events = [
        ("ConcurrencyLine", ""),
        ("NodeCompiling", "payments"),
        ("NodeExecuting", "payments"),
        ("LogFreshnessResult", "payments"),
        ("NodeFinished", "payments"),
        ("FreshnessCheckComplete", ""),
    ]
    for name, node in (events[1], events[3], events[5]):
        result = run(refuse(name, node, f"no to {name}"), "source", "freshness")

        # dbt finishes no node whose result is refused, and its last line can't be refused.
        left_out = {"LogFreshnessResult": "NodeFinished", "NodeCompiling": "NodeExecuting"}
        expected = [e for e in events if e[0] != left_out.get(name)]
        assert result.exit_code == 1
        assert [e for e in result.events if e[0] != "ArtifactWritten"] == expected
        assert (f"no to {name}" in result.output) == (name != "FreshnessCheckComplete")
    assert result.hellos[0]["flags"]["which"] == "freshness"


def test_events_about_nodes_that_do_not_matter_are_kept_back(run: RunDbt) -> None:
    def only_scored(name: str, _: dict[str, Any]) -> list[dict[str, Any]]:
        nodes = {"nodes": ["model.shop.scored"]}
        return [{**GO, **nodes} if name == "ConcurrencyLine" else GO]

    result = run(only_scored, "run", "--select", "+report")

    assert result.exit_code == 0, result.output
    assert [event for event in result.events if event[0] != "ArtifactWritten"] == [
        ("ConcurrencyLine", ""),
        ("NodeCompiling", "scored"),
        ("NodeFinished", "scored"),
        ("StatsLine", ""),
    ]


def test_lines_are_printed_by_dbt_at_their_level(run: RunDbt, project: Path) -> None:
    shown = {"line": "shown\nin two lines", "level": "info"}
    hidden = {"line": "for the log", "level": "debug"}

    result = run(print_at("ConcurrencyLine", shown, hidden), "run", "-s", "apart")

    assert "  shown\nin two lines\n" in result.output
    assert "for the log" not in result.output
    assert "for the log" in (project / "logs" / "dbt.log").read_text()


def test_a_refused_ephemeral_model_fails_and_its_children_are_skipped(
    run: RunDbt,
) -> None:
    reason = "script 'a.py' failed: no rows"
    result = run(refuse("NodeCompiling", "scored", reason))

    assert result.exit_code == 1
    # As of a table: dbt itself leaves such a model out of its results, and blames its SQL.
    assert result.output.count(reason) == 1
    assert "Failure in model scored (models/scored.sql)" in result.output
    assert "Completed with 1 error," in result.output
    assert " ERROR=1 SKIP=1 " in result.output
    assert (result.status("scored"), result.message("scored")) == ("error", reason)
    assert result.status("report") == "skipped"
    assert result.message("report") == f"'model.shop.scored' failed: {reason}"
    assert result.status("late") == "success"


def test_a_node_whose_start_matters_may_be_skipped(run: RunDbt) -> None:
    def skip(name: str, _: dict[str, Any]) -> list[dict[str, Any]]:
        if name == "ConcurrencyLine":
            return [{**GO, "nodes": [], "starts": ["model.shop.report"]}]
        return [{"verdict": "skip", "message": "no rows"} if name == "NodeStart" else GO]

    result = run(skip, "run", "-s", "report", "apart")

    assert result.exit_code == 1
    assert result.events.count(("NodeStart", "report")) == 1
    assert (result.status("report"), result.message("report")) == ("skipped", "no rows")
    assert result.status("apart") == "success"


def test_a_refused_table_fails_and_its_children_are_skipped(run: RunDbt) -> None:
    result = run(refuse("LogModelResult", "orders", "script 'a.py' failed: no rows"))

    assert result.exit_code == 1
    # As dbt says of any model: once, at the end.
    assert result.output.count("script 'a.py' failed: no rows") == 1
    assert "Failure in model orders (models/orders.sql)" in result.output
    assert "worker thread" not in result.output
    assert ("NodeFinished", "orders") in result.events
    assert result.status("orders") == "error"
    assert result.status("late") == "skipped"
    assert result.status("apart") == "success"


@pytest.mark.parametrize("name", ["ArtifactWritten", "ConcurrencyLine"])
def test_a_refused_run_builds_nothing(run: RunDbt, name: str) -> None:
    result = run(refuse(name, "", "cannot find script 'a.py'"))

    assert result.exit_code == 2
    assert "Runtime Error\n  cannot find script 'a.py'\n" in result.output
    assert "NodeCompiling" not in [event for event, _ in result.events]


def test_a_refused_hello_ends_dbt(run: RunDbt) -> None:
    result = run(lambda *_: [fail("cannot find script 'a.py'")])

    assert result.exit_code == 2
    assert "Runtime Error\n  cannot find script 'a.py'\n" in result.output


@pytest.mark.parametrize(("name", "node"), [("NodeFinished", "orders"), ("StatsLine", "")])
def test_an_event_after_the_fact_can_not_be_refused(run: RunDbt, name: str, node: str) -> None:
    assert run(refuse(name, node, "too late")).exit_code == 0


@pytest.mark.parametrize(
    ("name", "node", "exit_code"),
    [
        ("hello", "", 2),
        ("ConcurrencyLine", "", 2),
        ("NodeCompiling", "scored", 1),
        ("LogModelResult", "orders", 1),
    ],
)
def test_dbt_fails_where_nobody_answers(
    run: RunDbt, name: str, node: str, exit_code: int
) -> None:
    result = run(hang_up_at(name, node))

    assert result.exit_code == exit_code
    assert GONE in result.output


@pytest.mark.parametrize(
    ("name", "node"),
    [("ArtifactWritten", ""), ("NodeFinished", "orders"), ("StatsLine", "")],
)
def test_dbt_goes_on_where_no_answer_is_needed(run: RunDbt, name: str, node: str) -> None:
    assert run(hang_up_at(name, node)).exit_code == 0


@pytest.mark.parametrize("answer", [{"verdict": "perhaps"}, {"x": 1}, [1], "go"])
def test_a_malformed_answer_is_none(run: RunDbt, answer: Any) -> None:
    result = run(lambda seen, _: [answer] if seen == "ConcurrencyLine" else [GO])

    assert result.exit_code == 2
    assert GONE in result.output


def test_what_dbt_starts_is_no_part_of_the_run(gate_folder: Path) -> None:
    program = "import os, dbt_aft; print(len(dbt_aft.plugins), 'AFT_GATE' in os.environ)"
    environment = {"PYTHONPATH": str(gate_folder), "AFT_GATE": "/some/socket"}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)

    assert done.stdout == "1 False\n"


def test_it_does_nothing_where_dbt_cannot_be_followed(gate_folder: Path) -> None:
    program = "import dbt_aft; print(dbt_aft.plugins)"
    environment = {"PYTHONPATH": str(gate_folder), "AFT_GATE": "/some/socket"}
    # Without dbt_common, which a Python without its packages has as little as dbt 1.7.
    command = [sys.executable, "-S", "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
