# SPDX-License-Identifier: Apache-2.0
"""What dbt's events lack, from the functions that fire them: dbt's task, runner and result."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any


def selection() -> dict[str, list[str] | None]:
    """The unique ids of the nodes that the running task of dbt has selected.

    And of those among them whose ``meta`` speaks to aft, for dbt may write no manifest.
    """
    # No event has them; the task is the one that fires this event.
    for variables in _callers():
        nodes = getattr(variables.get("self"), "_flattened_nodes", None)
        if isinstance(nodes, list):
            bound = [node for node in nodes if _meta(node).keys() & {"aft", "fal"}]
            return {
                "selected": [node.unique_id for node in nodes],
                "bound": [node.unique_id for node in bound],
            }
    return {"selected": None, "bound": None}


def fail_result(reason: str) -> bool:
    """Make an error of the result that the calling thread tells of; False without one.

    What is raised at that point instead, dbt takes for a fault of its own: it prints it
    at once and in the summary, each time below a line that only its developers understand.
    """
    # The event has no result; the function that fires it has.
    for variables in _callers():
        result: Any = variables.get("result")
        if all(hasattr(result, name) for name in ("status", "message", "node")):
            result.status = type(result.status)("error")
            result.message = reason
            return True
    return False


def answer() -> dict[str, Any]:
    """What the database has answered of the node whose result the calling thread tells."""
    for variables in _callers():
        response = getattr(variables.get("result"), "adapter_response", None)
        if isinstance(response, dict):
            return {"adapter_response": response}
    return {}


def _callers() -> Iterator[dict[str, Any]]:
    """The variables of the functions that have fired an event, the innermost first."""
    frame = sys._getframe()
    while frame is not None:
        yield frame.f_locals
        frame = frame.f_back  # type: ignore[assignment]


class Results:
    """What dbt's results say of failed ephemeral models, and of what is skipped.

    dbt leaves such models out, although ``dbt retry`` and others go by its results, and
    blames their SQL for whatever it skips below them. A retry repeats them, and lists them
    again.
    """

    def __init__(self, is_retry: bool) -> None:
        self._is_retry = is_retry
        self._failures: dict[str, str] = {}
        self._skips: dict[str, str] = {}
        self._children: set[str] = set()  # What is skipped below these failures.

    def fail(self, node: Any, reason: str) -> None:
        """Note that a node which dbt was about to compile has been failed."""
        if node.materialized == "ephemeral":
            self._failures[node.unique_id] = reason

    def skip_plainly(self) -> None:
        """At NodeStart: let dbt skip a node as it does below a failed table."""
        runner = _runner() if self._failures else None
        cause = getattr(getattr(runner, "skip_cause", None), "node", None)
        if runner is None or cause is None or cause.unique_id not in self._failures:
            return
        reason = f"'{cause.unique_id}' failed: {self._failures[cause.unique_id]}"
        self._skips[runner.node.unique_id] = reason
        self._children.add(runner.node.unique_id)
        runner.skip_cause = None

    def count(self) -> None:
        """At Formatting: let dbt's summary count a failed ephemeral model, but no child of it.

        dbt counts what is skipped as an error if it has a message.
        """
        if not self._children:
            return
        for variables in _callers():
            errors = variables.get("errors")
            if isinstance(errors, list) and isinstance(variables.get("warnings"), list):
                errors[:] = [one for one in errors if not self._is_below_failure(one)]
                return

    def _is_below_failure(self, result: Any) -> bool:
        return result.status == "skipped" and result.node.unique_id in self._children

    def skip(self, reason: str) -> None:
        """At NodeStart: have dbt skip the node."""
        runner = _runner()
        if runner is None:
            return
        self._skips[runner.node.unique_id] = reason
        runner.do_skip()

    def complete(self) -> None:
        """At NodeFinished: have dbt's results say what has failed, and why."""
        if not self._failures and not self._skips and not self._is_retry:
            return
        for variables in _callers():
            result: Any = variables.get("result")
            results = getattr(variables.get("self"), "node_results", None)
            if not isinstance(results, list) or not hasattr(result, "node"):
                continue
            node = result.node.unique_id
            if node in self._skips:
                result.message = self._skips[node]
            if node in self._failures and result.status == "error":
                result.message = self._failures[node]
                results.append(result)
            elif self._is_retry and result.node.is_ephemeral_model:
                results.append(result)
            return


def _runner() -> Any:
    """What runs the node that is about to start; None in a dbt that has no such thing."""
    for variables in _callers():
        runner: Any = variables.get("runner")
        if hasattr(runner, "skip_cause") and hasattr(runner, "do_skip"):
            return runner
    return None


def _meta(node: Any) -> dict[str, Any]:
    meta = getattr(node, "meta", None)
    return meta if isinstance(meta, dict) else {}
