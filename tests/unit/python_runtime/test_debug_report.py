# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from aft.debug_report import Report


def test_each_problem_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report()
    report.fail("connection", "Connection refused\n\tIs the server running?\n\n")

    assert report.end() == 1

    told = capsys.readouterr().out
    assert told.endswith(
        "\nNot ready:\n  connection:            Connection refused Is the server running?\n"
    )
