# SPDX-License-Identifier: Apache-2.0
"""From what a profile says to what a connection has."""

from __future__ import annotations

import dataclasses
import os
import subprocess
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from aft import _aft, odbc, odbc_string
from aft.connection_string import connection_settings
from aft.errors import AftError
from aft.profile import Target
from dbt.adapters.postgres.connections import PostgresCredentials
from dbt.adapters.sqlite.connections import SQLiteCredentials

from tests.support.certificates import Authority
from tests.support.mariadb import PASSWORD as MARIADB_PASSWORD
from tests.support.mariadb import USER as MARIADB_USER
from tests.support.mariadb import MariadbServer
from tests.support.postgres import DATABASE, PASSWORD, USER, PostgresServer

# Of dbt's adapters' fields, those that concern no connection of a script's: where models
# go, and what a statement of dbt's own commits.
NOT_OF_THE_CONNECTION = {"schema", "autocommit"}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("PG", "AFT_")):
            monkeypatch.delenv(name)


@pytest.fixture(name="reach")
def make_target(postgres: PostgresServer, tmp_path: Path) -> Any:
    """Make a target on the server, with more or other credentials."""

    def make(**more: Any) -> Target:
        given = {
            "host": "127.0.0.1",
            "port": postgres.port,
            "user": USER,
            "password": PASSWORD,
            **more,
        }
        return target("postgres", given, tmp_path)

    return make


def target(kind: str, credentials: dict[str, Any], folder: Path) -> Target:
    return Target("shop", "dev", 1, kind, DATABASE, "main", credentials, None, folder)


def ask(of: Target, sql: str) -> list[Any]:
    """The values of a query's one row."""
    connection = odbc.connect(connection_settings(of))
    row = [column[0].as_py() for column in pa.table(connection.read(sql)).columns]
    connection.close()
    return row


def is_encrypted(of: Target) -> bool:
    (answer,) = ask(of, "select ssl from pg_stat_ssl where pid = pg_backend_pid()")
    return bool(answer)


def pqopt(of: Target) -> str:
    settings = connection_settings(of)
    return odbc_string.value(settings.connection_string, "pqopt") or ""


def test_each_field_of_dbt_postgres_reaches_the_server(
    reach: Any, postgres: PostgresServer, tmp_path: Path
) -> None:
    postgres.run('create role "Loader"; create schema "Other One"')
    fields = {
        "role": '"Loader"',
        "search_path": '"Other One", public',
        "keepalives_idle": 77,
        "connect_timeout": 33,
        "application_name": "it's \\ mine",
        "retries": 5,
    }
    of = reach(**fields)

    values = ask(
        of,
        "select current_user::text, current_setting('search_path'), "
        "current_setting('application_name')",
    )

    assert values == ["Loader", '"Other One", public', "it's \\ mine"]
    assert "keepalives_idle='77'" in pqopt(of)
    assert "connect_timeout='33'" in pqopt(of)
    assert connection_settings(of).retries == 5
    in_files = {"sslrootcert": "ca.pem", "sslcert": "c.pem", "sslkey": "/k.pem"}
    assert pqopt(reach(**in_files)) == (
        f"connect_timeout='10' sslcert='{tmp_path}/c.pem' sslkey='/k.pem' "
        f"sslrootcert='{tmp_path}/ca.pem' application_name='dbt'"
    )
    known = {field.name for field in dataclasses.fields(PostgresCredentials)}
    assert known - NOT_OF_THE_CONNECTION == {
        *fields, *in_files, "host", "port", "user", "password", "database", "sslmode",
    }  # fmt: skip
    postgres.run('drop role "Loader"; drop schema "Other One"')


