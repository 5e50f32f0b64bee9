# SPDX-License-Identifier: Apache-2.0
"""A dbt whose Python ignores PYTHONPATH finds the gate, and all else as without it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import json, sys, __main__
names = sorted(vars(__main__))
flags = [sys.flags.ignore_environment, sys.flags.isolated, sys.flags.no_user_site]
print(json.dumps([sys.argv, sys.path, flags, __file__, __name__, names]))
"""


@pytest.mark.parametrize("flags", ["-E", "-I", "-sE"])
def test_a_script_meets_what_it_meets_when_it_is_started_itself(
    flags: str, gate_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "bin").mkdir()
    script = tmp_path / "dbt"
    script.symlink_to(tmp_path / "bin" / "dbt")
    script.write_text(SCRIPT)

    def told(*start: str) -> list[list[str]]:
        command = [sys.executable, flags, *start, str(script), "run", ""]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found: list[list[str]] = json.loads(done.stdout)
        return found

    alone = told()
    run_dbt = gate_folder.parent / "question" / "run_dbt.py"
    with_gate = told(str(run_dbt), str(gate_folder))

    assert with_gate[1].pop() == str(gate_folder)
    assert with_gate == alone
