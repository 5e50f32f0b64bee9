# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from aft.secrets import secrets_of


@pytest.fixture(autouse=True)
def no_secrets_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBT_ENV_SECRET_TOKEN", raising=False)


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "pass",
        "PWD",
        "token",
        "client_secret",
        "private_key",
        "private_key_passphrase",
    ],
)
def test_what_adapters_call_secret_is_one(name: str) -> None:
    assert "hunter2" in secrets_of({name: "hunter2"}, "")


@pytest.mark.parametrize(
    "name",
    ["user", "host", "schema", "private_key_path", "token_endpoint", "keyfile", "sslkey"],
)
def test_what_is_none_stays_readable(name: str) -> None:
    assert secrets_of({name: "hunter2"}, "") == []


def test_the_longest_come_first() -> None:
    credentials = {"password": "pass", "token": "pass1234", "secret": "zz"}

    assert secrets_of(credentials, "") == ["pass1234", "pass", "zz"]


def test_nested_credentials_are_searched() -> None:
    credentials = {"keyfile_json": {"project": "shop"}, "extra": {"token": 12345}}

    assert secrets_of(credentials, "") == ["12345", "shop"]


def test_a_connection_string_is_searched() -> None:
    secrets = secrets_of({}, "Driver={Some Driver};UID=me;PWD={a;b}}c};Token=t0k")

    assert {"{a;b}}c}", "a;b}c", "t0k"} <= set(secrets)
    assert not {"me", "Some Driver", ""} & set(secrets)


def test_the_environments_secrets_are_dbts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBT_ENV_SECRET_TOKEN", "a b/c")

    assert secrets_of({}, "") == ["a%20b%2Fc", "a+b%2Fc", "a b/c"]


def test_an_empty_password_masks_nothing() -> None:
    assert secrets_of({"password": "", "token": None}, "PWD=;") == []
