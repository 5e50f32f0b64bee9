# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from aft import channel, failure
from aft.secrets import know, secrets_of


@pytest.fixture(autouse=True)
def no_secrets_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("DBT_ENV_SECRET_TOKEN", raising=False)
    monkeypatch.delenv("PGPASSWORD", raising=False)
    yield
    know(secrets_of({}))


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
        "PRIV_KEY_FILE_PWD",
        "security_token",
        "motherduck_token",
        "Auth_AccessToken",
        "AccountKey",
        "SharedAccessKey",
        "client_key",
        "aws_secret_access_key",
        "jwt",
        "pat",
        "sslpassword",
    ],
)
def test_what_adapters_and_drivers_call_secret_is_one(name: str) -> None:
    assert secrets_of({name: "hunter2"}).texts == ("hunter2",)
    assert secrets_of({}, f"Driver=Some;{name}={{hunt;er2}}").texts == ("hunt;er2",)


@pytest.mark.parametrize(
    "name",
    [
        "user",
        "host",
        "schema",
        "private_key_path",
        "token_endpoint",
        "token_uri",
        "password_file",
        "keyfile",
        "sslkey",
        "tokenizers",
        "compass",
        "path",
        "patient",
        "primary_key",
    ],
)
def test_what_is_none_stays_readable(name: str) -> None:
    assert secrets_of({name: "hunter2"}).texts == ()


def test_of_a_key_file_only_its_secret_parts_are_secret() -> None:
    key = {"project_id": "shop", "client_email": "a@b.c", "private_key": "MIIE", "n": None}

    assert secrets_of({"keyfile_json": key, "extra": {"token": 12345}}).texts == (
        "12345",
        "MIIE",
    )
    text = json.dumps(key)
    assert secrets_of({"keyfile_json": text}).texts == ("MIIE", text)


def test_the_environments_secrets_are_dbts_and_the_drivers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DBT_ENV_SECRET_TOKEN", "a b/c")
    monkeypatch.setenv("PGPASSWORD", "of libpq")
    monkeypatch.setenv("AFT_ODBC_CONNECTION_PROD", "Driver=a;PWD={of;prod}")

    assert secrets_of({}).texts == ("a b/c", "of libpq", "of;prod")


def test_passwords_of_addresses_are_secret_under_any_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SHOP_DATABASE", "mysql://shop:0f%40env@h")
    variables = {"url": "pg://u:of-vars@h/db", "deep": [{"also": "pg://:l1st@h"}], "n": 1}
    credentials = {"host": "pg://shop:shop@h", "user": "me"}

    secrets = secrets_of(credentials, "", variables)

    assert secrets.texts == ("0f%40env", "0f@env", "l1st", "of-vars", "shop")
    assert secrets.masked("of-vars in shop by u") == "***** in shop by u"


def test_an_empty_password_masks_nothing() -> None:
    assert secrets_of({"password": "", "token": None}, "PWD=;").texts == ()


def test_a_password_that_is_a_name_leaves_the_name_readable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    credentials = {"user": "postgres", "password": "postgres"}
    text = "user 'postgres', password='postgres'"

    assert secrets_of(credentials).masked(text) == "user 'postgres', password='*****'"
    # What is declared secret is one.
    monkeypatch.setenv("DBT_ENV_SECRET_TOKEN", "postgres")
    assert secrets_of(credentials).masked(text) == "user '*****', password='*****'"


def test_every_spelling_that_python_has_is_masked() -> None:
    from html import escape
    from shlex import quote as shell_quote
    from urllib.parse import quote, quote_plus, urlencode

    secret = "p4ss w/rd'\"\\}é€😀\n&end"
    spelled = [
        secret,
        repr(secret),
        ascii(secret),
        repr(repr(secret)),
        repr({"password": secret, "error": repr(secret)}),
        json.dumps(secret),
        json.dumps(secret, ensure_ascii=False),
        json.dumps(json.dumps(secret)),
        repr(secret.encode()),
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        quote(quote(secret)),
        urlencode({"a": secret}),
        "PWD={" + secret.replace("}", "}}") + "}",
        secret.replace("'", "''"),
        shell_quote(secret),
        escape(secret),
        secret.encode("unicode_escape").decode(),
        secret.encode("ascii", "backslashreplace").decode(),
    ]
    secrets = secrets_of({"password": secret})

    for text in spelled:
        masked = secrets.masked(f"before {text} after")
        assert "*****" in masked, text
        for part in ("p4ss", "w/rd", "w%2", "end", "€", "20ac"):
            assert part not in masked, (text, masked)


def test_no_part_of_a_secret_is_left_where_a_report_is_cut(tmp_path: Path) -> None:
    secret = "s3cret-" * 40
    know(secrets_of({"password": secret}))
    limits = (channel.LONGEST_TEXT, failure._LONGEST_MESSAGE)

    for before in (limit // 2 - at for limit in limits for at in (20, 140, 260)):
        error = ValueError("x" * before + secret + "y" * 100_000)
        report = failure.describe(error, tmp_path)

        for text in (report["message"], report["traceback"]):
            assert "left out" in text
            assert "s3cr" not in text
