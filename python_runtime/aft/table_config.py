# SPDX-License-Identifier: Apache-2.0
"""What dbt's configuration asks of a model's table: contract, grants, indexes, comments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from aft.errors import AftError

Quote = Callable[[str], str]


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

    def column_types(self) -> dict[str, str]:
        """The types that the contract declares, by columns; empty without one."""
        if not self._has_contract:
            return {}
        return {
            name: str(column["data_type"])
            for name, column in self._columns.items()
            if column.get("data_type")
        }

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

    def grants_query(self, dbms_name: str, table: str) -> str | None:
        """What tells the privileges on a table that this role has granted, and to whom.

        None where none of them is to be revoked.
        """
        if dbms_name != "PostgreSQL" or not self._grants:
            return None
        return (
            "SELECT lower(a.privilege_type), coalesce(r.rolname, 'public') FROM pg_class c, "
            "aclexplode(c.relacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee WHERE c.oid = "
            f"to_regclass({_literal(table)}) AND pg_get_userbyid(a.grantor) = current_user "
            "AND a.grantee <> a.grantor ORDER BY 1, 2"
        )

    def revoked(
        self, table: str, granted: Iterable[tuple[str, str]], quote: Quote
    ) -> list[str]:
        """Statements that revoke what dbt's configuration does not grant, as dbt does."""
        wanted = {
            (privilege.lower(), name.strip('"').lower())
            for privilege, grantees in self._grants.items()
            for name in ([grantees] if isinstance(grantees, str) else grantees)
        }
        return [
            f"REVOKE {privilege} ON {table} FROM {'PUBLIC' if to == 'public' else quote(to)}"
            for privilege, to in granted
            if (privilege, to.lower()) not in wanted
        ]

    def statements(
        self, dbms_name: str, table: str, names: Iterable[str], quote: Quote
    ) -> tuple[list[str], list[str]]:
        """Statements for a new table, and for any whose rows were overwritten."""
        if dbms_name == "PostgreSQL":
            new = [*self._constraints(table, quote), *map(_index(table), self._indexes)]
            comments = [*self._comment(table), *self._column_comments(table, names, quote)]
            return new, [*self._granted(table), *comments]
        if dbms_name in ("MariaDB", "MySQL"):
            return [], list(self._granted(table))
        return [], []

    def _granted(self, table: str) -> Iterator[str]:
        for privilege, grantees in self._grants.items():
            names = [grantees] if isinstance(grantees, str) else grantees
            if names:
                yield f"GRANT {privilege} ON {table} TO {', '.join(names)}"

    def _comment(self, table: str) -> Iterator[str]:
        description = self._node.get("description")
        if self._docs.get("relation") and description:
            yield f"COMMENT ON TABLE {table} IS {_literal(description)}"

    def _column_comments(
        self, table: str, names: Iterable[str], quote: Quote
    ) -> Iterator[str]:
        for name in names if self._docs.get("columns") else ():
            description = (self._columns.get(name) or {}).get("description")
            if description:
                column = f"{table}.{quote(name)}"
                yield f"COMMENT ON COLUMN {column} IS {_literal(description)}"

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


def _literal(text: str) -> str:
    return "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
