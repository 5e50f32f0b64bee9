# SPDX-License-Identifier: Apache-2.0
"""A script that fails: what is said, what is skipped, and that nothing is lost."""

from __future__ import annotations

from tests.support.example import SCRIPT
from tests.support.project import Project


def test_a_script_of_an_ephemeral_model_that_raises(shop: Project) -> None:
    before = shop.query("select * from customers_predicted_ltvs order by 1")
    facts = shop.query("select * from fct_customers order by 1")
    shop.write("models/alone.sql", "select 1 as id")
    shop.write(
        SCRIPT,
        "import pandas as pd\n\n"
        "def fit():\n"
        "    raise ValueError('no rows to learn from')\n\n"
        "fit()\n",
    )

    run = shop.aft("dbt", "run")

    assert run.exit_code == 1
    assert (
        "  Traceback (most recent call last):\n"
        f'    File "{SCRIPT}", line 6, in <module>\n'
        "      fit()\n"
        f'    File "{SCRIPT}", line 4, in fit\n'
        "      raise ValueError('no rows to learn from')\n"
        "  ValueError: no rows to learn from\n"
    ) in run.output
    assert "python/aft/" not in run.output
    assert shop.statuses()["fct_customers"] == "skipped"
    assert shop.statuses()["alone"] == "success"
    assert shop.query("select * from customers_predicted_ltvs order by 1") == before
    assert shop.query("select * from fct_customers order by 1") == facts
    (entry,) = shop.results()
    assert entry["status"] == "error"
    assert entry["message"] == f"ValueError: no rows to learn from ({SCRIPT}:4)"


def test_a_script_of_a_table_model_that_raises(project: Project) -> None:
    project.write("scripts/check.py", "raise RuntimeError('too few orders')\n")
    project.bind("stg_orders", {"after": ["scripts/check.py"]})
    project.write("models/alone.sql", "select 1 as id")

    run = project.aft("dbt", "run")

    assert run.exit_code == 1
    assert "script 'scripts/check.py' failed: RuntimeError: too few orders" in run.output
    found = project.statuses()
    assert found["stg_orders"] == "error"
    for name in ("orders", "customers", "fct_customers"):
        assert found[name] == "skipped"
    for name in ("stg_customers", "stg_payments", "alone"):
        assert found[name] == "success"
    by_path = {entry["path"]: entry["status"] for entry in project.results()}
    assert by_path == {"scripts/check.py": "error", SCRIPT: "skipped"}


def test_scripts_of_one_node_run_in_turn_until_one_fails(project: Project) -> None:
    """A before-script that raises also keeps its model from being built."""
    project.write("scripts/prepare.py", "1 / 0\n")
    project.bind("stg_payments", {"before": ["scripts/prepare.py"]})
    project.write("scripts/one.py", "print('first')\n")
    project.write("scripts/two.py", "raise SystemExit(3)\n")
    project.write("scripts/three.py", "print('third')\n")
    scripts = [f"scripts/{name}.py" for name in ("one", "two", "three")]
    project.bind("stg_orders", scripts)

    run = project.aft("dbt", "run", "--select", "stg_orders", "stg_payments")

    assert run.exit_code == 1
    assert project.statuses()["stg_payments"] == "error"
    assert "stg_payments" not in project.relations()
    assert "script 'scripts/two.py' failed: script exited with 3" in run.output
    assert "third" not in run.output
    statuses = project.script_statuses()
    assert statuses.pop("scripts/prepare.py") == "error"
    assert list(statuses.items()) == list(
        zip(scripts, ("success", "error", "skipped"), strict=True)
    )


def test_a_failed_script_without_children_fails_the_run(project: Project) -> None:
    project.write(SCRIPT, "1 / 0\n")

    run = project.aft("dbt", "run", "--exclude", "fct_customers")

    assert run.exit_code == 1
    assert " ERROR=1 SKIP=0 " in run.output
    assert run.output.endswith("Scripts: PASS=0 ERROR=1 SKIP=0 TOTAL=1\n")


