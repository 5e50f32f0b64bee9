# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re
import sqlite3
import textwrap
from pathlib import Path
from typing import Any

import pytest
from aft import _aft, odbc
from aft.connection_string import connection_settings
from aft.errors import AftError, NoConnection
from aft.profile import Setup, Target, read_target

POSTGRES = """
    shop:
      target: "{{ var('where', 'dev') }}"
      outputs:
        dev:
          type: postgres
          host: "{{ env_var('SHOP_HOST') }}"
          port: "{{ env_var('SHOP_PORT', '5432') | as_number }}"
          password: "{{ env_var('DBT_ENV_SECRET_PASSWORD') }}"
          keepalives: "{{ env_var('SHOP_ALIVE', 'True') | as_bool }}"
          dbname: shop
          schema: main
          threads: 3
        prod: {type: sqlite, schemas_and_paths: {main: shop.db}}
"""
UNKNOWN = POSTGRES.replace("type: postgres", "type: exotic")


def read(folder: Path, profiles: str, **more: Any) -> Target:
    (folder / "profiles.yml").write_text(textwrap.dedent(profiles))
    project = more.pop("project", "profile: shop")
    (folder / "dbt_project.yml").write_text(project)
    return read_target(Setup(folder, folder, folder, folder, folder, **more))


def sqlite_target(folder: Path, **credentials: Any) -> Target:
    paths = {"schemas_and_paths": {"main": "shop.db"}, **credentials}
    return Target("shop", "dev", 1, "sqlite", "database", "main", paths, None, folder)


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_HOST", "db.example.org")
    monkeypatch.setenv("DBT_ENV_SECRET_PASSWORD", "{{s3cret")
    monkeypatch.delenv("AFT_ODBC_CONNECTION", raising=False)


def test_secrets_of_targets_that_are_not_used_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROD_PASSWORD", "pr0d-word")
    monkeypatch.delenv("ABSENT", raising=False)
    profiles = """
        shop:
          target: dev
          outputs:
            dev: {type: sqlite, user: someone}
            prod:
              type: postgres
              user: "{{ env_var('ABSENT') }}"
              password: "{{ env_var('PROD_PASSWORD') }}"
              host: prod.example.org
              keyfile_json: {private_key: of-a-f1le, client_id: "{{ env_var('ABSENT') }}"}
            broken:
    """
    connections = "vars: {aft: {connections: {prod: 'Driver=A;PWD=in-a-str1ng'}}}"

    target = read(tmp_path, profiles, project=f"profile: shop\n{connections}")

    text = "0wnw pr0d-word of-a-f1le in-a-str1ng at prod.example.org"
    masked = "***** ***** ***** ***** at prod.example.org"
    assert target.secrets("Driver=B;PWD=0wnw").masked(text) == masked
    assert set(target.siblings) == {"prod", "broken"}


def test_variables_are_those_that_dbt_takes(tmp_path: Path) -> None:
    project = """
        name: shop
        profile: shop
        vars:
          days: 7
          region: north
          aft: {connections: {dev: PWD=secret}}
          shop: {region: south, rate: 0.5, aft: {connections: {dev: PWD=secret}}}
          other: {region: west}
        """
    given = {"days": 30, "aft": {"timeout": 3}}

    target = read(tmp_path, POSTGRES, project=textwrap.dedent(project), variables=given)

    variables = dict(target.variables)
    assert variables == {
        "days": 30,
        "region": "south",
        "rate": 0.5,
        "shop": {"region": "south", "rate": 0.5},
        "other": {"region": "west"},
    }
    assert read(tmp_path, POSTGRES).variables == {}


def test_a_profile_is_rendered_as_dbt_does(tmp_path: Path) -> None:
    target = read(tmp_path, POSTGRES)

    assert (target.profile_name, target.name, target.type) == ("shop", "dev", "postgres")
    assert (target.database, target.schema, target.threads) == ("shop", "main", 3)
    assert target.credentials["host"] == "db.example.org"
    assert target.credentials["port"] == 5432
    assert target.credentials["password"] == "{{s3cret"
    assert target.credentials["keepalives"] is True


def test_the_command_line_goes_before_the_profile(tmp_path: Path) -> None:
    assert read(tmp_path, POSTGRES, target="prod", threads=9).threads == 9
    assert read(tmp_path, POSTGRES, variables={"where": "prod"}).name == "prod"
    assert read(tmp_path, POSTGRES, profile="shop", project="name: x").name == "dev"


def test_a_profile_without_a_target_has_the_default_one(tmp_path: Path) -> None:
    profiles = "shop: {outputs: {default: {type: sqlite}}}"

    assert read(tmp_path, profiles).name == "default"


