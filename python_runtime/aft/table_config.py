# SPDX-License-Identifier: Apache-2.0
"""What dbt's configuration asks of a model's table: contract, grants, indexes, comments."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from aft.errors import AftError

Quote = Callable[[str], str]
MARIADB = ("MariaDB", "MySQL")
DUCKDB = "DuckDB"
_QUOTES = str.maketrans("", "", "\"'`")
_ANY_HOST = re.compile("@%?$")


class TableConfig:
    """The configuration of a model, as statements for a table that a script has written.

    dbt's own materializations apply the same. What dbt's adapter does not know on a
    database is left out there.
    """

    def __init__(self, node: Mapping[str, Any]) -> None:
        """``node`` is the model in dbt's manifest."""
        config = node.get("config") or {}
        self._name = node.get("name")
        self._node = node
        self._columns: Mapping[str, Any] = node.get("columns") or {}
        self._grants = config.get("grants") or {}
        self._indexes = config.get("indexes") or []
        self._docs = config.get("persist_docs") or {}
        self._has_contract = bool((config.get("contract") or {}).get("enforced"))

    def column_types(self, given: Mapping[str, str]) -> dict[str, str]:
        """The types that the contract declares and those given, by columns.

        Raises AftError where they contradict each other.
        """
        if not self._has_contract:
            return dict(given)
        declared = {
            name: str(column["data_type"])
            for name, column in self._columns.items()
            if column.get("data_type")
        }
        for name, kind in given.items():
            if _folded(kind) != _folded(declared.get(name, kind)):
                raise AftError(
                    f"dtype gives column '{name}' the type '{kind}', but the contract of "
                    f"model '{self._name}' declares '{declared[name]}'; leave the column out "
                    "of dtype, or change its data_type"
                )
        return {**declared, **given}

    def check(self, names: Iterable[str], *, may_leave_out: bool) -> None:
        """Raise AftError unless a frame has the columns of the contract, if there is one."""
        if not self._has_contract:
            return
        names = list(names)
        missing = [name for name in self._columns if name not in names and not may_leave_out]
        more = [name for name in names if name not in self._columns]
        faults = [
            f"{what} {', '.join(map(repr, found))}"
            for what, found in (("has no column", missing), ("has more columns:", more))
            if found
        ]
        if faults:
            raise AftError(
                f"the frame breaks the contract of model '{self._name}': it "
                f"{' and '.join(faults)}"
            )

    def grants_query(
        self, dbms_name: str, table: str, relation: Mapping[str, Any]
    ) -> str | None:
        """What tells the privileges on a table, and who else has them, as SQL names them.

        None where none of them is to be revoked. ``table`` is the relation's name in SQL.
        """
        if not self._grants:
            return None
        if dbms_name == "PostgreSQL":
            return (
                "SELECT lower(a.privilege_type), coalesce(r.rolname, 'public') FROM pg_class "
                "c, aclexplode(c.relacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee WHERE "
                f"c.oid = to_regclass({literal(table)}) AND pg_get_userbyid(a.grantor) = "
                "current_user AND a.grantee <> a.grantor ORDER BY 1, 2"
            )
        if dbms_name in MARIADB:
            schema, name = relation["schema"], relation["identifier"]
            return (
                "SELECT lower(privilege_type), replace(grantee, '''', '') FROM "
                "information_schema.table_privileges WHERE table_schema = "
                f"{_hex_literal(schema) if schema else 'database()'} AND table_name = "
                f"{_hex_literal(name)} AND replace(grantee, '''', '') <> current_user() "
                "ORDER BY 1, 2"
            )
        return None

    def unwanted(self, granted: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Those of the privileges and grantees that dbt's configuration does not have."""
        wanted = {
            (privilege.lower(), _bare(name))
            for privilege, grantees in self._grants.items()
            for name in ([grantees] if isinstance(grantees, str) else grantees)
        }
        return [
            (privilege, to)
            for privilege, to in granted
            # Without a host, MariaDB's name means a role, or a user of any host.
            if not {(privilege, _bare(to)), (privilege, _bare(_ANY_HOST.sub("", to)))} & wanted
        ]

    def left_out(self, dbms_name: str) -> str:
        """What dbt's adapter would do for a new table and aft does not, in words, or ""."""
        words = []
        if dbms_name in (*MARIADB, DUCKDB) and any(self._constraints("", str)):
            words.append(
                f"aft does not apply the constraints in the contract of model '{self._name}' "
                f"on {dbms_name}; it checks names and types alone"
            )
        if dbms_name == DUCKDB and self._indexes:
            words.append(
                f"aft makes no indexes on {dbms_name}; dbt makes those of model "
                f"'{self._name}' when it builds the table, and aft keeps them as long as its "
                "columns stay the same"
            )
        return "; ".join(words)

    def statements(
        self, dbms_name: str, table: str, names: Iterable[str], quote: Quote
    ) -> tuple[list[str], list[str]]:
        """Statements for a new table, and for any whose rows were overwritten."""
        said = plain_literal if dbms_name == DUCKDB else literal
        comments = [
            f"COMMENT ON {what} IS {said(text)}"
            for what, text in self._descriptions(table, names, quote)
        ]
        if dbms_name == DUCKDB:
            return [], comments
        if dbms_name == "PostgreSQL":
            new = [*self._constraints(table, quote), *map(_index(table), self._indexes)]
            return new, [*self._granted(table), *comments]
        if dbms_name in MARIADB:
            return [], list(self._granted(table))
        return [], []

    def _granted(self, table: str) -> Iterator[str]:
        for privilege, grantees in self._grants.items():
            names = [grantees] if isinstance(grantees, str) else grantees
            if names:
                yield f"GRANT {privilege} ON {table} TO {', '.join(names)}"

    def _descriptions(
        self, table: str, names: Iterable[str], quote: Quote
    ) -> Iterator[tuple[str, str]]:
        description = self._node.get("description")
        if self._docs.get("relation") and description:
            yield f"TABLE {table}", description
        for name in names if self._docs.get("columns") else ():
            if name in self._columns:
                description = self._columns[name].get("description") or ""
                yield f"COLUMN {table}.{quote(name)}", description

    def _constraints(self, table: str, quote: Quote) -> Iterator[str]:
        if not self._has_contract:
            return
        of_columns = (
            ([name], constraint)
            for name, column in self._columns.items()
            for constraint in column.get("constraints") or ()
        )
        of_model = (
            (each.get("columns") or [], each) for each in self._node.get("constraints") or ()
        )
        for names, constraint in (*of_columns, *of_model):
            columns = ", ".join(map(quote, names))
            kind, expression = constraint.get("type"), constraint.get("expression") or ""
            if kind == "not_null":
                for name in names:
                    yield f"ALTER TABLE {table} ALTER COLUMN {quote(name)} SET NOT NULL"
            elif kind == "check":
                yield f"ALTER TABLE {table} ADD CHECK ({expression})"
            elif kind in ("primary_key", "unique"):
                yield f"ALTER TABLE {table} ADD {kind.replace('_', ' ').upper()} ({columns})"
            elif kind == "foreign_key" and expression:
                yield f"ALTER TABLE {table} ADD FOREIGN KEY ({columns}) {expression}"


def _index(table: str) -> Callable[[Mapping[str, Any]], str]:
    def statement(index: Mapping[str, Any]) -> str:
        unique = "UNIQUE " if index.get("unique") else ""
        using = f" USING {index['type']}" if index.get("type") else ""
        return f"CREATE {unique}INDEX ON {table}{using} ({', '.join(index['columns'])})"

    return statement


def revocation(dbms_name: str, table: str, privilege: str, grantee: str, quote: Quote) -> str:
    """The statement that takes a privilege from a grantee, as `grants_query` names it."""
    if dbms_name in MARIADB:
        name = "@".join(f"'{part}'" for part in grantee.rsplit("@", 1) if part)
    else:
        name = "PUBLIC" if grantee == "public" else quote(grantee)
    return f"REVOKE {privilege} ON {table} FROM {name}"


def _bare(grantee: str) -> str:
    return grantee.translate(_QUOTES).lower()


def _folded(sql_type: str) -> str:
    """The same for two spellings of a type."""
    return "".join(sql_type.lower().split())


def literal(text: str) -> str:
    """The text in PostgreSQL's SQL."""
    return "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def plain_literal(text: str) -> str:
    """The text where a backslash is nothing else."""
    return "'" + text.replace("'", "''") + "'"


def _hex_literal(text: str) -> str:
    """The text in MariaDB's SQL, where settings decide what a backslash is."""
    return f"_utf8mb4 0x{text.encode().hex()}" if text else "''"
