# SPDX-License-Identifier: Apache-2.0
"""A bare Debian, with what the user is told to install, and with dbt as users have it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.postgres import PASSWORD, PostgresServer
from tests.support.programs import BUILD, JAFFLE_SHOP
from tests.support.project import Run
from tests.support.root_folder import USER, Layer, Root, why_not
from tests.support.server_project import PROFILE

DIST = BUILD / "dist"
WHEEL = next(DIST.glob("dbt_aft-*.whl"), None)
SOURCES = next(DIST.glob("*.tar.gz"), None)
UV = Path(shutil.which("uv") or "uv")
# The script of the example project.
SCRIPT = "scripts/customers_predicted_ltvs.py"

BARE = Layer("bare")
DEBIAN = Layer(
    "debian",
    as_root=f"""
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq
        apt-get install -y -qq --no-install-recommends \\
            python3-venv pipx unixodbc libsqliteodbc odbc-postgresql
        useradd --create-home --shell /bin/bash {USER}
        chmod 711 /root
    """,
    below=BARE,
)
ADAPTERS = "dbt-sqlite~=1.10.0 dbt-postgres~=1.9.0"
# dbt in a virtual environment.
VENV = Layer(
    "venv",
    as_user=f"""
        python3 -m venv venv
        uv pip install --quiet --compile-bytecode --no-cache --python venv/bin/python \\
            dbt-core~=1.10.0 {ADAPTERS} pandas pyarrow
    """,
    below=DEBIAN,
    shown=(UV,),
)
# dbt from pipx.
PIPX = Layer(
    "pipx",
    as_user=f"""
        pipx install --pip-args=--no-cache-dir dbt-core~=1.10.0
        pipx inject --pip-args=--no-cache-dir dbt-core {ADAPTERS} pandas pyarrow
    """,
    below=DEBIAN,
)

# CPython 3.14, which Debian 12 does not have.
NEWEST_PYTHON = Layer(
    "python3.14",
    as_root=f"useradd --create-home --shell /bin/bash {USER} && chmod 711 /root",
    below=Layer("forky", suite="forky", packages=("python3.14", "unixodbc", "libsqliteodbc")),
)


class Machine(Root):
    """A Debian of a test's own, with the example project and what has been built of aft."""

    server: PostgresServer

    def install(self, script: str, user: str = USER, patience: float = 240) -> None:
        """Run what has to succeed."""
        done = self.run(script, user=user, patience=patience)
        assert done.exit_code == 0, done.output

    def build_example(self, aft: str = "aft", *, dbt: str = "") -> list[Run]:
        """Build the example on SQLite and on PostgreSQL with ``aft``."""
        option = f"--aft-dbt {dbt}" if dbt else ""
        on_sqlite = self.run(f"{aft} dbt build {option}", folder="~/shop")
        (self.changes / f"home/{USER}/shop/profiles.yml").write_text(PROFILE)
        account = {"POSTGRES_PORT": str(self.server.port), "POSTGRES_PASSWORD": PASSWORD}
        on_postgres = self.run(
            f"{aft} dbt build {option}", folder="~/shop", environment=account
        )
        return [on_sqlite, on_postgres]


@pytest.fixture
def bare_machine(tmp_path: Path) -> Callable[..., Machine]:
    """Make a machine on top of a layer; ``shown`` are paths of this one that it sees."""
    if why_not():
        pytest.skip(why_not())
    if WHEEL is None:
        pytest.skip("there is no wheel; run packaging/wheel and packaging/deb")

    def make(layer: Layer, *shown: Path) -> Machine:
        layer.make()
        return Machine([layer], tmp_path, (JAFFLE_SHOP, DIST, *shown))

    return make


@pytest.fixture
def machine(
    bare_machine: Callable[..., Machine], postgres: PostgresServer
) -> Callable[..., Machine]:
    """The same, with the example project and a server for it."""

    def make(layer: Layer, *shown: Path) -> Machine:
        made = bare_machine(layer, *shown)
        made.server = postgres
        postgres.run("drop schema if exists shop cascade")
        made.install(f"cp --recursive '{JAFFLE_SHOP}' shop")
        return made

    return make
