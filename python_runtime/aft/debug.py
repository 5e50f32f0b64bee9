# SPDX-License-Identifier: Apache-2.0
"""`aft debug`: looks at all that scripts will need, and says what is missing."""

from __future__ import annotations

import importlib.metadata
import json
import os
import sys
from pathlib import Path
from typing import Any, NoReturn

from aft import requirements, standard_output
from aft.cgroup import HostGroup
from aft.cgroup_place import Unusable, find_place
from aft.debug_report import Report
from aft.debug_warehouse import look_at_warehouse
from aft.errors import AftError
from aft.version import __version__


def main() -> None:
    """Print the report; the exit code is 1 when something will not work."""
    with standard_output.checked():
        _report(json.loads(os.environ.pop("AFT_DEBUG")))


def _report(told: dict[str, Any]) -> NoReturn:
    report = Report()
    print("aft")
    report.say("version", f"{__version__}, in '{Path(__file__).parents[2]}'")
    print("dbt")
    _look_at_dbt(report, told)
    print("Python")
    _look_at_python(report)
    has_packages = _look_at_packages(report)
    _look_at_limits(report)
    print("Environments")
    _look_at_environments(report, told)
    print("Warehouse")
    look_at_warehouse(report, told["setup"], has_packages)
    raise SystemExit(report.end())


def _look_at_dbt(report: Report, told: dict[str, Any]) -> None:
    report.say("program", told["dbt"])

    def version() -> str:
        if told["dbt_problem"]:
            raise AftError(told["dbt_problem"])
        try:
            found = importlib.metadata.version("dbt-core")
        except importlib.metadata.PackageNotFoundError:
            return "no dbt-core"
        return f"dbt-core {found}"

    report.check("version", version)
    why = told["in_stages_for"]
    report.say("runs are followed", f"in stages: {why}" if why else "from inside")


def _look_at_python(report: Report) -> None:
    is_embedded = os.environ.get("AFT_PYTHON_EMBEDDED") == "1"
    how = "embedded" if is_embedded else "started as a program (no shared library)"
    report.say("interpreter", f"OK, {sys.executable}, {sys.version.split()[0]}, {how}")


def _look_at_packages(report: Report) -> bool:
    """Whether the packages are there that aft needs."""
    from aft import warm_modules

    def packages() -> str:
        requirements.require_modules()
        names = requirements.REQUIRED_MODULES.values()
        return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)

    if not report.check("packages", packages):
        return False
    threads = warm_modules.import_all()
    report.say(
        "scripts start",
        f"in new processes, because of the threads {', '.join(threads)}"
        if threads
        else "as forks of a warm process",
    )
    return True


def _look_at_limits(report: Report) -> None:
    memory = "RLIMIT_DATA, for each process of a script"
    end = "its process group and its orphans are killed"
    try:
        group = HostGroup(find_place(first=os.getppid()))
    except Unusable as why:
        use = f"not used: {why}"
    else:
        group.close()
        use = f"used in '{group.folder.parent}'"
        if group.holds_memory:
            memory = "cgroup v2, for all processes of a script together"
        else:
            use += f", but not for memory: {group.why_no_memory}"
        if group.kills:
            end = "cgroup v2, which kills all its processes"
        else:
            use += ", but not to kill: that takes Linux 5.14"
    report.say("memory limits", memory)
    report.say("end of a script", end)
    report.say("cgroup v2", use)


def _look_at_environments(report: Report, told: dict[str, Any]) -> None:
    from aft import environment

    report.say("local", "that of dbt")
    if problem := told.get("problem"):
        report.fail("fal_project.yml", problem)
    for entry in told["environments"]:
        made_of = environment.Environment(**entry)
        python = environment.find(made_of)
        report.say(made_of.name, str(python) if python else "to be built at the next run")
