# SPDX-License-Identifier: Apache-2.0
"""The packages for programs written for fal, with and without fal's own package `fal`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installations.conftest import DIST, UV, WHEEL
from tests.support.programs import DBT
from tests.support.project import Project

NAMES, COMMAND = (
    next(DIST.glob(f"{name}-*.whl"), None) for name in ("dbt_aft_fal", "dbt_aft_fal_command")
)
NOTEBOOK = """
from fal.typing import *
from faldbt.magics import init_fal
%init_fal profiles_dir=.
try:
    write_to_model(None)
except Exception as error:
    print(error)
try:
    get_ipython().run_line_magic("init_fal", "projekt_dir=.")
except Exception as error:
    print(error)
from fal.dbt.integration.magics import init_fal
%init_fal project_dir=. profiles_dir="." default_model_name=orders
write_to_model(ref("orders").head(3), mode="overwrite")
print(len(ref("orders")), execute_sql("select count(*) as n from {{ ref('orders') }}").n[0])
print(sorted(model.status for model in list_models() if model.name == "orders"))
from fal import FalDbt
shop = FalDbt(profiles_dir=".", project_dir=".")
shop.write_to_model(shop.ref("orders").head(2), "jaffle_shop", "orders")
print(len(shop.ref(target_1="orders")), len(shop.tests), shop.sources, shop.features)
"""
IMPORTS = """
import fal, fal.typing
from fal.dbt import FalDbt
from faldbt.project import FalDbt as older
assert FalDbt is older
print(getattr(fal, "__file__", None))
"""

pytestmark = pytest.mark.skipif(WHEEL is None, reason="there is no wheel; run packaging/wheel")


class Environment:
    """A virtual environment of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        subprocess.run([UV, "venv", "--python", sys.executable, folder], check=True)
        self.pip("install", f"{WHEEL}[pandas]", "ipython")

    def pip(self, verb: str, *packages: str) -> None:
        options = ["--quiet", "--python", str(self.folder / "bin" / "python")]
        subprocess.run([UV, "pip", verb, *options, *packages], check=True)

    def run(self, program: str, *arguments: str, cwd: Path | None = None) -> str:
        """What a program of the environment prints."""
        command = [str(self.folder / "bin" / program), *arguments]
        run = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout

    def is_whole(self, package: str) -> bool:
        """Whether each file that the package has installed is there."""
        question = (
            "from importlib.metadata import files\n"
            f"print(all(file.locate().exists() for file in files('{package}')))"
        )
        return self.run("python", "-c", question) == "True\n"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return Environment(tmp_path_factory.mktemp("venv"))


@pytest.fixture
def installed(environment: Environment) -> Iterator[Environment]:
    environment.pip("install", f"{NAMES}[command]", str(COMMAND))
    yield environment
    environment.pip("uninstall", "dbt-aft-fal", "dbt-aft-fal-command")


def test_a_project_of_fals_runs_with_its_commands_and_notebooks(
    installed: Environment, tmp_path: Path
) -> None:
    shop = Project.jaffle_shop(tmp_path / "shop")
    shop.write("notebook.ipy", NOTEBOOK)

    shop.run(str(DBT), "seed")
    fal = [f"{installed.folder}/bin/fal", "--profiles-dir", "nowhere"]
    flow = shop.run(*fal, "flow", "run", "--profiles-dir", ".", "--aft-dbt", str(DBT))
    shown = installed.run("ipython", "notebook.ipy", cwd=shop.folder)

    assert installed.run("fal", "-v") == installed.run("dbt-fal", "-v")
    assert installed.run("fal", "-v").startswith("aft ")
    assert "Scripts: PASS=1 ERROR=0 SKIP=0 TOTAL=1" in flow.output, flow.output
    assert shown.splitlines() == [
        "write_to_model() does not know which model; add default_model_name=… to %init_fal",
        "%init_fal does not take 'projekt_dir=.'; did you mean 'project_dir'?",
        "3 3",
        "['success']",
        "2 4 [] []",
    ]


@pytest.mark.matrix
@pytest.mark.parametrize("first", ["fal", "dbt-aft-fal"])
def test_it_leaves_the_package_fal_whole_and_the_other_way_round(
    environment: Environment, first: str
) -> None:
    wheels = {"fal": "fal", "dbt-aft-fal": str(NAMES)}
    (second,) = wheels.keys() - {first}
    environment.pip("install", wheels[first])
    environment.pip("install", wheels[second])

    imported = environment.run("python", "-c", IMPORTS)
    environment.pip("uninstall", first)
    is_whole = environment.is_whole(second)
    left = environment.run("python", "-c", IMPORTS if second != "fal" else "import fal")
    environment.pip("uninstall", second)

    assert imported.rstrip().endswith("site-packages/fal/__init__.py")
    assert is_whole
    assert left in ("", "None\n")