# What is written in a script, and what is said of it.
MISTAKES = [
    ("import os; os._exit(0)", "ended without a result"),
    ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "killed by SIGSEGV"),
    ("import os; os.abort()", "killed by SIGABRT"),
    ("def broken(:", "SyntaxError: invalid syntax"),
    ("import missing_module", "No module named 'missing_module'"),
    (
        "ref('custmers')",
        "there is no model 'custmers' in the project; did you mean 'customers'?",
    ),
    (
        "source('shop', 'orders')",
        "there is no source 'shop.orders' in the project",
    ),
    (
        "write_to_model([1, 2])",
        "a frame is needed: a pandas or polars DataFrame, an Arrow table or a generator "
        "of these, but this is of type 'list'",
    ),
    (
        "import pandas as pd; write_to_model(pd.DataFrame({'a': [1, 'x', None]}))",
        "cannot write column 'a': its values are not of one type",
    ),
    (
        "import pandas as pd; write_to_model(pd.DataFrame({'a': [1]}), mode='replace')",
        "there is no mode 'replace' (it may be 'overwrite', 'append', 'upsert' or "
        "'delete+insert')",
    ),
]


def test_the_message_says_what_went_wrong(project: Project) -> None:
    names = [f"mistake_{number}" for number in range(len(MISTAKES))]
    for name, (code, _) in zip(names, MISTAKES, strict=True):
        project.write(f"models/{name}.sql", "{{ config(materialized='ephemeral') }} select 1")
        project.write(f"scripts/{name}.py", code + "\n")
        project.bind(name, [f"scripts/{name}.py"])

    run = project.aft("dbt", "run", "--select", *names)

    assert run.exit_code == 1
    entries = {entry["path"]: entry for entry in project.results()}
    for name, (_, message) in zip(names, MISTAKES, strict=True):
        entry = entries[f"scripts/{name}.py"]
        assert entry["status"] == "error"
        assert message in entry["message"]
        assert message in run.output
        assert name not in project.relations()


def test_a_generator_that_raises_midway_leaves_the_old_table(shop: Project) -> None:
    before = shop.query("select * from customers_predicted_ltvs order by 1")
    shop.write(
        SCRIPT,
        """
import pandas as pd

def frames():
    for number in range(10):
        if number == 7:
            raise ConnectionError("the service went away")
        yield pd.DataFrame({"customer_id": range(1000), "expected_orders": 1.0,
                            "predicted_ltv": float(number)})

write_to_model(frames())
""",
    )

    run = shop.aft("dbt", "run")

    assert run.exit_code == 1
    assert "the service went away" in run.output
    assert shop.query("select * from customers_predicted_ltvs order by 1") == before
    assert not {name for name in shop.relations() if "aft" in name}


def test_what_a_script_leaves_and_prints_does_no_harm(project: Project) -> None:
    """What it leaves running ends with it; what it prints cannot drive the terminal."""
    project.write(
        SCRIPT,
        r"""
import os, subprocess
child = subprocess.Popen(["sleep", "1000"])
open("child.pid", "w").write(str(child.pid))
os.write(1, b'\x1b[2Jcleared\xff\nno newline at the end')
""",
    )
    project.bind("customers_predicted_ltvs", [SCRIPT], writes="optional")

    run = project.aft("dbt", "run", "--select", "customers_predicted_ltvs")

    assert run.exit_code == 0, run.output
    pid = (project.folder / "child.pid").read_text()
    command = project.run("ps", "-o", "stat=", "-p", pid).output.strip()
    assert command in ("", "Z"), "the child of the script is still there"
    assert f"{SCRIPT} | \\x1b[2Jcleared\\xff\n" in run.output
    assert f"{SCRIPT} | no newline at the end\n" in run.output
