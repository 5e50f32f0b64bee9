# SPDX-License-Identifier: Apache-2.0
"""How a target of dbt-duckdb is reached."""

from __future__ import annotations

from pathlib import Path

import pytest
from aft.connection_string import connect, settings_for
from aft.errors import AftError, NoConnection
from aft.odbc import ConnectionSettings
from aft.profile import Target
from aft.transports.duckdb_lent import LentSettings
from aft.transports.duckdb_settings import DuckdbSettings

from tests.unit.python_runtime.test_profile import read


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AFT_ODBC_CONNECTION", raising=False)


def duckdb_target(folder: Path, output: str) -> Target:
    return read(folder, f"shop: {{outputs: {{default: {{type: duckdb, {output}}}}}}}")


def test_a_duckdb_file_is_opened_as_dbt_opens_it(tmp_path: Path) -> None:
    target = duckdb_target(
        tmp_path,
        "path: shop.duckdb, config_options: {threads: 2}, settings: {memory_limit: 1GB}, "
        "extensions: [json, {name: spatial, repo: community}], "
        "attach: [{path: old.duckdb, alias: o, read_only: true, options: {a: it's}}]",
    )

    settings = settings_for(target)

    assert isinstance(settings, DuckdbSettings)
    assert settings.path == tmp_path / "shop.duckdb"
    assert settings.config == {"threads": 2}
    assert settings.statements == (
        "INSTALL json",
        "LOAD json",
        "INSTALL spatial FROM community",
        "LOAD spatial",
        f"ATTACH IF NOT EXISTS '{tmp_path}/old.duckdb' AS \"o\" (READ_ONLY, A 'it''s')",
        "SET memory_limit = '1GB'",
        "SET TimeZone = 'UTC'",
    )


def test_a_path_may_begin_with_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    settings = settings_for(
        duckdb_target(tmp_path, "path: ~/a:b.duckdb, attach: [{path: ~/c.duckdb}]")
    )

    assert isinstance(settings, DuckdbSettings)
    assert settings.path == tmp_path / "home" / "a:b.duckdb"
    assert f"'{tmp_path}/home/c.duckdb'" in settings.statements[0]


def test_a_duckdb_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    settings = settings_for(duckdb_target(tmp_path, "path: shop.duckdb"))

    with pytest.raises(AftError, match=r"there is no database file .* as by 'dbt seed'"):
        connect(settings)

    assert not (tmp_path / "shop.duckdb").exists()


def test_dbts_own_connection_goes_before_the_file(tmp_path: Path) -> None:
    target = duckdb_target(tmp_path, "path: ':memory:'")
    (tmp_path / "lend").touch()

    assert settings_for(target) == LentSettings(tmp_path / "lend")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("path: ':memory:'", "a DuckDB database in memory belongs to one process, which is "),
        ("threads: 1", "a DuckDB database in memory belongs to one process, which is dbt's "),
        ("path: 'md:shop?motherduck_token=s3cret'", "its path is no file; scripts of a live "),
    ],
)  # fmt: skip
def test_duckdb_says_why_scripts_cannot_have_its_data(
    tmp_path: Path, path: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = duckdb_target(tmp_path, path)

    with pytest.raises(NoConnection) as error:
        settings_for(target)

    start = f"cannot reach the data of target 'default': {reason}"
    assert str(error.value).startswith(start)
    assert "s3cret" not in str(error.value)
    monkeypatch.setenv("AFT_ODBC_CONNECTION", "Driver=DuckDB")
    assert settings_for(target) == ConnectionSettings("Driver=DuckDB")


def test_what_aft_leaves_out_of_a_duckdb_session_is_told(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    settings_for(duckdb_target(tmp_path, "path: shop.duckdb, secrets: [{type: s3}]"))

    assert "without what target 'default' has as secrets" in capfd.readouterr().err
