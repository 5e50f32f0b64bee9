# SPDX-License-Identifier: Apache-2.0
"""What a run inherits from whatever has started it does not change how it goes."""

from __future__ import annotations

from pathlib import Path

from tests.support.example import LTV
from tests.support.programs import AFT, DBT
from tests.support.project import Project

# Of ours, and of Python's that dbt itself bears.
VARIABLES = {
    "AFT_DEBUG": "1",
    "AFT_FRESH_SCRIPT": "1",
    "AFT_GATE": "/nowhere",
    "AFT_NODE": "nothing",
    "AFT_PYTHON_EMBEDDED": "maybe",
    "AFT_SCRIPT_GROUP": "/nowhere",
    "AFT_SCRIPT_SOCKET": "/nowhere",
    "BASH_ENV": "/nowhere",
    "LC_ALL": "C",
    "PYTHONFAULTHANDLER": "1",
    "PYTHONIOENCODING": "ascii",
    "PYTHONNOUSERSITE": "1",
    "PYTHONOPTIMIZE": "2",
    "PYTHONSAFEPATH": "1",
    "PYTHONSTARTUP": "/nowhere",
    "PYTHONUNBUFFERED": "1",
    "TMPDIR": "/nowhere",
}


def test_a_run_goes_well_in_odd_surroundings(shop: Project, tmp_path: Path) -> None:
    command = (
        # Descriptor 3 is the user's, and 0 is closed.
        f"ulimit -n 64; umask 077; exec '{AFT}' dbt run -s {LTV} --aft-dbt '{DBT}' "
        f"3> '{tmp_path / 'log'}' <&-"
    )

    run = shop.run("env", "--ignore-signal=CHLD", "bash", "-c", command, environment=VARIABLES)

    assert run.exit_code == 0, run.output
    assert "| predicted the value of 100 customers" in run.output
    assert "OK ran script" in run.output
    assert (tmp_path / "log").read_text() == ""
