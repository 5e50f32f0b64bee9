# SPDX-License-Identifier: Apache-2.0
"""A server that is slow, goes away or says no."""

from __future__ import annotations

from tests.faults.conftest import ServerProject


def test_the_example_runs_on_postgresql(server_project: ServerProject) -> None:
    rows = server_project.rows("select count(*), count(predicted_ltv) from shop.fct_customers")

    assert rows == ["100|100"]