@pytest.mark.parametrize(
    ("profiles", "more", "message"),
    [
        (POSTGRES, {"target": "test"}, "cannot find target 'test' in '{}/profiles.yml'; "
         "there is: 'dev', 'prod'; add it, or name another with '--target' or 'target:' in "
         "the profile"),
        (POSTGRES, {"profile": "shoe"}, "cannot find profile 'shoe' in "
         "'{}/profiles.yml'; there is: 'shop'; add it, or name another with '--profile' or "
         "'profile:' in dbt_project.yml"),
        (POSTGRES, {"project": "name: shop"}, "cannot tell which profile to use: "
         "'{}/dbt_project.yml' names none; add 'profile: NAME' with a name of "
         "profiles.yml"),
        ("shop: {target: \"{{ env_var('NONE') }}\"}", {}, "the profile needs the "
         "environment variable 'NONE'; set it"),
        ("shop: {target: \"{{ var('none') }}\"}", {}, "the profile needs the variable "
         "'none'; give it with --vars"),
        ("shop: {target: \"{{ 'x' | as_number }}\"}", {}, "cannot render 'target' of the "
         "profile: its value is not a number"),
        ("shop: [", {}, "cannot read '{}/profiles.yml' in line 1: expected the node "
         "content, but found '<stream end>'"),
    ],
)  # fmt: skip
def test_a_profile_that_can_not_be_used_says_why(
    tmp_path: Path, profiles: str, more: dict[str, Any], message: str
) -> None:
    with pytest.raises(AftError, match=f"^{re.escape(message.format(tmp_path))}$"):
        read(tmp_path, profiles, **more)


def test_a_missing_profiles_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "dbt_project.yml").write_text("profile: shop")
    message = f"cannot find '{tmp_path}/profiles.yml'; dbt takes profiles.yml from "

    with pytest.raises(AftError, match=f"^{re.escape(message)}.* make one with 'dbt init'$"):
        read_target(Setup(tmp_path, tmp_path, tmp_path, tmp_path, tmp_path))


def test_no_secret_is_in_an_error_or_a_description(tmp_path: Path) -> None:
    with pytest.raises(AftError) as broken:
        read(tmp_path, "shop:\n  password: s3cret\n bad: [")
    with pytest.raises(AftError) as unknown:
        connection_settings(read(tmp_path, UNKNOWN))
    shown = repr(read(tmp_path, POSTGRES)) + str(read(tmp_path, POSTGRES).described())

    assert "s3cret" not in str(broken.value) + str(unknown.value) + shown


def test_an_adapter_without_a_rule_asks_for_a_connection_string(tmp_path: Path) -> None:
    with pytest.raises(AftError) as error:
        connection_settings(read(tmp_path, UNKNOWN))

    assert str(error.value) == (
        "cannot tell how to reach target 'dev' of type 'exotic' over ODBC; set 'vars: "
        '{aft: {connections: {dev: "Driver=..."}}}\' in dbt_project.yml, or the '
        "environment variable AFT_ODBC_CONNECTION_DEV or AFT_ODBC_CONNECTION"
    )


def test_postgres_is_reached_with_the_profiles_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_HOST", "db.example")
    monkeypatch.setenv("DBT_ENV_SECRET_PASSWORD", "a;}b")
    monkeypatch.setenv("PGSSLMODE", "verify-ca")
    own = "user: me\n          role: loader\n          dbname: shop"

    settings = connection_settings(read(tmp_path, POSTGRES.replace("dbname: shop", own)))

    assert settings.connection_string == (
        "Driver=PostgreSQL Unicode;Server=db.example;Port=5432;Database=shop;UID=me;"
        "PWD={a;}}b};SSLmode=verify-ca;pqopt={connect_timeout='10' application_name='dbt'};"
        "BoolsAsChar=0;TrueIsMinus1=0;BI=0;NumericAs=12;LFConversion=0;"
        "LowerCaseIdentifier=0;UseDeclareFetch=1;Fetch=10000;Protocol=7.4-1;CommLog=0;Debug=0"
    )
    assert settings.statements == ("set role loader",)


def test_what_the_driver_of_postgres_cannot_take_is_refused(tmp_path: Path) -> None:
    given = POSTGRES.replace("dbname: shop", "dbname: 'a;b'")

    with pytest.raises(AftError, match="its driver takes no ';' in 'Database'"):
        connection_settings(read(tmp_path, given))


