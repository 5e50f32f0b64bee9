# SPDX-License-Identifier: Apache-2.0
"""`FalDbt`: `aft.Project` with the arguments that fal's own class had."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from aft.errors import AftError
from aft.project import Project
from aft.project_nodes import DbtModel, DbtSource, DbtTest, Feature


class FalDbt(Project):
    """The tables of a dbt project, for a program written for fal."""

    def __init__(
        self,
        project_dir: str | os.PathLike[str] | None = None,
        profiles_dir: str | os.PathLike[str] | None = None,
        *,
        profile_target: str | None = None,
        args_vars: str | None = None,
        state: str | None = None,
        select: Sequence[str] = (),
        exclude: Sequence[str] = (),
        selector: str | None = None,
        threads: int | None = None,  # noqa: ARG002
        generated_models: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> None:
        """``threads`` and ``generated_models`` are for fal's own way to run dbt.

        Raises Error for what would change what is read or listed, and is not there.
        """
        if args_vars not in (None, "", "{}"):
            raise AftError(
                "FalDbt() has no args_vars: set the variables in dbt_project.yml, or bind the "
                "script and give them to dbt with --vars"
            )
        if state:
            raise AftError(
                "FalDbt() has no state: the project is read as its manifest in dbt's target "
                "folder says; name that folder in DBT_TARGET_PATH"
            )
        if select or exclude or selector:
            raise AftError(
                "FalDbt() has no select, exclude or selector: take from list_models() what "
                "you need"
            )
        folders = [os.path.expanduser(folder or "") for folder in (project_dir, profiles_dir)]
        super().__init__(folders[0] or ".", folders[1] or None, profile_target)

    @property
    def models(self) -> list[DbtModel]:
        """What `list_models()` gives."""
        return self.list_models()

    @property
    def sources(self) -> list[DbtSource]:
        """What `list_sources()` gives."""
        return self.list_sources()

    @property
    def tests(self) -> list[DbtTest]:
        """What `list_tests()` gives."""
        return self.list_tests()

    @property
    def features(self) -> list[Feature]:
        """What `list_features()` gives."""
        return self.list_features()

    def ref(  # type: ignore[override]
        self, target_1: str, target_2: str | None = None, **options: Any
    ) -> Any:
        """The rows of a model: its name, or the names of a package and of a model of it."""
        return super().ref(*filter(None, (target_1, target_2)), **options)

    def source(  # type: ignore[override]
        self, target_source_name: str, target_table_name: str, **options: Any
    ) -> Any:
        """The rows of a source's table."""
        return super().source(target_source_name, target_table_name, **options)

    def write_to_model(  # type: ignore[override]
        self, data: Any, target_1: str, target_2: str | None = None, **options: Any
    ) -> None:
        """Write to a model: its name, or the names of a package and of a model of it."""
        model = f"{target_1}.{target_2}" if target_2 else target_1
        super().write_to_model(data, model, **options)

    def write_to_source(  # type: ignore[override]
        self, data: Any, target_source_name: str, target_table_name: str, **options: Any
    ) -> None:
        """Append to a source's table, or write to it as the options say."""
        super().write_to_source(data, target_source_name, target_table_name, **options)