def test_without_a_word_libpq_decides(
    reach: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert is_encrypted(reach())
    monkeypatch.setenv("PGSSLMODE", "disable")
    assert not is_encrypted(reach())
    assert is_encrypted(reach(sslmode="require"))
    service = tmp_path / "services"
    service.write_text("[shop]\nsslmode=require\n")
    monkeypatch.setenv("PGSERVICEFILE", str(service))
    monkeypatch.setenv("PGSERVICE", "shop")
    assert is_encrypted(reach())


@pytest.mark.parametrize("place", ["profile", "environment"])
def test_a_server_is_verified_where_that_is_asked_for(
    reach: Any,
    postgres: PostgresServer,
    tmp_path: Path,
    place: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wrong = Authority(tmp_path, "wrong").certificate

    def verify(authority: Path, mode: str = "verify-full") -> Any:
        if place == "profile":
            return reach(sslmode=mode, sslrootcert=str(authority))
        monkeypatch.setenv("PGSSLMODE", mode)
        monkeypatch.setenv("PGSSLROOTCERT", str(authority))
        return reach()

    assert is_encrypted(verify(postgres.authority.certificate))
    for mode in ("verify-ca", "verify-full"):
        with pytest.raises(_aft.Error, match="certificate verify failed"):
            ask(verify(wrong, mode), "select 1")


def test_a_client_shows_its_certificate(reach: Any, postgres: PostgresServer) -> None:
    postgres.run("create role certified; create role carla login in role certified")
    certificate, key = postgres.authority.sign("carla")
    files = {"sslcert": str(certificate), "sslkey": str(key)}

    assert ask(reach(user="carla", password="", **files), "select user::text") == ["carla"]
    with pytest.raises(_aft.Error, match="requires a valid client certificate"):
        ask(reach(user="carla", password=""), "select 1")
    postgres.run("drop role carla; drop role certified")


@pytest.mark.parametrize("mode", ["Require", "verify", "ture"])
def test_a_mode_that_the_driver_would_take_for_another_is_refused(
    reach: Any, mode: str
) -> None:
    with pytest.raises(AftError) as error:
        connection_settings(reach(sslmode=mode))

    assert str(error.value) == (
        f"cannot open target 'dev': its 'sslmode' is '{mode}', which is none of allow, "
        "disable, prefer, require, verify-ca, verify-full"
    )


# A function that only those have who load it.
EXTENSION = """
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT1
static void answer(sqlite3_context* context, int count, sqlite3_value** values) {
  sqlite3_result_int(context, 42);
}
int sqlite3_extension_init(sqlite3* database, char** error,
                           const sqlite3_api_routines* api) {
  SQLITE_EXTENSION_INIT2(api)
  return sqlite3_create_function(database, "answer", 0, SQLITE_UTF8, 0, answer, 0, 0);
}
"""


@pytest.fixture(name="extension")
def build_extension(tmp_path: Path) -> Path:
    """A library with a function for SQLite."""
    source, library = tmp_path / "answer.c", tmp_path / "answer.so"
    source.write_text(EXTENSION)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", str(library), str(source)], check=True)
    return library


def test_each_field_of_dbt_sqlite_reaches_the_driver(tmp_path: Path, extension: Path) -> None:
    (tmp_path / "shop.db").touch()
    fields = {
        "schemas_and_paths": {"main": "shop.db"},
        "schema_directory": ".",
        "extensions": [str(extension)],
    }

    assert ask(target("sqlite", fields, tmp_path), "select answer() as a") == [42]
    known = {field.name for field in dataclasses.fields(SQLiteCredentials)}
    assert known - NOT_OF_THE_CONNECTION == {*fields, "database"}
    with pytest.raises(
        AftError, match=r"takes no ',' or ';' in 'extensions', as in 'a,b\.so'"
    ):
        connection_settings(target("sqlite", fields | {"extensions": ["a,b.so"]}, tmp_path))


# What connection strings, data sources and drivers' defaults say against aft's reading.
READING = (
    "select true as yes, 5000000000 as long, 12.5::numeric(20, 2) as exact, "
    "1.5::numeric as open, E'a\\nb' as lines, 1 as \"Mixed\""
)
HARMFUL = (
    "",
    "BoolsAsChar=1",
    "B9=1",
    "BI=4",
    "NumericAs=8",
    "LFConversion=1",
    "TrueIsMinus1=1",
    "LowerCaseIdentifier=1",
    "CX=1c10040b",
    "UseDeclareFetch=0",
)


@pytest.mark.parametrize("harmful", HARMFUL)
def test_a_given_string_of_postgres_is_read_exactly(
    postgres: PostgresServer, tmp_path: Path, harmful: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare, _, _ = postgres.connection_string.partition("UseDeclareFetch")
    (tmp_path / "odbc.ini").write_text("[shop]\nDriver=PostgreSQL Unicode\nBoolsAsChar=1\n")
    monkeypatch.setenv("ODBCINI", str(tmp_path / "odbc.ini"))
    by_name = bare.replace("PostgreSQL Unicode", "postgresql unicode")
    by_file = bare.replace("PostgreSQL Unicode", odbc.drivers()["PostgreSQL Unicode"])
    by_source = bare.replace("Driver=PostgreSQL Unicode", "DSN=shop")

    for string in (by_name, by_file, by_source):
        of = dataclasses.replace(target("any", {}, tmp_path), connection=string + harmful)
        connection = odbc.connect(connection_settings(of))
        table = pa.table(connection.read(READING))
        connection.close()

        assert [str(column.type) for column in table.columns] == [
            "bool", "int64", "decimal128(20, 2)", "double", "string", "int32",
        ]  # fmt: skip
        assert table["lines"].to_pylist() == ["a\nb"]
        assert table.column_names[-1] == "Mixed"


def test_a_given_string_does_not_weaken_what_the_environment_demands(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = postgres.connection_string.replace(";SSLmode=disable", "")
    assert bare != postgres.connection_string
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    monkeypatch.setenv("PGSSLROOTCERT", str(Authority(tmp_path, "wrong").certificate))

    def given(string: str) -> Target:
        return dataclasses.replace(target("any", {}, tmp_path), connection=string)

    with pytest.raises(_aft.Error, match="certificate verify failed"):
        ask(given(bare), "select 1")
    monkeypatch.setenv("PGSSLROOTCERT", str(postgres.authority.certificate))
    assert is_encrypted(given(bare))
    assert not is_encrypted(given(postgres.connection_string))


def test_rows_of_a_given_string_are_fetched_in_portions(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    bare, _, _ = postgres.connection_string.partition("UseDeclareFetch")

    def completed(more: str) -> dict[str, str]:
        of = dataclasses.replace(target("any", {}, tmp_path), connection=bare + more)
        return dict(odbc_string.attributes(connection_settings(of).connection_string))

    assert completed("")["UseDeclareFetch"] == "1"
    assert completed("usedeclarefetch=0")["usedeclarefetch"] == "0"
    assert "UseDeclareFetch" not in completed("usedeclarefetch=0")


def test_a_driver_that_gives_booleans_as_text_is_refused(postgres: PostgresServer) -> None:
    bare, _, _ = postgres.connection_string.partition("UseDeclareFetch")

    with pytest.raises(_aft.Error) as error:
        _aft.Connection(bare)

    assert str(error.value) == (
        "cannot use the connection: its driver gives booleans as text; add BoolsAsChar=0 to "
        "the connection string"
    )


@pytest.mark.parametrize("harmful", ["", "LongNames=1", "NoTXN=1", "StepAPI=0;NoWCHAR=0"])
def test_a_given_string_of_sqlite_is_read_exactly(tmp_path: Path, harmful: str) -> None:
    (tmp_path / "shop.db").touch()
    string = f"Driver=SQLite3;Database={tmp_path}/shop.db;{harmful}"
    of = dataclasses.replace(target("any", {}, tmp_path), connection=string)
    connection = odbc.connect(connection_settings(of))
    connection.execute("create table t (a integer)")
    connection.execute("begin")
    connection.execute("insert into t values (1)")
    connection.execute("rollback")

    table = pa.table(connection.read("select * from t"))

    assert (table.column_names, table.num_rows) == (["a"], 0)


def test_a_string_for_a_driver_that_is_not_known_stays_as_it_is(tmp_path: Path) -> None:
    for string in ("Driver=Mine;A=1", "DSN=nowhere", "FILEDSN=x", "Driver=/a/mine.so;", ""):
        of = dataclasses.replace(target("sqlite", {}, tmp_path), connection=string or "A=")
        assert connection_settings(of).connection_string == (string or "A=")


def on_mariadb(mariadb: MariadbServer, folder: Path, **more: Any) -> Target:
    given = {
        "server": "127.0.0.1",
        "port": mariadb.port,
        "username": MARIADB_USER,
        "password": MARIADB_PASSWORD,
        **more,
    }
    return target("mysql", given, folder)


def test_each_field_of_dbt_mysql_reaches_the_server(
    mariadb: MariadbServer, tmp_path: Path
) -> None:
    # What its authors' documentation calls optional; their package is not in this
    # environment.
    fields = {"charset": "latin1", "collation": "utf8mb4_bin"}

    values = ask(
        on_mariadb(mariadb, tmp_path, **fields),
        "select @@collation_connection, @@character_set_client, _utf8mb4 0xF09F9880",
    )

    assert values == ["utf8mb4_bin", "utf8mb4", "\U0001f600"]


def test_a_mariadb_server_is_verified_where_that_is_asked_for(
    mariadb: MariadbServer, tmp_path: Path
) -> None:
    right = {"ssl_ca": str(mariadb.certificate), "ssl_verify_identity": True}
    wrong = {"ssl_ca": str(Authority(tmp_path, "wrong").certificate), "ssl_verify_cert": True}

    assert ask(on_mariadb(mariadb, tmp_path, **right), "select 1") == [1]
    with pytest.raises(_aft.Error, match="TLS/SSL error"):
        ask(on_mariadb(mariadb, tmp_path, **wrong), "select 1")
    with pytest.raises(AftError, match="'ssl_disabled' and 'ssl_ca' exclude each other"):
        connection_settings(on_mariadb(mariadb, tmp_path, ssl_disabled=True, **right))


@pytest.mark.parametrize("harmful", ["", "CHARSET=latin1", "charset=utf8"])
def test_a_given_string_of_mariadb_is_read_exactly(
    mariadb: MariadbServer, tmp_path: Path, harmful: str
) -> None:
    string = mariadb.connection_string + harmful
    of = dataclasses.replace(target("any", {}, tmp_path), connection=string)

    assert ask(of, "select convert(0xC3BCF09F9880 using utf8mb4)") == ["ü\U0001f600"]
    if harmful:
        with pytest.raises(_aft.Error) as error:
            _aft.Connection(string)
        assert str(error.value) == (
            "cannot use the connection: its character set would change text; add "
            "CHARSET=utf8mb4 to the connection string"
        )
