# SPDX-License-Identifier: Apache-2.0
"""Names, values and files that were made to do harm."""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
from pathlib import Path

import pytest

from tests.support.example import LTV, SCRIPT
from tests.support.nobody import AS_NOBODY
from tests.support.processes import PATIENCE, wait_until
from tests.support.programs import AFT, DBT
from tests.support.project import Project
from tests.support.server_project import ServerProject

VALUES = [
    "'; DROP TABLE customers; --",
    "\\",
    "\\'",
    "$$ $1 $a$",
    "%s %(a)s %d",
    "? {fn now()} {d '2024-01-01'}",
    "{{ config(materialized='table') }} {% raw %}",
    '"a" ""b""',
    "\u202e \U0001f600 e\u0301 \ufeff",
    "\n\r\t",
    " ",
    "",
    "NULL",
    "<script>alert(1)</script>",
]
NAMES = [
    'a"; drop table customers; --',
    "a]",
    "a`b",
    "a'b",
    "a\nb",
    "select",
    "ü😀",
    "?",
    "%s",
    "$1",
    "a b",
    "{{ x }}",
]
WRITES = f"""
import pandas as pd
values = {VALUES!r}
write_to_model(pd.DataFrame({{name: values for name in {NAMES!r}}}))
back = ref({LTV!r})
assert list(back.columns) == {NAMES!r}, list(back.columns)
for name in back:
    assert sorted(back[name]) == sorted(values), name
"""
RUN = ("dbt", "run", "--exclude", "fct_customers")


def test_names_and_values_are_stored_as_they_are(project: Project) -> None:
    project.write(SCRIPT, WRITES)

    run = project.aft(*RUN)

    assert run.exit_code == 0, run.output
    stored = project.query(f"select * from {LTV}")
    assert [row[0] for row in stored] == VALUES
    assert "customers" in project.relations()


def test_names_and_values_are_stored_as_they_are_on_a_server(
    server_project: ServerProject,
) -> None:
    server_project.write(SCRIPT, WRITES)

    run = server_project.aft(*RUN)

    assert run.exit_code == 0, run.output
    assert "customers" in server_project.tables()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "column 1 of the frame has no name"),
        ("a\0b", "NUL"),
        ("n" * 200, "n" * 60),
    ],
)
def test_a_name_that_a_server_does_not_take_is_refused(
    server_project: ServerProject, name: str, message: str
) -> None:
    before = server_project.rows(f"select * from shop.{LTV} order by 1")
    server_project.write(
        SCRIPT, f"import pandas as pd\nwrite_to_model(pd.DataFrame({{{name!r}: [1]}}))\n"
    )

    run = server_project.aft(*RUN)

    assert run.exit_code == 1, run.output
    (entry,) = server_project.results()
    assert message in entry["message"]
    assert server_project.rows(f"select * from shop.{LTV} order by 1") == before


def test_only_files_of_the_project_are_scripts(project: Project, tmp_path: Path) -> None:
    outside = tmp_path / "outside.py"
    outside.write_text("open('was here', 'w')\n")
    (project.folder / "link.py").symlink_to(outside)
    os.mkfifo(project.folder / "pipe.py")
    with (project.folder / "huge.py").open("wb") as file:
        file.truncate(10 << 30)
    refusals = {
        "../outside.py": "script '../outside.py' lies outside the project",
        "link.py": "script 'link.py' lies outside the project",
        "pipe.py": "script 'pipe.py' is not a regular file",
        "/dev/zero": "script '/dev/zero' lies outside the project",
        "huge.py": "script 'huge.py' has more than 16 MiB",
        "a\nb\x1b[2J.py": "b\\x1b[2J.py' does not exist",
    }
    project.bind("orders", list(refusals))

    run = project.aft("dbt", "run")

    assert run.exit_code == 2, run.output
    for refusal in refusals.values():
        assert refusal in run.output
    assert "START" not in run.output
    assert "\x1b" not in run.output
    assert not list(tmp_path.rglob("was here"))


def test_libraries_of_the_working_folder_are_not_loaded(project: Project) -> None:
    for name in (
        "libodbc.so.2",
        "libpython3.11.so.1.0",
        "libaft_plugin.so",
        "libyaml-cpp.so.0.7",
    ):
        project.write(name, "no library at all")

    run = project.aft("dbt", "run")

    assert run.exit_code == 0, run.output


