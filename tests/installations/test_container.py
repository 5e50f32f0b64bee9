# SPDX-License-Identifier: Apache-2.0
"""The steps of packaging/Containerfile, on a bare Debian."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.installations.conftest import BARE, DIST, Machine
from tests.support.programs import JAFFLE_SHOP, REPOSITORY

PACKAGES = "dbt-core~=1.10.0 dbt-sqlite~=1.10.0 pandas pyarrow"


@pytest.mark.matrix
def test_the_steps_of_the_container_file_make_a_machine_that_runs_the_example(
    bare_machine: Callable[..., Machine],
) -> None:
    text = (REPOSITORY / "packaging" / "Containerfile").read_text()
    steps = re.findall(r"^(\w+) (.*(?:(?<=\\)\n.*)*)", text, re.M)
    assert [name for name, _ in steps] == (
        ["FROM", "COPY", "RUN", "ARG", "RUN", "ENV", "RUN", "USER", "WORKDIR", "ENTRYPOINT"]
    )
    debian = bare_machine(BARE)

    debian.install(f"cp '{DIST}'/dbt-aft_*.deb /tmp/", user="root")
    for name, step in steps:
        if name == "RUN":
            debian.install(f"PACKAGES='{PACKAGES}'\n{step}", user="root")
    debian.install(f"cp --recursive '{JAFFLE_SHOP}' shop", user="dbt")
    run = debian.run("PATH=/opt/dbt/bin:$PATH aft dbt build", user="dbt", folder="~/shop")

    assert run.exit_code == 0, run.output
    assert "Scripts: PASS=1 ERROR=0 SKIP=0 TOTAL=1" in run.output
