# SPDX-License-Identifier: Apache-2.0
"""What scripts print: never unbounded, never raw, never secret."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.support.example import SCRIPT
from tests.support.programs import JAFFLE_SHOP
from tests.support.project import Project

WRITE = (JAFFLE_SHOP / SCRIPT).read_text()
LOG = (
    "target/aft/logs/script.model.jaffle_shop.customers_predicted_ltvs.after."
    "scripts+customers_predicted_ltvs.py.log"
)
CONSOLE_BOUND, FILE_BOUND = 1 << 20, 16 << 20


def test_what_a_script_prints_is_kept_whole_in_a_file(project: Project) -> None:
    project.write(SCRIPT, "import sys\nprint('one')\nprint('two', file=sys.stderr)\n" + WRITE)

    run = project.aft("dbt", "run")

    assert run.exit_code == 0, run.output
    assert run.line(f"{SCRIPT} | one") + 1 == run.line(f"{SCRIPT} | two")
    assert (project.folder / LOG).read_text().startswith("one\ntwo\n")
    project.write(SCRIPT, "pass")
    project.aft("dbt", "run", "--select", "customers_predicted_ltvs")
    assert not (project.folder / LOG).exists()


def test_a_flood_without_a_line_end_is_bounded(project: Project) -> None:
    flood = "import os\nfor _ in range(5000): os.write(1, b'\\xff' + b'x' * 65535)\nprint()\n"
    project.write(SCRIPT, flood + WRITE)

    run = project.aft("dbt", "run")

    assert run.exit_code == 0, run.output[-2000:]
    assert len(run.output) < 2 * CONSOLE_BOUND
    assert "[truncated here; more is in " in run.output
    assert "bytes more were printed]" in run.output
    assert (project.folder / LOG).stat().st_size < FILE_BOUND + 1000


def test_what_would_drive_the_terminal_is_escaped(project: Project) -> None:
    text = r"import os; os.write(1, b'\x1b]0;title\x07\x9b31m\xc3\xa4\xff\x00\r\n')" + "\n"
    project.write(SCRIPT, text + WRITE)

    run = project.aft("dbt", "run")

    shown = r"\x1b]0;title\x07\x9b31mä\xff\x00\x0d"
    assert f"{SCRIPT} | {shown}\n" in run.output
    assert (project.folder / LOG).read_text().splitlines()[0] == shown


def test_logging_and_warnings_arrive_with_their_level(project: Project) -> None:
    project.write(
        SCRIPT,
        """
import logging, warnings
logging.getLogger().warning("a root warning")
logging.getLogger().info("not shown by default")
warnings.warn("deprecated")
logging.basicConfig(level=logging.DEBUG, format="%(name)s: %(message)s")
logging.getLogger("shop").error("an error")
logging.getLogger("shop").debug("a detail")
"""
        + WRITE,
    )

    run = project.aft("dbt", "run", "--log-format", "json")

    notes = {
        event["info"]["msg"].partition(" | ")[2]: event["info"]["level"]
        for event in map(json.loads, re.findall(r"^{.*}$", run.output, re.M))
        if event["info"]["msg"].startswith(f"{SCRIPT} | ")
    }
    assert notes.pop("predicted the value of 100 customers") == "info"
    (warning,) = (text for text in notes if "UserWarning: deprecated" in text)
    assert notes.pop(warning) == "warn"
    source_line = '  warnings.warn("deprecated")'
    assert notes == {"a root warning": "warn", source_line: "info", "shop: an error": "error"}
    assert "shop: a detail" in (project.folder / "logs" / "dbt.log").read_text()
    assert "not shown by default" not in run.output


SECRETS = {
    "of the environment": "p4ss w/rd",
    "of the connection": "d}r0w'ssap",
    "of an unused target": "pr0d-w0rd",
    "of an address in vars": "4ddr3ss",
}


def test_secrets_are_masked_wherever_they_would_be_read(project: Project) -> None:
    project.write(
        SCRIPT,
        """
import logging, os, urllib.parse, warnings
environment, connection = os.environ["DBT_ENV_SECRET_TOKEN"], "d}r0w'ssap"
print("printed", environment, connection)
print("read", open("profiles.yml").read())
url = context.vars["url"]
print("address", url, "and its password", urllib.parse.urlsplit(url).password)
print("quoted", urllib.parse.quote_plus(environment), repr(connection))
logging.error("logged %s", environment)
warnings.warn("warned of " + connection)
raise ValueError(f"raised {environment} and {connection}") from KeyError(environment)
""",
    )
    database = project.folder / "jaffle_shop.db"
    profiles = (project.folder / "profiles.yml").read_text()
    password = SECRETS["of an unused target"]
    project.write(
        "profiles.yml", profiles + f"    prod: {{type: postgres, pass: {password}}}\n"
    )

    with (project.folder / "dbt_project.yml").open("a") as file:
        address = f"postgres://me:{SECRETS['of an address in vars']}@host/db"
        file.write(f"vars: {{url: '{address}'}}\n")

    run = project.aft(
        "dbt",
        "run",
        environment={
            "DBT_ENV_SECRET_TOKEN": SECRETS["of the environment"],
            "AFT_ODBC_CONNECTION": f"Driver=SQLite3;Database={database};Pwd={{d}}}}r0w'ssap}}",
        },
    )

    assert run.exit_code == 1
    for word in (
        "printed *****",
        "quoted *****",
        "address postgres://me:*****@host/db and its password *****",
        "logged *****",
        "warned of *****",
        "pass: *****",
    ):
        assert word in run.output
    assert "ValueError: raised ***** and *****" in run.output
    written = {path: path.read_bytes() for path in written_by_run(project.folder)}
    assert any(path.name == "results.json" for path in written)
    for secret in SECRETS.values():
        assert secret not in run.output
        assert [p for p, content in written.items() if secret.encode() in content] == []


def written_by_run(project: Path) -> list[Path]:
    folders = (project / "target", project / "logs")
    return [path for folder in folders for path in folder.rglob("*") if path.is_file()]
