# SPDX-License-Identifier: Apache-2.0
"""MariaDB and MySQL, whose protocol is the same, with what dbt-mysql 1.7 takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aft import odbc_string
from aft.errors import AftError
from aft.odbc import ConnectionSettings
from aft.odbc_string import braced
from aft.parameters import Abilities
from aft.profile import Target
from aft.targets.driver import Driver
from aft.targets.partition import Ask, CannotDivide, Division, by_key

# By default the server lets a reader wait for a day.
_LOCK_TIMEOUT = "set lock_wait_timeout = 2"
_NO_SNAPSHOT = (
    "MariaDB has no snapshot that connections share, so a row that changes meanwhile may be "
    "missing or there twice"
)


def _divide(ask: Ask, name: str, parts: int) -> Division:
    found = ask(f"show index from {name} where key_name = 'PRIMARY' and seq_in_index = 1")
    if not found:
        raise CannotDivide("it has no primary key")
    key = "`{}`".format(str(found[0][4]).replace("`", "``"))  # Column_name
    ((least, most),) = ask(f"select min({key}), max({key}) from {name}")
    if least is None:
        raise CannotDivide("it has no rows")
    if not isinstance(least, int):
        raise CannotDivide("its primary key does not begin with an integer")
    return Division(
        by_key(key, least, most, parts),
        "start transaction with consistent snapshot",
        locks=(
            _LOCK_TIMEOUT,
            f"select 1 from {name} limit 0",
            "set lock_wait_timeout = default",
        ),
        remark=_NO_SNAPSHOT,
    )


TYPES = frozenset({"mariadb", "mysql", "mysql5"})
DRIVER = Driver(
    name="MariaDB Unicode",
    dbms_name="MariaDB",
    debian_package="odbc-mariadb",
    file_prefix="libmaodbc",
    # Whatever the profile says of dbt's own connection: with a smaller character set the
    # server replaces characters without a word.
    needed={"CHARSET": "utf8mb4"},
    abilities=Abilities(nul_in_text=True),
    divide=_divide,
    before_dividing=_LOCK_TIMEOUT,
)
settings_of = DRIVER.settings_of
# mysql-connector's own default, in seconds.
_CONNECT_TIMEOUT = 10
# dbt-mysql does not pass these on; who sets them means them all the same.
_TLS_FILES = {"ssl_ca": "SSLCA", "ssl_cert": "SSLCERT", "ssl_key": "SSLKEY"}
_TLS_CHECKS = ("ssl_verify_cert", "ssl_verify_identity")


def connection_settings(target: Target) -> ConnectionSettings:
    """The connection that dbt-mysql would make."""
    DRIVER.require()
    given = target.credentials
    # dbt-mysql prefers a server to a socket.
    server = _first(given, "server", "host")
    unix_socket = None if server else given.get("unix_socket")
    # Over TCP even where the server is 'localhost'.
    place: dict[str, object] = {
        "TCPIP": 1,
        "SERVER": braced(server or "127.0.0.1"),
        "PORT": given.get("port") or 3306,
    }
    if unix_socket:
        place = {"SOCKET": braced(unix_socket)}
    attributes: dict[str, object] = {
        "Driver": DRIVER.name,
        **place,
        "UID": braced(_first(given, "username", "user", "UID") or ""),
        "PWD": braced(_first(given, "password", "PWD") or ""),
        "CONN_TIMEOUT": _CONNECT_TIMEOUT,
        **_tls(target),
    }
    return ConnectionSettings(
        DRIVER.completed(odbc_string.joined(attributes)), _first_statements(given)
    )


def _tls(target: Target) -> dict[str, object]:
    given = target.credentials
    if given.get("ssl_disabled"):
        for name in (*_TLS_FILES, *_TLS_CHECKS):
            if given.get(name):
                raise AftError(
                    f"cannot open target '{target.name}': 'ssl_disabled' and '{name}' exclude "
                    "each other"
                )
        return {}
    # With this the driver encrypts where the server can, as dbt's own connection does.
    attributes: dict[str, object] = {"SSLCIPHER": "DEFAULT"}
    for name, attribute in _TLS_FILES.items():
        if given.get(name):
            attributes[attribute] = braced(target.project_dir / str(given[name]))
    if any(given.get(name) for name in _TLS_CHECKS):
        # It has one switch for both the certificate and the server's name in it.
        attributes["SSLVERIFY"] = 1
    return attributes


def _first_statements(given: Mapping[str, Any]) -> tuple[str, ...]:
    """The collation of dbt's session, where it is one of the character set that aft uses."""
    collation = str(given.get("collation") or "")
    if not collation.startswith("utf8mb4_") or not collation.replace("_", "").isalnum():
        return ()
    return (f"SET collation_connection = {collation}",)


def _first(given: Mapping[str, Any], *names: str) -> Any:
    """The value under the first of the names that has one."""
    return next((given[name] for name in names if given.get(name)), None)
