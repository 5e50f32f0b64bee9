# SPDX-License-Identifier: Apache-2.0
"""The statements that bring a table to what dbt's configuration asks of it."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from aft import _aft, messages
from aft.connection import Connection
from aft.table_config import TableConfig, literal, revocation

_NOT_PERMITTED = "42501"
# SQLSTATE class 42: a statement that cannot run at all.
_WRONG_STATEMENT = "42"


def configured(
    config: TableConfig,
    connection: Connection,
    request: Mapping[str, Any],
    names: Iterable[str],
) -> dict[str, list[str]]:
    """Arguments of `_aft.Connection.write`; ``names`` are the frame's columns."""
    dbms, table = connection.dbms_name, connection.sql_name(request["relation"])
    new, always = config.statements(dbms, table, names, connection.quote)
    is_overwrite = request["mode"] == "overwrite"
    if is_overwrite and (words := config.left_out(dbms)):
        messages.warn(words)
    unwanted: list[tuple[str, str]] = []
    query = config.grants_query(dbms, table, request["relation"])
    if query is not None:
        unwanted = config.unwanted((row[0], row[1]) for row in _rows(connection, query))
    revoke = [revocation(dbms, table, *each, connection.quote) for each in unwanted]
    return {
        "if_new": new,
        "if_kept": _lacking(connection, table, request, new) if is_overwrite else [],
        "then": [*revoke, *always],
        "given_up": [f"grant of {privilege.upper()} to {to}" for privilege, to in unwanted],
    }


def _lacking(
    connection: Connection, table: str, request: Mapping[str, Any], statements: list[str]
) -> list[str]:
    """Those of the statements for a new table whose effect the table that is there lacks.

    Those that aft may not run are named in a warning instead.
    """
    if not statements:
        return []
    found = _rows(
        connection,
        "SELECT (has_schema_privilege(relnamespace, 'CREATE') AND pg_has_role(relowner, "
        f"'USAGE'))::int FROM pg_class WHERE oid = to_regclass({literal(table)}) AND relkind "
        "IN ('r', 'p')",
    )
    if not found:
        return []
    lacking = _compared(connection, table, request, statements)
    if lacking and found == [[0]]:
        messages.warn(
            f"{table} lacks what dbt's configuration asks for, and aft may not change it; let "
            f"its owner run: {'; '.join(lacking)}"
        )
        return []
    return lacking


def _compared(
    connection: Connection, table: str, request: Mapping[str, Any], statements: list[str]
) -> list[str]:
    """Those whose effect the table lacks.

    Only the server knows whether two spellings mean the same. So a table with the same
    columns gets them, which is rolled back.
    """
    sample = '"pg_temp"."aft_sample"'
    # A table of the session's own cannot refer to others.
    if any(" ADD FOREIGN KEY " in statement for statement in statements):
        name = f"aft_sample_{secrets.token_hex(8)}"
        more = {"identifier": name, "quote_identifier": True}
        sample = connection.sql_name({**request["relation"], **more})
    before = _parts(connection, table)
    lacking = []
    with _rolled_back(connection):
        try:
            connection.execute(f"CREATE TABLE {sample} (LIKE {table})")
        except _aft.Error as error:
            if error.sqlstate != _NOT_PERMITTED:
                raise
            messages.warn(
                f"aft may make no tables, so it cannot tell whether {table} has what dbt's "
                f"configuration asks for: {'; '.join(statements)}"
            )
            return []
        try:
            for statement in statements:
                known = _parts(connection, sample)
                connection.execute(statement.replace(f" {table} ", f" {sample} ", 1))
                if not _parts(connection, sample) - known <= before:
                    lacking.append(statement)
        except _aft.Error as error:
            if not (error.sqlstate or "").startswith(_WRONG_STATEMENT):
                raise
            # The table's columns are others, or the table will refuse it as well.
            return statements
    return lacking


def _parts(connection: Connection, table: str) -> set[str]:
    """The constraints and indexes of a table, as the server itself writes them."""
    oid = f"{literal(table)}::regclass"
    rows = _rows(
        connection,
        "SELECT 'NOT NULL ' || attname FROM pg_attribute WHERE attnum > 0 AND attnotnull AND "
        f"attrelid = {oid} UNION ALL SELECT pg_get_constraintdef(oid) FROM pg_constraint "
        f"WHERE contype <> 'n' AND conrelid = {oid} UNION ALL SELECT CASE WHEN indisunique "
        "THEN 'UNIQUE ' ELSE '' END || 'INDEX ' || regexp_replace(pg_get_indexdef("
        "indexrelid), '^.*? USING ', '') FROM pg_index i WHERE NOT EXISTS (SELECT FROM "
        "pg_constraint k WHERE k.conindid = i.indexrelid AND k.conrelid = i.indrelid) AND "
        f"indrelid = {oid}",
    )
    return {row[0] for row in rows}


def _rows(connection: Connection, query: str) -> list[list[Any]]:
    return [list(row.values()) for row in pa.table(connection.read(query)).to_pylist()]


@contextmanager
def _rolled_back(connection: Connection) -> Iterator[None]:
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