def test_yaml_that_was_made_to_harm_ends_in_an_error(project: Project) -> None:
    harmful = {
        "cycle": "models: &a [*a]",
        "bomb": "a: &a [x]\n" + "".join(f"b{i}: &b{i} [*a, *a]\n" for i in range(50)),
        "deep": "models:\n" + "".join("  " * i + "- \n" for i in range(2, 3000)),
        "object": "models: !!python/object/apply:os.system ['touch was_here']",
        "duplicate": "fal: {scripts: [a.py], scripts: [b.py]}",
        "binary": "\0\1\2",
        "shape": "models: [{name: orders, meta: {aft: {scripts: {after: {after: {}}}}}}]",
    }
    for name, text in harmful.items():
        project.write(f"models/{name}.yml", text + "\n# fal aft scripts\n")

    run = project.aft("dbt", "run")

    assert run.exit_code == 2, run.output
    assert (
        "models/duplicate.yml, line 1: run-level scripts run only with '--globals'"
        in run.output
    )
    assert "START" not in run.output
    assert not list(project.folder.rglob("was_here"))


def test_bytes_at_random_on_the_gates_socket_do_no_harm(
    project: Project, tmp_path: Path, short_folder: Path
) -> None:
    project.write(
        SCRIPT,
        "import os, time\nopen('ready', 'w').close()\n"
        "while not os.path.exists('go on'): time.sleep(0.01)\n"
        + (project.folder / SCRIPT).read_text(),
    )
    noise = random.Random(7)
    output = (tmp_path / "output").open("w+")
    aft = subprocess.Popen(
        [AFT, "dbt", "run", "--aft-dbt", DBT],
        cwd=project.folder,
        env=project.environment | {"TMPDIR": str(short_folder)},
        stdout=output,
        stderr=subprocess.STDOUT,
    )
    try:
        wait_until((project.folder / "ready").exists, "the script runs")
        (gate,) = short_folder.rglob("gate")
        for line in [
            b"\0" * 100_000,
            b'{"hello": {}}\n',
            b'{"info": {"name": "NodeFinished"}, "data": []}\n',
            b"[" * 100_000 + b"\n",
            b"\n\n\n",
            *(noise.randbytes(noise.randrange(1, 5000)) for _ in range(200)),
        ]:
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(gate))
                client.settimeout(0.01)
                try:
                    client.sendall(line)
                    client.recv(100)
                except OSError:
                    continue
        if os.getuid() == 0:
            assert answer_to_another_user(gate) == "b''\n"
        (project.folder / "go on").touch()
        assert aft.wait(PATIENCE) == 0, (tmp_path / "output").read_text()
    finally:
        aft.kill()
        aft.wait()
    assert project.results()[0]["status"] == "success"


CLIENT = """
import socket, sys
with socket.socket(socket.AF_UNIX) as client:
    client.connect(sys.argv[1])
    try:
        client.sendall(b"{}\\n")
        print(client.recv(100))
    except OSError:
        print(b"")
"""


def answer_to_another_user(gate: Path) -> str:
    """What the gate says to somebody who has got past the modes of its folder."""
    for path in (gate, *gate.parents[:2]):
        path.chmod(0o777)
    finished = subprocess.run(
        [*AS_NOBODY, "python3", "-c", CLIENT, str(gate)],
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    return finished.stdout


def test_the_socket_is_out_of_others_reach(project: Project, short_folder: Path) -> None:
    project.write(
        SCRIPT,
        "import glob, json, os, stat\n"
        "paths = [p for p in glob.glob(os.environ['TMPDIR'] + '/**', recursive=True)]\n"
        "modes = {os.lstat(p).st_mode for p in paths if os.path.isdir(p)}\n"
        "modes = {stat.S_IMODE(mode) for mode in modes if stat.S_ISDIR(mode)}\n"
        "print('modes', sorted(modes))\n"
        "import pandas as pd\n"
        "write_to_model(pd.DataFrame({'customer_id': [1]}))\n",
    )
    short_folder.chmod(0o1777)

    run = project.aft(*RUN, environment={"TMPDIR": str(short_folder)})

    assert f"modes [{0o700}, {0o1777}]" in run.output


def test_nothing_is_sent_anywhere(project: Project) -> None:
    """Without any network at all a run works."""
    command = [str(AFT), "dbt", "run", "--aft-dbt", str(DBT)]
    probe = subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False)
    if probe.returncode != 0:
        pytest.skip(f"no network can be taken away here: {probe.stderr.decode().strip()}")

    run = project.run("unshare", "-n", *command)

    assert run.exit_code == 0, run.output
    assert json.loads((project.folder / "target" / "aft" / "results.json").read_text())