def test_a_connection_string_can_be_given_outright(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = "Host={{ env_var('SHOP_HOST') }}"
    project = f'{{profile: shop, vars: {{aft: {{connections: {{dev: "{given}"}}}}}}}}'
    by_variable = {"aft": {"connections": {"dev": "Driver=B"}}}

    in_project = connection_settings(read(tmp_path, POSTGRES, project=project))
    on_command_line = connection_settings(
        read(tmp_path, POSTGRES, project=project, variables=by_variable)
    )
    monkeypatch.setenv("AFT_ODBC_CONNECTION", "Driver=C")
    in_environment = connection_settings(read(tmp_path, POSTGRES, project=project))

    assert in_project.connection_string == "Host=db.example.org"
    assert on_command_line.connection_string == "Driver=B"
    assert in_environment.connection_string == "Driver=C"


def test_the_variable_is_for_the_default_target_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profiles = UNKNOWN.replace("prod:", "prod-eu: {type: exotic}\n        prod:")
    monkeypatch.setenv("AFT_ODBC_CONNECTION", "Driver=A")

    def connection(target: str | None, **more: Any) -> str:
        return connection_settings(
            read(tmp_path, profiles, target=target, **more)
        ).connection_string

    assert connection(None) == connection("dev") == "Driver=A"
    assert connection(None, variables={"where": "prod-eu"}) == "Driver=A"
    assert "Database=" in connection("prod")
    with pytest.raises(NoConnection) as error:
        connection("prod-eu")
    assert str(error.value) == (
        "cannot tell how to reach target 'prod-eu' of type 'exotic' over ODBC; set 'vars: "
        '{aft: {connections: {prod-eu: "Driver=..."}}}\' in dbt_project.yml, or the '
        "environment variable AFT_ODBC_CONNECTION_PROD_EU; AFT_ODBC_CONNECTION is for the "
        "profile's default target only"
    )
    monkeypatch.setenv("AFT_ODBC_CONNECTION_PROD_EU", "Driver=B")
    monkeypatch.setenv("AFT_ODBC_CONNECTION_DEV", "Driver=C")
    assert (connection("prod-eu"), connection("dev"), connection(None)) == (
        "Driver=B",
        "Driver=C",
        "Driver=C",
    )


def test_a_variable_that_could_be_two_targets_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profiles = UNKNOWN.replace("prod:", "DEV: {type: exotic}\n        prod:")
    monkeypatch.setenv("AFT_ODBC_CONNECTION_DEV", "Driver=A")

    with pytest.raises(AftError, match="AFT_ODBC_CONNECTION_DEV is for target 'dev' or 'DEV'"):
        connection_settings(read(tmp_path, profiles))


def test_a_default_target_that_cannot_be_rendered_is_no_error_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AFT_ODBC_CONNECTION", "Driver=A")
    profiles = POSTGRES.replace("var('where', 'dev')", "env_var('NOT_SET_HERE')")

    settings = connection_settings(read(tmp_path, profiles, target="prod"))

    assert "Database=" in settings.connection_string


def test_only_the_targets_own_connection_string_is_rendered(tmp_path: Path) -> None:
    strings = {"dev": "Driver=A", "prod": "Password={{ env_var('NOT_SET_HERE') }}"}

    target = read(tmp_path, POSTGRES, variables={"aft": {"connections": strings}})

    assert connection_settings(target).connection_string == "Driver=A"


def test_connection_strings_without_targets_are_refused(tmp_path: Path) -> None:
    project = "{profile: shop, vars: {aft: {connections: Driver=A}}}"
    message = "'connections' under 'vars: aft:' in dbt_project.yml must map"

    with pytest.raises(AftError, match=re.escape(message)):
        read(tmp_path, POSTGRES, project=project)


@pytest.mark.parametrize("name", ["shop", "my shop", "a;b={c}", "it's", "ünï", "#a?b%20"])
def test_sqlite_opens_the_files_that_dbt_opens(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    for file in ("shop", "beside", "found"):
        with sqlite3.connect(folder / f"{file}.db") as database:
            database.execute(f"create table {file} (x)")
    target = sqlite_target(
        folder,
        schemas_and_paths={"main": "shop.db", "other": "beside.db"},
        schema_directory=".",
    )

    settings = connection_settings(target)
    connection = _aft.Connection(settings.connection_string, list(settings.statements))

    for table in ("main.shop", "other.beside", "found.found"):
        connection.execute(f"insert into {table} values (1)")


def test_sqlite_makes_no_file_that_is_missing(tmp_path: Path) -> None:
    settings = connection_settings(sqlite_target(tmp_path))

    with pytest.raises(_aft.Error):
        _aft.Connection(settings.connection_string).execute("create table t (x)")
    assert list(tmp_path.iterdir()) == []


def test_sqlite_needs_a_schema_main(tmp_path: Path) -> None:
    with pytest.raises(AftError, match="its 'schemas_and_paths' has no schema 'main'"):
        connection_settings(sqlite_target(tmp_path, schemas_and_paths={"a": "a.db"}))


def test_types_of_dataframes_are_chosen_with_variables_before_the_project(
    tmp_path: Path,
) -> None:
    project = "{profile: shop, vars: {aft: {decimals: decimal, dates: object}}}"
    given = {"aft": {"decimals": "float"}}

    assert read(tmp_path, POSTGRES).choices == {}
    chosen = read(tmp_path, POSTGRES, project=project, variables=given).choices
    assert chosen == {"decimals": "float", "dates": "object"}


def test_an_unknown_type_for_dataframes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AftError) as refused:
        read(tmp_path, POSTGRES, variables={"aft": {"dates": "text"}})

    assert str(refused.value) == (
        "'dates' under 'vars: aft:' in --vars must be 'datetime64' or 'object', and not 'text'"
    )


def test_a_database_file_that_dbt_has_not_made_yet_is_named(tmp_path: Path) -> None:
    settings = connection_settings(sqlite_target(tmp_path))

    with pytest.raises(AftError, match=f"no database file '{tmp_path}/shop.db'; dbt makes"):
        odbc.connect(settings)
    (tmp_path / "shop.db").touch()
    odbc.connect(settings).close()
