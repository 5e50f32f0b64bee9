# SPDX-License-Identifier: Apache-2.0
"""A dbt project's tables without a run: in a notebook, a test or any other program."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from aft import standalone
from aft.errors import AftError
from aft.manifest import Manifest
from aft.profile import Setup, find_profiles, read_target, target_folder
from aft.project_nodes import DbtModel, DbtSource, DbtTest, Feature, ProjectNodes
from aft.requirements import require
from aft.secrets import know
from aft.sql_jinja import SqlRenderer
from aft.tables import Tables
from aft.warehouse import Warehouse
from aft.write_options import Key, WriteOptions


class Project:
    """The tables of a dbt project on one of its targets; for any thread.

    ::

        shop = aft.Project("shop")
        orders = shop.ref("orders", where="amount > 100")
        shop.write_to_model(orders, "large_orders")

    dbt's manifest says where the tables are, so dbt has to have run, or `dbt parse`, with
    the same target. Nothing waits for dbt: each table is read as it is now.
    """

    def __init__(
        self,
        project_dir: str | os.PathLike[str] = ".",
        profiles_dir: str | os.PathLike[str] | None = None,
        target: str | None = None,
    ) -> None:
        """``profiles_dir`` and ``target`` are found as dbt finds them unless given.

        Raises Error that names the file or key when something is missing.
        """
        require("jinja2", "yaml")
        folder = Path(project_dir).absolute()
        if not (folder / "dbt_project.yml").is_file():
            raise AftError(f"there is no dbt_project.yml in '{folder}'")
        target_path = target_folder(folder)
        setup = Setup(
            project_dir=folder,
            scripts_dir=folder,
            profiles_dir=find_profiles(profiles_dir, folder),
            target_path=target_path,
            run_dir=target_path,
            target=target or os.environ.get("DBT_TARGET"),
            profiles_places="profiles.yml is looked for in the folder that 'profiles_dir=' or "
            "DBT_PROFILES_DIR names, else in the working folder, the project's or ~/.dbt",
        )
        self._target = read_target(setup)
        know(self._target.secrets())
        standalone.prepare()
        manifest = _manifest(target_path, folder)
        if not self._target.is_default:
            _check_target(manifest, self._target.name, self._target.schema or "", folder)
        self._nodes = ProjectNodes(manifest, target_path)
        self._tables = Tables(
            Warehouse(self._target),
            manifest,
            choices=self._target.choices,
            renderer=SqlRenderer(setup, self._target),
        )

    def ref(
        self,
        *names: str,
        v: object = None,
        version: object = None,
        frame: str = "pandas",
        columns: Iterable[str] | None = None,
        where: str | None = None,
        limit: int | None = None,
        decimals: str | None = None,
        dates: str | None = None,
        infinite_dates: str | None = None,
        partitions: int = 1,
    ) -> Any:
        """The rows of a model, seed or snapshot. Takes what `aft.ref` takes."""
        return self._tables.ref(
            names,
            v if version is None else version,
            frame=frame,
            columns=columns,
            where=where,
            limit=limit,
            decimals=decimals,
            dates=dates,
            infinite_dates=infinite_dates,
            partitions=partitions,
        )

    def source(
        self,
        source_name: str,
        table_name: str,
        *,
        frame: str = "pandas",
        columns: Iterable[str] | None = None,
        where: str | None = None,
        limit: int | None = None,
        decimals: str | None = None,
        dates: str | None = None,
        infinite_dates: str | None = None,
        partitions: int = 1,
    ) -> Any:
        """The rows of a source's table. Takes what `aft.source` takes."""
        return self._tables.source(
            source_name,
            table_name,
            frame=frame,
            columns=columns,
            where=where,
            limit=limit,
            decimals=decimals,
            dates=dates,
            infinite_dates=infinite_dates,
            partitions=partitions,
        )

    def read_sql(
        self,
        sql: str,
        frame: str = "pandas",
        *,
        parameters: Iterable[Any] | None = None,
        decimals: str | None = None,
        dates: str | None = None,
        infinite_dates: str | None = None,
    ) -> Any:
        """The rows of a query. Takes what `aft.read_sql` takes."""
        return self._tables.read_sql(
            sql,
            parameters,
            frame=frame,
            decimals=decimals,
            dates=dates,
            infinite_dates=infinite_dates,
        )

    def execute_sql(
        self,
        sql: str,
        *,
        frame: str = "pandas",
        decimals: str | None = None,
        dates: str | None = None,
        infinite_dates: str | None = None,
    ) -> Any:
        """Run a statement with Jinja; its rows. Takes what `aft.execute_sql` takes."""
        return self._tables.execute_sql(
            sql, frame=frame, decimals=decimals, dates=dates, infinite_dates=infinite_dates
        )

    def write_to_model(
        self,
        frame: Any,
        model: str,
        *,
        mode: str = "overwrite",
        unique_key: Key = None,
        on_schema_change: str | None = None,
        dtype: Any = None,
    ) -> None:
        """Write a frame to the table of a model. See `aft.write_to_model`."""
        options = WriteOptions(mode, dtype, unique_key, on_schema_change)
        self._tables.write(frame, model, options)

    def write_to_source(
        self,
        frame: Any,
        source_name: str,
        table_name: str,
        *,
        mode: str = "append",
        unique_key: Key = None,
        on_schema_change: str | None = None,
        dtype: Any = None,
    ) -> None:
        """Write a frame to the table of a source. See `aft.write_to_source`."""
        options = WriteOptions(mode, dtype, unique_key, on_schema_change)
        self._tables.write_source(frame, source_name, table_name, options)

    def list_models(self) -> list[DbtModel]:
        """The models, with the status of dbt's last run."""
        return self._nodes.models()

    def list_models_ids(self) -> dict[str, str]:
        """The statuses of the models by their unique ids."""
        return {model.unique_id: model.status for model in self._nodes.models()}

    def list_sources(self) -> list[DbtSource]:
        """The tables of sources, with the status of their last check."""
        return self._nodes.sources()

    def list_tests(self) -> list[DbtTest]:
        """The tests, with the status of their last run."""
        return self._nodes.tests()

    def list_features(self) -> list[Feature]:
        """The columns of models with ``meta: fal: feature_store``."""
        return self._nodes.features()

    def close(self) -> None:
        """Close the connections. A further use opens new ones."""
        self._tables.warehouse.close()

    def __enter__(self) -> Project:
        """Use the project in a `with` statement, which closes it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.close()


def _manifest(target_path: Path, folder: Path) -> Manifest:
    path = target_path / "manifest.json"
    try:
        return Manifest.load(path)
    except (OSError, ValueError, KeyError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no manifest of dbt"
        raise AftError(
            f"cannot read '{path}': {reason}; run 'dbt parse' in '{folder}'"
        ) from None


def _check_target(manifest: Manifest, name: str, schema: str, folder: Path) -> None:
    """Refuse a manifest that was made for another target: its tables are elsewhere."""
    schemas = {
        str(node.get("schema"))
        for node in manifest.nodes.values()
        if node["resource_type"] == "model"
    }
    if schemas and not any(each.lower().startswith(schema.lower()) for each in schemas):
        raise AftError(
            f"dbt's manifest was made for another target than '{name}': no model of it is in "
            f"schema '{schema}'; run 'dbt parse --target {name}' in '{folder}'"
        )
