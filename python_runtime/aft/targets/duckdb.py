# SPDX-License-Identifier: Apache-2.0
"""DuckDB without ODBC, with what dbt-duckdb 1.8 to 1.11 takes from a profile."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aft import messages
from aft.errors import NoConnection
from aft.parameters import Abilities
from aft.profile import Target
from aft.table_config import plain_literal
from aft.targets.driver import Facts

# They import pyarrow, which a worker host does when it has said that it is there.
if TYPE_CHECKING:
    from aft.transports.duckdb_lent import LentSettings
    from aft.transports.duckdb_settings import DuckdbSettings

MEMORY = ":memory:"  # Where dbt-duckdb keeps a database that has no path.
TYPES = frozenset({"duckdb"})
FACTS = Facts(
    dbms_name="DuckDB",
    # A fork has none of the module's threads.
    bears_forks_in_writes=False,
    admits_one_process=True,
    abilities=Abilities(nul_in_text=True),
    undivided="DuckDB's own threads share the work",
)
_ABSENT = "dbt makes it when it builds the first seed or model, as by 'dbt seed'"
# md:, ducklake:, https: and the like.
_SCHEME = re.compile(r"[A-Za-z]\w+:")
# What aft does not do in a session of its own.
_LEFT_OUT = ("secrets", "use_credential_provider", "filesystems", "plugins")


def settings_of(target: Target) -> DuckdbSettings | LentSettings:
    """A session that dbt lends, or one as dbt-duckdb would make. Raises NoConnection."""
    from aft.transports.duckdb_lent import LentSettings
    from aft.transports.duckdb_settings import DuckdbSettings

    if target.lender is not None and target.lender.exists():
        return LentSettings(target.lender)
    path = str(target.credentials.get("path") or MEMORY)
    if path.startswith(MEMORY):
        raise NoConnection(
            f"cannot reach the data of target '{target.name}': a DuckDB database in memory "
            "belongs to one process, which is dbt's own, so that only scripts of a live run "
            "can use it; give it a path, or run dbt 1.8 or later live"
        )
    if _SCHEME.match(path):
        raise NoConnection(
            f"cannot reach the data of target '{target.name}': its path is no file; scripts "
            "of a live run can use it, because dbt lends them its own connection"
        )
    left_out = [name for name in _LEFT_OUT if target.credentials.get(name)]
    if left_out:
        messages.warn(
            f"scripts open '{path}' without what target '{target.name}' has as "
            f"{', '.join(left_out)}"
        )
    return DuckdbSettings(
        target.project_dir / Path(path).expanduser(),
        target.credentials.get("config_options") or {},
        tuple(_statements(target)),
        _ABSENT,
    )


def _statements(target: Target) -> Iterator[str]:
    from aft.transports.duckdb_statement import UTC

    credentials = target.credentials
    for extension in credentials.get("extensions") or ():
        given = extension if isinstance(extension, Mapping) else {"name": extension}
        name, source = given["name"], given.get("repo")
        yield f"INSTALL {name}" + (f" FROM {source}" if source else "")
        yield f"LOAD {name}"
    for entry in credentials.get("attach") or ():
        yield _attach(entry, target)
    for name, value in (credentials.get("settings") or {}).items():
        yield f"SET {name} = {_literal(value)}"
    yield UTC


def _attach(entry: Mapping[str, Any], target: Target) -> str:
    path = str(entry["path"])
    if not _SCHEME.match(path):
        path = str(target.project_dir / Path(path).expanduser())
    options = []
    if entry.get("type"):
        options.append(f"TYPE {entry['type']}")
    if entry.get("secret"):
        options.append(f"SECRET {entry['secret']}")
    if entry.get("read_only"):
        options.append("READ_ONLY")
    for name, value in (entry.get("options") or {}).items():
        options.append(f"{name.upper()} {_literal(value)}")
    alias = f' AS "{entry["alias"]}"' if entry.get("alias") else ""
    more = f" ({', '.join(options)})" if options else ""
    return f"ATTACH IF NOT EXISTS {_literal(path)}{alias}{more}"


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    return plain_literal(str(value))
